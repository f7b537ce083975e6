"""Marian's training log: "Ep. 1 : Up. 500 : Sen. 15,203 : Cost 6.01", "[valid] Ep. 1 : ..."."""

import re

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

LINE = re.compile(r"\bEp\. (\d+) : Up\. (\d+) : (.*)$", re.MULTILINE)
TRAINED = re.compile(r"(?:^|: )(Cost|L\.r\.|gNorm) ([-+\w.]+)")
EVALUATED = re.compile(r"([a-z][\w-]*) : ([-+\w.]+)")
NAMES = {
    "Cost": "loss@train",
    "L.r.": "learning_rate@",
    "gNorm": "gradient_norm@",
    "valid ce-mean-words": "loss@val",
    "valid cross-entropy": "metric@val/cross_entropy",
}
UNLIKE = "'valid' gives the cross-entropy of sentences, the cost is that of words; not compared"


def recognise(document: Document) -> float:
    head = document.text[:50_000]
    return 0.9 if "Up. " in head and LINE.search(head) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = []
    for epoch, update, said in LINE.findall(document.text):
        trained = dict(TRAINED.findall(said))
        evaluated = {f"valid {name}": value for name, value in EVALUATED.findall(said)[:1]}
        rows.append({"epoch": epoch, "step": update, **(trained or evaluated)})
    if not rows:
        raise ReadError(f"{document.name}: no whole line with a cost; give the whole log")
    notes = (UNLIKE,) if any("valid cross-entropy" in row for row in rows) else ()
    return histories(from_rows(rows, names=NAMES, notes=notes), document, aliases)
