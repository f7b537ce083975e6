"""OpenMMLab: `*.log.json` of mmcv, `scalars.json` of mmengine.

In the lines of mmcv stands a `mode`, and iterations are counted within the epoch. In those of
mmengine validation is what has no learning rate and no iteration; its `step` may count epochs.
"""

from collections.abc import Mapping
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document

AXIS = ("mode", "epoch", "iter", "step")
COUNTED = "iterations are counted anew in each epoch; they were counted through"


def recognise(document: Document) -> float:
    if {"mode", "iter"} <= document.keys:
        return 0.95
    named = {"lr", "iter", "step"} <= document.keys and "mode" not in document.keys
    return 0.9 if named and not all(map(_is_trained, document.rows)) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    if "mode" not in document.keys:
        rows = [row if _is_trained(row) else _of_validation(row) for row in document.rows]
        return histories(from_rows(rows), document, aliases)
    rows = [row for row in document.rows if row.get("mode") in ("train", "val")]
    length = max((_number(row, "iter") for row in rows if row["mode"] == "train"), default=0.0)
    notes = (COUNTED,) if length else ()
    sheet = from_rows([_placed(row, length) for row in rows], notes=notes)
    return histories(sheet, document, aliases)


def _is_trained(row: Mapping[str, Any]) -> bool:
    return not row.keys().isdisjoint(("lr", "loss", "epoch", "iter"))


def _of_validation(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key if key in AXIS else _title(key, "val"): value for key, value in row.items()}


def _placed(row: Mapping[str, Any], length: float) -> dict[str, Any]:
    """The row with its split in its names, and its place in the whole run."""
    epoch, iteration = _number(row, "epoch"), _number(row, "iter")
    done = max(epoch - 1, 0) * length
    place = done + (length if row["mode"] == "val" else iteration)
    named = {_title(key, row["mode"]): v for key, v in row.items() if key not in AXIS}
    return {"step": place, "epoch": epoch, **named}


def _title(key: str, mode: str) -> str:
    return key if key in ("lr", "memory", "time", "data_time", "grad_norm") else f"{mode}/{key}"


def _number(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else 0.0
