"""Objects in memory as documents: by what they have, never by importing what made them."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, Any

import numpy as np

from traindx.mlp.readers.columns import unique
from traindx.mlp.readers.document import Document, ReadError, from_packed
from traindx.mlp.readers.packed import Packed

ACCEPTED = (
    "give a path, a dict of lists, a list of dicts, a Keras History, an HF Trainer state, a fitted "
    "scikit-learn estimator, a data frame, a list of losses or a tuple (train losses, val losses)"
)


def document_of(source: Any) -> Document:
    """The object as plain mappings and lists; a ReadError if it is none that is known."""
    name = f"<{type(source).__name__}>"
    if source is None or isinstance(source, bool | int | float | bytes):
        raise ReadError(f"{name}: not a history; {ACCEPTED}")
    if callable(getattr(source, "read", None)):
        return from_packed(str(getattr(source, "name", name)), Packed(lambda: _bytes(source)))
    if callable(getattr(source, "collect", None)) and hasattr(source, "collect_schema"):
        source = source.collect()
    if (columns := _frame(source)) is not None:
        return Document(name, given=columns, frame=not hasattr(source, "null_count"))
    value = _unwrapped(source)
    if value is None or (isinstance(value, Mapping | list) and not len(value)):
        raise ReadError(f"{name}: {'empty' if value is not None else 'not a history'}; {ACCEPTED}")
    return Document(name, given=value)


def _bytes(file: Any) -> IO[bytes]:
    """What an open file holds from its start, in memory."""
    if getattr(file, "seekable", bool)():
        file.seek(0)
    held = file.read()
    return BytesIO(held.encode() if isinstance(held, str) else held)


def _unwrapped(source: Any) -> Any:
    """What lies inside a Trainer, a History, an estimator; None if nothing does."""
    if isinstance(source, Mapping):
        return dict(source)
    if isinstance(source, tuple) and len(source) == 2 and all(map(_is_list, source)):
        return {"train_loss": list(source[0]), "val_loss": list(source[1])}
    if _is_list(source) or isinstance(source, Iterator):
        return _list(list(source))
    if callable(getattr(source, "tolist", None)) or callable(getattr(source, "to_list", None)):
        return _column(source)
    if (state := getattr(source, "state", None)) is not None and hasattr(state, "log_history"):
        return {"log_history": list(state.log_history)}
    if hasattr(source, "log_history"):
        return {"log_history": list(source.log_history)}
    return _fitted(source)


def _fitted(source: Any) -> Any:
    """The curves of what was fitted: a Keras History, an estimator, a booster."""
    if isinstance(getattr(source, "history", None), Mapping):
        return _keras(source)
    for name in ("best_estimator_", "_final_estimator"):
        if (inner := getattr(source, name, None)) is not None:
            return _fitted(inner)
    if any(hasattr(source, name) for name in ("loss_curve_", "validation_scores_")):
        return _estimator(source)
    if callable(getattr(source, "evals_result", None)):
        return source.evals_result()
    return getattr(source, "evals_result_", None)


def _column(source: Any) -> dict[str, Any]:
    """An array, or one column of a frame by its name, with the index if that has a name."""
    return {**_index(source), str(getattr(source, "name", None) or "loss"): _cells(source)}


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def _list(source: list[Any]) -> Any:
    """Losses, rows, or MLflow's metrics (with key, value and step) as rows."""
    first = source[0] if source else None
    if first is None or isinstance(first, Mapping):
        return source
    if all(hasattr(first, name) for name in ("key", "value", "step")):
        return [{"step": m.step, str(m.key): m.value} for m in source]
    return {"loss": source}


def _keras(source: Any) -> dict[str, Any]:
    epochs = getattr(source, "epoch", None)
    lists = {str(key): value for key, value in source.history.items()}
    return {"epoch": list(epochs), **lists} if epochs else lists


def _estimator(source: Any) -> dict[str, Any]:
    losses, scores = (
        getattr(source, "loss_curve_", None),
        getattr(source, "validation_scores_", None),
    )
    score = "val_accuracy" if hasattr(source, "classes_") else "val_r2"
    given = {"loss": losses, score: scores}
    return {name: list(values) for name, values in given.items() if values is not None}


def _frame(source: Any) -> dict[str, list[Any]] | None:
    """The columns of a data frame of pandas, polars or pyarrow; None if it is none."""
    if not (hasattr(source, "columns") and hasattr(source, "shape")):
        return None
    if callable(getattr(source, "get_columns", None)):
        return {str(column.name): _cells(column) for column in source.get_columns()}
    if callable(getattr(source, "to_pydict", None)):
        return {str(title): list(cells) for title, cells in source.to_pydict().items()}
    given = source.items() if hasattr(source, "items") else ((t, source[t]) for t in source.columns)
    columns = [(_title(title), _cells(column)) for title, column in given]
    titles = unique([title for title, _ in columns])
    cells = (cells for _, cells in columns)
    return {**_index(source), **dict(zip(titles, cells, strict=True))}


def _title(title: Any) -> str:
    """The name of a column; one of several levels is joined."""
    return "/".join(map(str, title)) if isinstance(title, tuple) else str(title)


def _index(source: Any) -> dict[str, list[Any]]:
    """The index of a frame or a column of pandas, if it has a name."""
    index = getattr(source, "index", None)
    name = getattr(index, "name", None)
    return {} if name is None or callable(index) else {str(name): _cells(index)}


def _cells(column: Any) -> list[Any]:
    """The cells of a column, with None for pandas' NA."""
    for name in ("to_list", "tolist", "to_pylist"):
        if callable(getattr(column, name, None)):
            cells = list(getattr(column, name)())
            return [
                None if type(cell).__name__ in ("NAType", "NaTType") else cell for cell in cells
            ]
    return list(column)
