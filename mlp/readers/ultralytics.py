"""Ultralytics and YOLOv5/v9 `results.csv`: the loss is the sum of its components.

These are what is measured in training and in validation under one name, such as `train/box_om`
and `val/box_om` of YOLOv10, which has two heads.
"""

from dataclasses import replace

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document


def recognise(document: Document) -> float:
    header = "" if document.data is not None else document.text[:4000].split("\n", 1)[0]
    return 0.95 if "epoch" in header and "metrics/" in header and "train/" in header else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    sheet = table(document)
    names = {title: _meaning(title, sheet) for title in sheet.columns if "/" in title}
    return histories(
        replace(sheet, names={t: n for t, n in names.items() if n}, sums=True), document, aliases
    )


def _meaning(title: str, sheet: Sheet) -> str:
    group, _, name = title.partition("/")
    if group == "metrics":
        return "accuracy@val" if name == "accuracy_top1" else f"metric@val/{name}"
    if name == "loss":
        return f"loss@{group}"
    if name.endswith("_loss") or {f"train/{name}", f"val/{name}"} <= sheet.columns.keys():
        return f"loss_component@{group}/{name.removesuffix('_loss')}"
    return ""
