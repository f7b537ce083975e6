"""build-nanogpt `log.txt`: "250 val 5.9", "250 hella 0.25", "250 train 6.0"."""

import re

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

LINE = re.compile(r"^(\d+) (train|val|hella\w*) (\S+)\s*$", re.MULTILINE)


def recognise(document: Document) -> float:
    head = document.text[:5000]
    return 0.9 if 2 * len(LINE.findall(head)) > head.count("\n") else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = [{"step": int(step), what: value} for step, what, value in LINE.findall(document.text)]
    if not rows:
        raise ReadError(f"{document.name}: no whole line with a loss; give the whole log")
    names = {"train": "loss@train", "val": "loss@val", "hella": "metric@val/hellaswag"}
    return histories(from_rows(rows, names=names), document, aliases)
