"""Readers: the logs of training runs as histories, one module for each format in this folder.

A module is a reader if it has `recognise(document) -> float`, how sure it is in 0..1 by the
content, and `parse(document, aliases) -> list[History]`, the runs in the order of the file.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from os import PathLike
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document, ReadError, opened
from traindx.mlp.readers.objects import document_of

__all__ = ["ReadError", "read", "read_all"]


UNFIT = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What code meets in values of another shape than its format promises."""


class Reader(Protocol):
    """A module of this folder that reads a format."""

    __name__: str

    def recognise(self, document: Document) -> float: ...

    def parse(self, document: Document, aliases: Aliases) -> list[History]: ...


def read(source: Any, *, aliases: Mapping[str, str] | None = None) -> History:
    """The history of a run.

    `source` is the path of a log (csv, tsv, json, json lines, text or TensorBoard events, gzipped
    or not) or an object: a dict of lists, `{split: {metric: list}}`, a list of dicts, a Keras
    History, an HF Trainer or its state, a fitted scikit-learn estimator, a data frame, a list of
    losses, a tuple (train losses, validation losses). Of several runs the last one is returned;
    `notes` says so, and what else is doubtful.

    `aliases` says what columns mean: `{"train/total_loss": "loss@train", "it": "step"}`; `""`
    leaves a column out. What a missing value is, `traindx.mlp.readers.assemble` says.

    Raises `ReadError` (a `ValueError`) if the source cannot be read or has no loss and no metric.
    """
    if isinstance(source, History):
        return source
    runs = _runs(source, aliases or {})
    if len(runs) == 1:
        return runs[0]
    note = f"{len(runs)} runs in one source; this is the last"
    return replace(runs[-1], notes=(*runs[-1].notes, note))


def read_all(source: Any) -> list[History]:
    """Every run: of a file with several, or of each log below a directory by order of the paths.

    Raises `ReadError` if there is none.
    """
    if isinstance(source, History):
        return [source]
    if _is_path(source) and Path(source).is_dir():
        return _below(Path(source))
    return _runs(source, {})


def _is_path(source: object) -> bool:
    return isinstance(source, str | PathLike)


def _runs(source: Any, aliases: Aliases) -> list[History]:
    if not _is_path(source):
        return _parsed(_taken(source), aliases)
    try:
        directory = Path(source).is_dir()
    except (OSError, ValueError) as error:
        raise ReadError(f"{source!r}: not a path ({error}); give the path of a log") from None
    return _below(Path(source)) if directory else _parsed(_opened(Path(source)), aliases)


def _taken(source: Any) -> Document:
    try:
        return document_of(source)
    except ReadError:
        raise
    except UNFIT as error:
        raise ReadError(f"<{type(source).__name__}>: {error!r}; give a dict of lists") from error


def _opened(path: Path) -> Document:
    try:
        return opened(path)
    except ValueError as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{str(path)!r}: not a path ({error}); give the path of a log") from None


def _below(folder: Path) -> list[History]:
    """The runs in the files below a folder; files that are no logs are passed over."""
    runs: list[History] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            runs += _parsed(opened(path), {})
        except ReadError:
            continue
    if not runs:
        raise ReadError(f"{folder}: no log in this directory; give the path of one")
    return runs


def _parsed(document: Document, aliases: Aliases) -> list[History]:
    scores = [reader.recognise(document) for reader in _readers()]
    reader = _readers()[scores.index(max(scores))]
    if not max(scores):
        raise ReadError(f"{document.name}: {_unreadable(document)}")
    try:
        if runs := reader.parse(document, aliases):
            return runs
        raise ReadError(f"{document.name}: no run in it; give the whole log")
    except ReadError:
        raise
    except UNFIT as error:
        kind = reader.__name__.rpartition(".")[2].replace("_", " ")
        raise ReadError(
            f"{document.name}: damaged, or no {kind} file though it looks like one ({error!r}); "
            "give the file as it was written, or the series as a dict of lists"
        ) from error


def _unreadable(document: Document) -> str:
    known = "csv, tsv, json, json lines, text and TensorBoard event files are read"
    if document.given is None and not document.text:
        return f"a binary file of unknown format; {known}"
    if document.given is not None:
        return "no losses in it; give a dict of lists, a list of dicts, a data frame or a path"
    return f"no table, no JSON and no lines with a loss; {known}"


@cache
def _readers() -> tuple[Reader, ...]:
    """The modules of this folder that read a format."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    return tuple(cast(Reader, module) for module in modules if hasattr(module, "recognise"))
