"""What YOLO prints: lines "3/99  2.61G  0.5 ..." below their headings; YOLOv5's `results.txt`.

The first is Ultralytics' console output; in the second there are no headings, the columns being
epoch, memory, the losses (box, objects, classes, their sum), instances, image size, precision,
recall, two mean average precisions, and the three validation losses.
"""

import re
from collections.abc import Iterator, Sequence

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

LINE = re.compile(r"^\s*(\d+)/\d+\s+([\d.]+G|\d+M|0)((?:\s+[-+\w.]+)+?)(?=:|\s*$)", re.MULTILINE)
HEADING = re.compile(r"^\s*Epoch\s+(?:GPU_mem|gpu_mem)\s+(.*)$")
SCORES = re.compile(r"^\s*all\s+\d+\s+\d+((?:\s+[-+\w.]+)+)\s*$")
TXT = ("box_loss", "obj_loss", "cls_loss", "", "", "", "P", "R", "mAP50", "mAP50_95")
VAL = ("val/box_loss", "val/obj_loss", "val/cls_loss")
Row = dict[str, str]


def recognise(document: Document) -> float:
    found = document.data is None and LINE.search(document.text[:50_000])
    return 0.9 if found else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = list(_rows(document.text))
    if not rows:
        raise ReadError(f"{document.name}: no whole line of an epoch; give the whole log")
    return histories(from_rows(rows, sums=True), document, aliases)


def _rows(text: str) -> Iterator[Row]:
    """The epochs; a line of scores belongs to the epoch before it."""
    heading: Sequence[str] = ()
    row: Row = {}
    for line in text.split("\n"):
        line = line.rstrip("\r").rpartition("\r")[2]
        if head := HEADING.match(line):
            heading = head[1].split()
        elif found := LINE.match(line):
            yield from [row] if row else []
            row = {"epoch": found[1], **_losses(heading, found[3].split())}
        elif scores := SCORES.match(line):
            names = ("P", "R", "mAP50", "mAP50-95")
            pairs = zip(names, scores[1].split(), strict=False)
            row |= {f"val/{name}": value for name, value in pairs}
    yield from [row] if row else []


def _losses(heading: Sequence[str], cells: Sequence[str]) -> Row:
    if heading:
        titled = zip(heading, cells, strict=False)
        return {f"train/{title}": cell for title, cell in titled if title.endswith("loss")}
    names = [f"train/{n}" if n.endswith("loss") else n and f"val/{n}" for n in TXT]
    return {n: cell for n, cell in zip([*names, *VAL], cells, strict=False) if n}
