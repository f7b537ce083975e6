"""Darknet's training output: "100: 2.4, 2.3 avg loss, 0.001 rate, 3.1 seconds, 6400 images"."""

import re

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

LINE = re.compile(
    r"^\s*(\d+):\s*([-+\w.]+),\s*([-+\w.]+)\s+avg(?: loss)?,\s*([-+\w.]+) rate,", re.MULTILINE
)
NAMES = {"loss": "loss@train", "batch": "metric@train/batch_loss", "rate": "learning_rate@"}


def recognise(document: Document) -> float:
    head = document.text[:50_000]
    return 0.95 if " avg" in head and LINE.search(head) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The runs, with the averaged loss; that of the batch is kept beside it."""
    rows = [
        {"step": step, "batch": batch, "loss": loss, "rate": rate}
        for step, batch, loss, rate in LINE.findall(document.text)
    ]
    if not rows:
        raise ReadError(f"{document.name}: no whole line with a loss; give the whole log")
    return histories(from_rows(rows, names=NAMES), document, aliases)
