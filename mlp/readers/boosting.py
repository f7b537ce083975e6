"""XGBoost and LightGBM: `{"train": {"logloss": [...]}, "valid": {...}}`, whatever the measure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import sheet
from traindx.mlp.readers.document import Document, is_numbers
from traindx.mlp.readers.names import words


def recognise(document: Document) -> float:
    data = document.data
    if not isinstance(data, Mapping) or not data:
        return 0.0
    sets = [m for m in data.values() if isinstance(m, Mapping)]
    nested = len(sets) == len(data) and all(m and all(map(is_numbers, m.values())) for m in sets)
    return 0.6 if nested and all(words(str(name)).split for name in data) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """XGBoost numbers its sets; the first of several is the training data by custom."""
    data: Mapping[str, Mapping[str, Any]] = document.data
    splits, notes = _splits(list(map(str, data)))
    columns = dict(_columns(data, splits))
    names = {title: f"metric@val/{title}" for title in columns if "/" in title.partition("/")[2]}
    return histories(sheet(columns, names=names, notes=notes), document, aliases)


def _splits(sets: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    splits = [words(name).split for name in sets]
    if len(sets) > 1 and "train" not in splits and sets[0].endswith("_0"):
        note = f"'{sets[0]}' was taken for the training data, '{sets[1]}' for the validation data"
        return ["train", *splits[1:]], (note,)
    return splits, ()


def _columns(
    data: Mapping[str, Mapping[str, Any]], splits: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for (name, measures), split in zip(data.items(), splits, strict=True):
        prefix = f"val/{name}" if split in seen else split
        seen.add(split)
        yield from ((f"{prefix}/{measure}", values) for measure, values in measures.items())
