"""Folders: the logs below one, and the files that together are the record of one run.

Such are the event files of a TensorBoard folder with those of its splits ("train", "validation",
what `add_scalars` makes), the metric files of an MLflow run or of DVCLive, CatBoost's two error
files, AllenNLP's epochs, tables that are named for their splits, and the checkpoints of one run of
HF Trainer, of which the last has all that the others have.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from traindx.mlp.history import History, Name
from traindx.mlp.readers import aim, allennlp, dvclive, mlflow, split_tables, tensorboard
from traindx.mlp.readers.csv_table import rows_of as rows_of_table
from traindx.mlp.readers.document import Document, opened
from traindx.mlp.readers.names import words

CATBOOST = {"learn_error.tsv": "train", "test_error.tsv": "val"}
CHECKPOINT = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"
MEASURED = frozenset({"loss", "accuracy", "metric", "loss_component"})
Rows = list[dict[str, Any]]
Mark = tuple[Path, Name, int, str, str]
"""The folder of a run, and one of its series: its name, how long it is, its ends."""


class Kind(Protocol):
    """A module for runs that are a folder each: their files, their rows with what is doubtful."""

    def files(self, folder: Path, inside: Sequence[Path]) -> list[Path]: ...

    def rows(self, folder: Path, inside: Sequence[Path]) -> tuple[Rows, tuple[str, ...]]: ...

    def summaries(self, inside: Iterable[Path]) -> Iterator[Path]: ...


KINDS: tuple[Kind, ...] = (dvclive, allennlp)


def sources(folder: Path, taken: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """The files below a folder, and the folders that are the record of one run, by their names.

    What is `taken` belongs to a run that was named before.
    """
    if aim.is_store(folder):
        yield folder
        return
    inside = _inside(folder)
    own = {*_files(folder, inside)} - taken
    if own:
        yield folder
    taken = taken | own | {*_superseded(folder)} | {*_summaries(folder, inside)}
    yield from filter(aim.is_store, [folder / aim.FOLDER])
    for path in inside:
        if path.is_dir() and not path.is_symlink() and path not in taken:
            yield from sources(path, taken)
        elif path.is_file() and path not in taken:
            yield path


def joined(folder: Path) -> Document | None:
    """The record of the run whose files lie in a folder; None if they are not of one run."""
    inside = _inside(folder)
    if kind := _kind(folder, inside):
        found, notes = kind.rows(folder, inside)
        return Document(str(folder), given=found, damage=notes) if found else None
    parts = list(_parts(folder, inside))
    records = [_rows(path, prefix) for path, prefix in parts]
    rows = list(chain.from_iterable(records))
    if _are_columns(records):
        rows.sort(key=lambda row: float(next(iter(row.values()))))
    return Document(str(folder), given=rows) if rows else None


def told_apart(runs: Sequence[History]) -> list[History]:
    """The runs; of one that a folder has in several formats the record with most series."""
    kept: list[History] = []
    places: dict[Mark, int] = {}
    for run in runs:
        marked = [*marks(run)]
        like = {places[mark] for mark in marked if mark in places}
        place = next((i for i in sorted(like) if _is_twin(run, kept[i])), len(kept))
        if place < len(kept):
            kept[place] = _fuller(kept[place], run)
        else:
            kept.append(run)
        places.update(dict.fromkeys(marked, place))
    return kept


def marks(run: History) -> Iterator[Mark]:
    """What another record of the same run beside it would have too."""
    for name, series in run.series.items():
        if name[0] in MEASURED and len(series) > 2 and np.ptp(series.values) > 0:
            first, last = (f"{value:.5g}" for value in series.values[[0, -1]])
            yield _folder_of(Path(run.source)), name, len(series), first, last


def _fuller(*records: History) -> History:
    most, other = sorted(records, key=lambda history: -len(history.series))
    note = f"the same run is logged in {other.source} too; it was read once"
    return replace(most, notes=(*most.notes, note))


def _is_twin(run: History, other: History) -> bool:
    """Whether two records in two formats agree in all that both have."""
    if Path(run.source).suffix == Path(other.source).suffix:
        return False
    shared = [
        (series.values, other.series[name].values)
        for name, series in run.series.items()
        if name[0] in MEASURED and name in other.series
    ]
    told = [values for values, _ in shared if len(values) > 2 and np.ptp(values) > 0]
    return bool(told) and all(
        len(values) == len(others) and np.allclose(values, others, rtol=1e-5, equal_nan=True)
        for values, others in shared
    )


def _folder_of(source: Path) -> Path:
    return source if source.is_dir() else source.parent


def _are_columns(records: Iterable[Rows]) -> bool:
    """Whether each file has series of its own, so that they can be laid side by side."""
    seen = Counter(title for record in records for title in {*chain.from_iterable(record)})
    return sum(count > 1 for count in seen.values()) <= 1


def _inside(folder: Path) -> list[Path]:
    """What lies in a folder, by name, without what is hidden or may not be looked at."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _files(folder: Path, inside: Sequence[Path]) -> list[Path]:
    """The files of a run that is spread over a folder."""
    if kind := _kind(folder, inside):
        return kind.files(folder, inside)
    return [path for path, _ in _parts(folder, inside)]


def _kind(folder: Path, inside: Sequence[Path]) -> Kind | None:
    """What wrote the run that a folder is; None if it is none, or one of those in `_parts`."""
    found = next((kind for kind in KINDS if kind.files(folder, inside)), None)
    if found or any(_parts(folder, inside)):
        return found
    return split_tables if split_tables.files(folder, inside) else None


def _summaries(folder: Path, inside: Sequence[Path]) -> Iterator[Path]:
    """The files with the last values of the run that a folder is."""
    if kind := _kind(folder, inside):
        yield from kind.summaries(inside)


def _parts(folder: Path, inside: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The files of a run that is spread over a folder, and what to put before their names."""
    events = [path for path in inside if _is_event_file(path)]
    if folder.name == mlflow.FOLDER or (folder / mlflow.FOLDER).is_dir():
        yield from ((path, "") for path in _metrics(folder, inside))
    elif {path.name for path in inside} >= {*CATBOOST}:
        yield from ((folder / name, split) for name, split in CATBOOST.items())
    else:
        yield from ((path, "") for path in events)
        yield from _of_splits(inside, alone=not events)


def _is_event_file(path: Path) -> bool:
    return ".tfevents." in path.name and path.is_file()


def _of_splits(inside: Iterable[Path], alone: bool) -> Iterator[tuple[Path, str]]:
    """The event files of folders that are named for a split; if they are `alone`, for no more."""
    for path in inside:
        word = words(path.name)
        if path.is_dir() and word.split and not (alone and word.core not in ("", word.split)):
            yield from ((file, word.split) for file in _inside(path) if _is_event_file(file))


def _metrics(folder: Path, inside: Iterable[Path]) -> Iterator[Path]:
    """The files of MLflow below a folder of metrics."""
    below = inside if folder.name == mlflow.FOLDER else [folder / mlflow.FOLDER]
    for path in below:
        if path.is_dir():
            yield from (
                file for file in sorted(path.rglob("*")) if file.is_file() and _is_metric(file)
            )
        elif path.is_file() and _is_metric(path):
            yield path


def _is_metric(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(200).decode("utf-8", "replace")
    except OSError:
        return False
    return mlflow.LINE.match(head) is not None


def _rows(path: Path, prefix: str) -> Rows:
    document = opened(path)
    if path.name in CATBOOST:
        return rows_of_table(document, f"{prefix}/")
    if tensorboard.recognise(document):
        return tensorboard.rows_of(document.content, f"{prefix}/" if prefix else "")
    return list(mlflow.rows_of(document.text, mlflow.name_of(path)))


def _superseded(folder: Path) -> Iterator[Path]:
    """Folders of checkpoints whose log a later one or the folder itself has too."""
    numbered = {
        int(found[1]): path
        for path in _inside(folder)
        if (found := CHECKPOINT.fullmatch(path.name)) and (path / STATE).is_file()
    }
    last = None if (folder / STATE).is_file() else max(numbered, default=None)
    yield from (path for number, path in numbered.items() if number != last)
