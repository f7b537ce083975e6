"""Run records: a history in a file of our own (`traindx-run/1`), which `read` knows too.

    {"format": "traindx-run/1", "axis": "epoch", "settings": {...},
     "series": [{"quantity": "loss", "scope": "train", "steps": [1, 2], "values": [0.7, "nan"]}],
     "notes": []}

JSON, gzipped if the name ends in `.gz`. Numbers that are not finite are "nan", "inf", "-inf".
"""

import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from traindx.mlp.history import Array, History, Series
from traindx.mlp.readers.document import Document, ReadError, opened
from traindx.mlp.settings import Settings

FORMAT = "traindx-run/1"


class _Curve(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: str
    scope: str = ""
    steps: list[float]
    values: list[float]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["traindx-run/1"]
    axis: Literal["epoch", "step"] = "epoch"
    settings: Settings = Field(default_factory=Settings)
    series: list[_Curve]
    notes: list[str] = []


def save(history: History, path: str | os.PathLike[str]) -> None:
    """Write the history to a file, in one go: an old file there stays whole if writing fails.

    Raises `OSError` if the file cannot be written.
    """
    target = Path(path)
    text = json.dumps(_written(history), allow_nan=False, separators=(",", ":"))
    raw = text.encode()
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_bytes(gzip.compress(raw, 5, mtime=0) if target.suffix == ".gz" else raw)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> History:
    """The history that `save` wrote.

    Raises `ReadError` if the file is not there, damaged, or not a run record.
    """
    document = opened(Path(path))
    if not is_record(document.data):
        raise ReadError(f"{path}: not a run record ({FORMAT}); read other logs with read()")
    return loaded(document)


def is_record(data: Any) -> bool:
    """Whether the data says that it is a run record, of any version."""
    return isinstance(data, Mapping) and str(data.get("format", "")).startswith("traindx-run/")


def loaded(document: Document) -> History:
    """The history in a run record; a ReadError names what is wrong in it."""
    try:
        record = _Record.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ReadError(
            f"{document.name}: {place}: {first['msg']}; give a record as save() writes it"
        ) from None
    series = {(c.quantity, c.scope): _series(c, document.name) for c in record.series}
    return History(
        series, record.settings, record.axis, document.name, (*record.notes, *document.notes)
    )


def _series(curve: _Curve, name: str) -> Series:
    steps, values = np.array(curve.steps, np.float64), np.array(curve.values, np.float64)
    where = f"{name}: {curve.quantity}@{curve.scope}"
    if len(steps) != len(values):
        raise ReadError(
            f"{where}: {len(steps)} steps and {len(values)} values; give one step a value"
        )
    if not np.isfinite(steps).all() or np.any(np.diff(steps) <= 0):
        raise ReadError(f"{where}: the steps do not rise; sort them, one value a step")
    return Series(steps, values)


def _written(history: History) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "axis": history.axis,
        "settings": json.loads(history.settings.model_dump_json(exclude_none=True)),
        "series": [
            {"quantity": q, "scope": scope, "steps": _plain(s.steps), "values": _plain(s.values)}
            for (q, scope), s in history.series.items()
        ],
        "notes": list(history.notes),
    }


def _plain(values: Array) -> list[float | str]:
    """The numbers as JSON has them; whole ones without a point."""
    listed: list[float | str] = values.tolist()
    for i in np.flatnonzero(~np.isfinite(values)):
        listed[i] = str(values[i])
    return listed
