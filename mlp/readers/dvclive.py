"""DVCLive: a file for each metric (`plots/metrics/train/loss.tsv`), with its steps.

Beside them, `metrics.json` has the last values. Older versions write to `scalars`, the oldest to
the folder itself. A file alone takes its split from the name of its folder.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document, ReadError, opened
from traindx.mlp.readers.names import UNSPLIT, is_ignored, is_place, meaning, split_alone, words
from traindx.mlp.readers.side_by_side import Place, Row, laid, rows_of

BELOW = ("plots/metrics", "scalars")
SUMMARIES = ("metrics.json", "dvclive.json")
SYSTEM = "system"
"""The folder with what is measured of the machine."""
AXES = frozenset({"timestamp", "step"})
LARGEST = 2**20
"""Bytes of a summary at most."""
DEPTH = 8


def recognise(document: Document) -> float:
    path = Path(document.name)
    if path.name in SUMMARIES and isinstance(document.data, Mapping):
        return 0.9 if "step" in document.data and _is_of_numbers(document.data) else 0.0
    return 0.95 if document.text and _is_of(path.stem, document.text[:1000]) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The run with the one metric of a file, whose split its folder's name may say."""
    if document.data is not None:
        raise ReadError(
            f"{document.name}: the last values of a run, not its history; give the folder it is in"
        )
    sheet = table(document)
    folder = Path(document.name).absolute().parent.name
    split = split_alone(folder)
    open_ = [title for title in sheet.columns if split and _is_open(title)]
    names = {title: f"{split}/{title}" for title in open_}
    note = f"taken for that of {split} data, as its folder is called '{folder}'"
    notes = tuple(f"'{title}' was {note}" for title in open_)
    return histories(replace(sheet, names=names, notes=sheet.notes + notes), document, aliases)


def files(folder: Path, inside: Sequence[Path]) -> list[Path]:
    """The metric files of the run that a folder is; none if it is not one."""
    root = _root(folder)
    if root != folder or folder.absolute().as_posix().endswith(BELOW):
        return [path for path in sorted(root.rglob("*.tsv")) if _is_metric(path)]
    own = [path for path in inside if _is_metric(path)]
    for path in inside:
        if split_alone(path.name) and path.is_dir():
            own += [file for file in sorted(path.glob("*.tsv")) if _is_metric(file)]
    return own if len(own) > 1 else []


def rows(folder: Path, inside: Sequence[Path]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of the run by their steps, and what is doubtful about it."""
    root = _root(folder)
    split = split_alone(folder.absolute().name) if root == folder else ""
    named = ((path, path.parent.relative_to(root).as_posix()) for path in files(folder, inside))
    measured = [(path, below) for path, below in named if below.split("/")[0] != SYSTEM]
    own = [path.stem for path, below in measured if split and below == "." and _is_open(path.stem)]
    found = laid(
        _rows(path, f"{split}/" if path.stem in own and below == "." else _prefix(below))
        for path, below in measured
    )
    note = f"taken for those of {split} data, as the folder is called so: {', '.join(own)}"
    return found, (note,) if own else ()


def summaries(inside: Iterable[Path]) -> Iterator[Path]:
    """The files with the last values of a run."""
    yield from (path for path in inside if path.name in SUMMARIES and _is_summary(path))


def _root(folder: Path) -> Path:
    """The folder below which the metrics of a run lie."""
    return next((folder / name for name in BELOW if (folder / name).is_dir()), folder)


def _prefix(below: str) -> str:
    return "" if below == "." else f"{below}/"


def _is_open(title: str) -> bool:
    """Whether it is measured on some data, and its name does not say on which."""
    found = meaning(title)
    whole = found is not None and found.quantity in UNSPLIT
    return not (whole or is_place(title) or is_ignored(title) or words(title).split)


def _rows(path: Path, prefix: str) -> Iterator[tuple[Place, Row]]:
    yield from rows_of(table(opened(path)), prefix)


def _is_metric(path: Path) -> bool:
    if path.suffix != ".tsv" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(1000).decode("utf-8", "replace")
    except OSError:
        return False
    return _is_of(path.stem, head)


def _is_of(stem: str, head: str) -> bool:
    """Whether a table has steps and the one column that its file is named for."""
    *axes, name = head.split("\n", 1)[0].strip().split("\t")
    return {"step"} <= {*axes} <= AXES and name.rpartition("/")[2] == stem


def _is_summary(path: Path) -> bool:
    try:
        document = opened(path) if path.stat().st_size < LARGEST else None
    except (OSError, ReadError):
        return False
    data = document.data if document else None
    return isinstance(data, Mapping) and _is_of_numbers(data)


def _is_of_numbers(data: Mapping[str, Any], depth: int = DEPTH) -> bool:
    """Whether there is nothing but single values in it, in mappings or not."""
    plain = (value for value in data.values() if not isinstance(value, int | float | str))
    return all(isinstance(v, Mapping) and depth and _is_of_numbers(v, depth - 1) for v in plain)
