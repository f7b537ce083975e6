"""detectron2 `metrics.json`: JSON lines; a line of an evaluation has average precisions only."""

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document

EVALUATED = ("bbox/", "segm/", "keypoints/", "sem_seg/", "panoptic_seg/")
SAMPLED = ("roi_head/", "rpn/")


def recognise(document: Document) -> float:
    return 0.95 if {"iteration", "total_loss"} <= document.keys else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    names = {key: f"metric@val/{key}" for key in document.keys if key.startswith(EVALUATED)}
    names |= {key: "" for key in document.keys if key.startswith(SAMPLED)}
    return histories(from_rows(document.rows, names=names), document, aliases)
