"""AllenNLP: a file for each epoch (`metrics_epoch_3.json`) in the folder of a run."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.columns import number
from traindx.mlp.readers.document import Document, ReadError, opened
from traindx.mlp.readers.side_by_side import Row

EPOCH = re.compile(r"metrics_epoch_(\d{1,9})\.json")
SUMMARY = "metrics.json"
OWN = frozenset({"training_epochs", "training_start_epoch", "training_duration", "best_epoch"})
LEFT_OUT = re.compile(r"best_.*|peak_.*|epoch|training_(?:start_)?epochs?|training_duration")


def recognise(document: Document) -> float:
    data = document.data
    return 0.9 if isinstance(data, Mapping) and len(OWN & data.keys()) > 1 else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    raise ReadError(
        f"{document.name}: what was measured in one epoch, not the history of a run; "
        "give the folder with the metrics_epoch_*.json of all"
    )


def files(folder: Path, inside: Sequence[Path]) -> list[Path]:
    """The files of the epochs in their order."""
    found = [(int(m[1]), path) for path in inside if (m := EPOCH.fullmatch(path.name))]
    return [path for _, path in sorted(found) if path.is_file()]


def rows(folder: Path, inside: Sequence[Path]) -> tuple[list[Row], tuple[str, ...]]:
    """A row for each epoch, and which of them cannot be read."""
    read = {path.name: _row(path) for path in files(folder, inside)}
    lost = ", ".join(name for name, row in read.items() if not row)
    note = f"damaged, and left out: {lost}"
    return [row for row in read.values() if row], (note,) if lost else ()


def summaries(inside: Iterable[Path]) -> Iterator[Path]:
    """The file with the last and the best values of a run."""
    yield from (path for path in inside if path.name == SUMMARY)


def _row(path: Path) -> Row:
    """The numbers of one epoch; nothing if the file is damaged."""
    try:
        data: Any = opened(path).data
    except ReadError:
        return {}
    if not isinstance(data, Mapping):
        return {}
    found = EPOCH.fullmatch(path.name)
    measured = {
        str(key): value
        for key, value in data.items()
        if number(value) is not None and not LEFT_OUT.fullmatch(str(key))
    }
    return {"epoch": int(found[1]), **measured} if found and measured else {}
