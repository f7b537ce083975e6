"""XGBoost and LightGBM: `{"train": {"logloss": [...]}, "valid": {...}}`, whatever the measure."""

from collections.abc import Mapping, Sequence
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet, sheet
from traindx.mlp.readers.document import Document, is_numbers
from traindx.mlp.readers.names import words

FIRST = "validation_0"
"""XGBoost's name for the first of several sets of which none was given one."""
FURTHER = "val/set/"
"""Before the name of a validation set that is not the first."""


def recognise(document: Document) -> float:
    data = document.data
    if not isinstance(data, Mapping) or not data:
        return 0.0
    sets = [m for m in data.values() if isinstance(m, Mapping)]
    nested = len(sets) == len(data) and all(m and all(map(is_numbers, m.values())) for m in sets)
    return 0.6 if nested and all(words(str(name)).split for name in data) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    data: Mapping[str, Mapping[str, Any]] = document.data
    columns = {(str(s), str(m)): values for s, of in data.items() for m, values in of.items()}
    return histories(of_sets(columns), document, aliases)


def of_sets(columns: Mapping[tuple[str, str], Sequence[Any]], **more: Sequence[Any]) -> Sheet:
    """The measures by data set and name as a sheet; no two sets are one split."""
    prefixes, notes = _prefixes(list(dict.fromkeys(name for name, _ in columns)))
    cells = {f"{prefixes[name]}/{measure}": values for (name, measure), values in columns.items()}
    names = {title: f"metric@{title}" for title in cells if title.startswith(FURTHER)}
    return sheet({**more, **cells}, names=names, notes=notes)


def _prefixes(sets: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What stands before the measures of each set, and what is doubtful about it."""
    splits = {name: words(name).split or "val" for name in sets}
    notes: tuple[str, ...] = ()
    if FIRST in splits and len(sets) > 1 and "train" not in splits.values():
        splits[FIRST] = "train"
        other = next(name for name in sets if name != FIRST)
        notes = (f"'{FIRST}' was taken for the training data, '{other}' for the validation data",)
    firsts = {split: name for name, split in reversed(splits.items())}
    further = [name for name, split in splits.items() if firsts[split] != name]
    if further:
        notes += (f"further data sets are metrics only: {', '.join(map(repr, further))}",)
    return {n: FURTHER + n if n in further else split for n, split in splits.items()}, notes
