"""HuggingFace Trainer: `trainer_state.json`, its `log_history` alone, TRL's GRPO and DPO logs."""

from collections.abc import Mapping, Sequence
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError


def recognise(document: Document) -> float:
    if isinstance(document.data, Mapping) and isinstance(document.data.get("log_history"), list):
        return 1.0
    rows = document.rows
    trained = any("epoch" in row and "loss" in row and "learning_rate" in row for row in rows[:50])
    return 0.8 if trained and "step" in document.keys else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = [row for row in _log(document) if isinstance(row, Mapping) and not _is_summary(row)]
    if not rows:
        raise ReadError(
            f"{document.name}: nothing but the summary; train with a smaller logging_steps"
        )
    return histories(from_rows(rows, settings=_settings(document)), document, aliases)


def _log(document: Document) -> Sequence[Any]:
    return document.rows or list(document.data["log_history"])


def _is_summary(row: Mapping[str, Any]) -> bool:
    """Whether it is the last row: the mean over the run, which is no point of it."""
    return "train_runtime" in row and "loss" not in row


def _settings(document: Document) -> dict[str, Any]:
    if not isinstance(document.data, Mapping):
        return {}
    planned = document.data.get("num_train_epochs")
    size = document.data.get("train_batch_size")
    found: dict[str, Any] = {}
    if isinstance(planned, int | float) and 0 < planned < 1e6:
        found["epochs"] = float(planned)
    if isinstance(size, int) and 0 < size < 1e9:
        found["batch_size"] = size
    return found
