"""TensorBoard's download of one curve: `Wall time,Step,Value`, or rows of the three in JSON.

What the value is stands in the name of the file only (`run-fit-tag-train_loss.csv`).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from traindx.mlp.history import Array, History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet, from_columns
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import meaning

TITLES = ("Wall time", "Step", "Value")


def recognise(document: Document) -> float:
    if document.text[:100].lower().lstrip().startswith("wall time,step,value"):
        return 0.95
    rows = document.data
    return 0.6 if isinstance(rows, list) and len(rows) > 1 and all(map(_is_point, rows)) else 0.0


def _is_point(row: Any) -> bool:
    """Whether it is [seconds since 1970, step, value]."""
    return isinstance(row, list) and len(row) == 3 and isinstance(row[0], float) and row[0] > 1e9


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The one curve, named by the file or, if it falls, taken for the training loss."""
    rows = document.data
    sheet = from_columns(TITLES, list(zip(*rows, strict=True))) if rows else table(document)
    tag = Path(document.name).stem.rpartition("-tag-")[2]
    found = meaning(tag)
    if found is not None and found.rank < 9_000:
        return histories(_named(sheet, f"{found.quantity}@{found.scope}"), document, aliases)
    note = "the name of the file does not say what 'Value' is; it falls, so it was taken for the"
    if "Value" not in {*aliases, *aliases.values()} and not _falls(sheet):
        raise ReadError(
            f"{document.name}: the name of the file does not say what 'Value' is; "
            "name it with aliases={'Value': 'loss@train'}"
        )
    named = _named(sheet, "loss@train", f"{note} training loss")
    return histories(named, document, aliases)


def _named(sheet: Sheet, name: str, *notes: str) -> Sheet:
    names = {"Wall time": "", "Step": "step", "Value": name}
    return replace(sheet, names=names, notes=(*sheet.notes, *notes))


def _falls(sheet: Sheet) -> bool:
    column = sheet.columns.get("Value")
    values: Array = column.values[np.isfinite(column.values)] if column else np.zeros(0)
    return len(values) > 1 and bool(values[-1] < values[0])
