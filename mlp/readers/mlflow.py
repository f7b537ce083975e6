"""MLflow's metric files (`mlruns/EXPERIMENT/RUN/metrics/NAME`): "time value step" in each line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

LINE = re.compile(r"^(\d{12,14}) (\S+)(?: (-?\d+))?\r?$", re.MULTILINE)
FOLDER = "metrics"


def recognise(document: Document) -> float:
    first = document.text[:200].split("\n", 1)[0]
    return 0.97 if LINE.match(first) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The run with the one metric that the file is named for."""
    rows = list(rows_of(document.text, name_of(Path(document.name))))
    if not rows:
        raise ReadError(f"{document.name}: no whole line of a metric; give the whole file")
    return histories(from_rows(rows), document, aliases)


def rows_of(text: str, name: str) -> Iterator[dict[str, Any]]:
    """A row for each line; older files have no steps."""
    for number, (_, value, step) in enumerate(LINE.findall(text)):
        yield {"step": int(step or number), name: value}


def name_of(path: Path) -> str:
    """What lies below the folder of metrics, or the name of the file."""
    parts = path.parts
    place = len(parts) - 1 - parts[::-1].index(FOLDER) if FOLDER in parts[:-1] else len(parts) - 2
    return "/".join(parts[place + 1 :])
