"""Tables whose split is in the name of their file (`train.csv`, `valid.csv`), as Catalyst has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from traindx.mlp.history import History
from traindx.mlp.readers import csv_table
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Column, Sheet
from traindx.mlp.readers.document import Document, opened
from traindx.mlp.readers.names import is_ignored, is_place, meaning, split_alone, words
from traindx.mlp.readers.side_by_side import Row, laid, rows_of

MOST = csv_table.MOST + 0.01
SUFFIXES = (".csv", ".tsv")
TOLD = frozenset({"loss", "accuracy"})
APART = 10
"""How many times farther the steps of training go than those of what counts its own."""


def recognise(document: Document) -> float:
    """A little surer than of any table, if the file and not its columns are named for a split."""
    path = Path(document.name)
    if path.suffix not in SUFFIXES or not split_alone(path.stem):
        return 0.0
    sure = csv_table.recognise(document)
    return sure + 0.01 if sure and _is_open(_titles(document.text)) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    sheet, path = csv_table.table(document), Path(document.name)
    split = split_alone(path.stem)
    names = {title: f"{split}/{title}" for title in sheet.columns if _is_measured(title)}
    note = f"taken for measured on {split} data, for the file is called '{path.name}'"
    return histories(replace(sheet, names=names, notes=(*sheet.notes, note)), document, aliases)


def files(folder: Path, inside: Sequence[Path]) -> list[Path]:
    """The table of training and those of other splits that go with it; none if there are none."""
    tables = {path: split_alone(path.stem) for path in inside if path.suffix in SUFFIXES}
    named = {path: split for path, split in tables.items() if split and path.is_file()}
    if "train" not in named.values() or len({*named.values()}) != len(named) or len(named) < 2:
        return []
    titles = [_titles(_head(path)) for path in named]
    axis = next((title for title in titles[0] if is_place(title)), None)
    shared = set.intersection(*map(set, titles))
    fit = axis in shared and any(_is_told(title) for title in shared)
    return [*named] if fit and all(map(_is_open, titles)) else []


def rows(folder: Path, inside: Sequence[Path]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of the run by their steps, and what is doubtful about it."""
    tables = {path: csv_table.table(opened(path)) for path in files(folder, inside)}
    names = ", ".join(path.name for path in tables)
    notes = [f"one run in several files, each named for its split: {names}"]
    trained = next(sheet for path, sheet in tables.items() if split_alone(path.stem) == "train")
    placed = {path: _placed(path.name, sheet, trained, notes) for path, sheet in tables.items()}
    found = laid(rows_of(sheet, f"{split_alone(path.stem)}/") for path, sheet in placed.items())
    return found, tuple(notes)


def summaries(inside: Iterable[Path]) -> Iterator[Path]:
    yield from ()


def _placed(name: str, sheet: Sheet, trained: Sheet, notes: list[str]) -> Sheet:
    """The table; if its steps are counted by themselves, evenly along those of training."""
    axis = next((title for title in sheet.columns if is_place(title)), None)
    if axis is None or axis not in trained.columns or sheet is trained:
        return sheet
    steps, along = sheet.columns[axis].values, trained.columns[axis].values
    counted = len(steps) > 1 and bool(np.all(np.diff(steps) == 1) and steps[0] in (0, 1))
    if not counted or not np.isfinite(along).all() or steps[-1] * APART > along.max():
        return sheet
    notes.append(
        f"{name}: its '{axis}' counts the evaluations, not what it counts in training; "
        "they were laid evenly along that"
    )
    places = np.linspace(along.min(), along.max(), len(steps) + 1)[1:]
    moved = Column(places, np.ones(len(places), dtype=bool))
    return replace(sheet, columns={**_without_places(sheet.columns), axis: moved})


def _without_places(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {title: column for title, column in columns.items() if not is_place(title)}


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(20_000).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _titles(head: str) -> list[str]:
    """What stands in the first line of a table."""
    line = head.lstrip().split("\n", 1)[0]
    mark = max("\t,;", key=line.count)
    return [cell.strip(' "\r') for cell in line.split(mark)]


def _is_open(titles: Iterable[str]) -> bool:
    """Whether the columns have a loss or an accuracy among them, and none names a split."""
    told = [title for title in titles if not is_place(title)]
    return any(map(_is_told, told)) and not any(words(title).split for title in told)


def _is_told(title: str) -> bool:
    found = meaning(title)
    return found is not None and found.quantity in TOLD


def _is_measured(title: str) -> bool:
    return not is_place(title) and not is_ignored(title) and meaning(title) is not None
