"""Objects in memory as documents: by what they have, never by importing what made them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from traindx.mlp.readers.document import Document, ReadError

ACCEPTED = (
    "give a path, a dict of lists, a list of dicts, a Keras History, an HF Trainer state, a fitted "
    "scikit-learn estimator, a data frame, a list of losses or a tuple (train losses, val losses)"
)


def document_of(source: Any) -> Document:
    """The object as plain mappings and lists; a ReadError if it is none that is known."""
    name = f"<{type(source).__name__}>"
    if source is None or isinstance(source, bool | int | float | bytes):
        raise ReadError(f"{name}: not a history; {ACCEPTED}")
    if _is_frame(source):
        return Document(name, given=_frame(source), frame=True)
    value = _unwrapped(source)
    if value is None or (isinstance(value, Mapping | list) and not len(value)):
        raise ReadError(f"{name}: {'empty' if value is not None else 'not a history'}; {ACCEPTED}")
    return Document(name, given=value)


def _unwrapped(source: Any) -> Any:
    """What lies inside a Trainer, a History, an estimator; None if nothing does."""
    if isinstance(source, Mapping):
        return dict(source)
    if isinstance(source, tuple) and len(source) == 2 and all(map(_is_list, source)):
        return {"train_loss": list(source[0]), "val_loss": list(source[1])}
    if _is_list(source):
        return _list(source)
    if callable(getattr(source, "tolist", None)):
        return {"loss": source.tolist()}
    if (state := getattr(source, "state", None)) is not None and hasattr(state, "log_history"):
        return {"log_history": list(state.log_history)}
    if hasattr(source, "log_history"):
        return {"log_history": list(source.log_history)}
    if isinstance(getattr(source, "history", None), Mapping):
        return _keras(source)
    if hasattr(source, "loss_curve_") or hasattr(source, "validation_scores_"):
        return _estimator(source)
    if callable(getattr(source, "evals_result", None)):
        return source.evals_result()
    return getattr(source, "evals_result_", None)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def _list(source: Any) -> Any:
    if len(source) and not isinstance(source[0], Mapping):
        return {"loss": list(source)}
    return list(source)


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


def _is_frame(source: Any) -> bool:
    return (
        hasattr(source, "columns") and hasattr(source, "__getitem__") and hasattr(source, "shape")
    )


def _frame(source: Any) -> dict[str, list[Any]]:
    titles: Iterable[Any] = source.columns
    return {str(title): _cells(source[title]) for title in titles}


def _cells(column: Any) -> list[Any]:
    for name in ("to_list", "tolist", "to_pylist"):
        if callable(getattr(column, name, None)):
            return list(getattr(column, name)())
    return list(column)
