"""Readers: the logs of training runs as histories, one module for each format in this folder.

A module is a reader if it has `recognise(document) -> float`, how sure it is in 0..1 by the
content, and `parse(document, aliases) -> list[History]`, the runs in the order of the file. One of
no format in particular says with `MOST` how sure it is at most: it is not asked where another one
is surer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from os import PathLike
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from traindx.mlp.history import History
from traindx.mlp.readers import aim
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document, ReadError, opened
from traindx.mlp.readers.folder import joined, marks, sources, told_apart
from traindx.mlp.readers.objects import document_of

__all__ = ["ReadError", "marks", "read", "read_all", "sources"]


UNFIT = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What code meets in values of another shape than its format promises."""


class Reader(Protocol):
    """A module of this folder that reads a format."""

    __name__: str

    def recognise(self, document: Document) -> float: ...

    def parse(self, document: Document, aliases: Aliases) -> list[History]: ...


def read(source: Any, *, aliases: Mapping[str, str] | None = None) -> History:
    """The history of a run.

    `source` is the path of a log (csv, tsv, json, json lines, text or TensorBoard events, packed
    with gzip, bz2, xz, zip or not), of a folder, `-` for standard input, or an object: a dict of
    lists, `{split: {metric: list}}`, a list of dicts, a Keras History, an HF Trainer or its state,
    a fitted scikit-learn estimator, a booster's `evals_result`, a data frame, a list of losses, a
    tuple (train losses, validation losses), an open file. Of several runs the last one is
    returned; `notes` says so, and what else is doubtful.

    `aliases` says what columns mean: `{"train/total_loss": "loss@train", "it": "step"}`; `""`
    leaves a column out. What a missing value is, `traindx.mlp.readers.named` says.

    Raises `ReadError` (a `ValueError`) if the source cannot be read or has no loss and no metric.
    """
    if isinstance(source, History):
        return source
    runs = _runs(source, aliases or {}, alone=True)
    if len(runs) == 1:
        return runs[0]
    return replace(runs[-1], notes=(*runs[-1].notes, _told(runs)))


def _told(runs: Sequence[History]) -> str:
    """That there are further runs, and what the last of them were."""
    others = [_in_short(run) for run in runs[:-1]]
    more = f"{len(others) - 3} more, " if len(others) > 3 else ""
    return f"{len(runs)} runs in one source; this is the last, after {more}{'; '.join(others[-3:])}"


def _in_short(run: History) -> str:
    name, series = max(run.series.items(), key=lambda item: (item[0][0] == "loss", len(item[1])))
    ends = f"{series.values[0]:.4g} to {series.values[-1]:.4g}"
    return f"one of {len(series)} points ({name[0].replace('_', ' ')} {ends})"


def read_all(source: Any) -> list[History]:
    """Every run: of a file with several, or of each log below a directory by order of the paths.

    Raises `ReadError` if there is none.
    """
    return [source] if isinstance(source, History) else _runs(source, {})


def _is_path(source: object) -> bool:
    return isinstance(source, str | PathLike)


def _runs(source: Any, aliases: Aliases, alone: bool = False) -> list[History]:
    """The runs of a source; of a folder that is the record of a run, if wanted, this one alone."""
    if not _is_path(source):
        return _parsed(_taken(source), aliases)
    try:
        directory = Path(source).is_dir()
    except (OSError, ValueError) as error:
        raise ReadError(f"{source!r}: not a path ({error}); give the path of a log") from None
    if not directory:
        return _parsed(_opened(Path(source)), aliases)
    document = _joined(Path(source)) if alone else None
    return _parsed(document, aliases) if document else _within(Path(source), aliases)


def _joined(folder: Path) -> Document | None:
    with _or_unfit(lambda error: f"{folder}: damaged ({error}); give one of its files"):
        return joined(folder)


def _taken(source: Any) -> Document:
    with _or_unfit(lambda error: f"<{type(source).__name__}>: {error}; give a dict of lists"):
        return document_of(source)


@contextmanager
def _or_unfit(said: Callable[[str], str]) -> Iterator[None]:
    """A ReadError that says so where values are of another shape than expected."""
    try:
        yield
    except ReadError:
        raise
    except UNFIT as error:
        raise ReadError(said(repr(error))) from error


def _opened(path: Path) -> Document:
    try:
        return opened(path)
    except ValueError as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{str(path)!r}: not a path ({error}); give the path of a log") from None


def _within(folder: Path, aliases: Aliases) -> list[History]:
    """The runs below a folder; what is no log is passed over."""
    runs: list[History] = []
    stores = []
    for path in sources(folder):
        stores += [path] if aim.is_store(path) else []
        try:
            runs += _parsed((_joined(path) if path.is_dir() else None) or _opened(path), aliases)
        except ReadError:
            continue
    if stores and not runs:
        raise ReadError(f"{stores[0].parent}: {aim.EXPORT}")
    if not runs:
        raise ReadError(f"{folder}: no log in this directory; give the path of one")
    return told_apart(runs)


def _parsed(document: Document, aliases: Aliases) -> list[History]:
    reader = _recognised(document)
    if reader is None:
        raise ReadError(f"{document.name}: {_unreadable(document)}")
    kind = reader.__name__.rpartition(".")[2].replace("_", " ")
    with _or_unfit(
        lambda error: (
            f"{document.name}: damaged, or no {kind} file though it looks like one ({error}); "
            "give the file as it was written, or the series as a dict of lists"
        )
    ):
        runs = reader.parse(document, aliases)
    if not runs:
        raise ReadError(f"{document.name}: no run in it; give the whole log")
    return runs


def _recognised(document: Document) -> Reader | None:
    """The reader that is surest of a document, if any is; of equally sure ones the first."""
    surest, best = None, 0.0
    for reader in _readers():
        if _most(reader) > best and (sure := reader.recognise(document)) > best:
            surest, best = reader, sure
    return surest


def _most(reader: Reader) -> float:
    return float(getattr(reader, "MOST", 1.0))


def _unreadable(document: Document) -> str:
    known = "csv, tsv, json, json lines, text and TensorBoard event files are read"
    if document.given is None and not document.text:
        return f"a binary file of unknown format; {known}"
    if document.given is not None:
        return "no losses in it; give a dict of lists, a list of dicts, a data frame or a path"
    return f"no table, no JSON and no lines with a loss; {known}"


@cache
def _readers() -> tuple[Reader, ...]:
    """The modules of this folder that read a format, those that can be surest first."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    readers = (cast(Reader, module) for module in modules if hasattr(module, "recognise"))
    return tuple(sorted(readers, key=_most, reverse=True))
