"""spaCy's table of a training: "E  #  LOSS NER  ENTS_F  SCORE" above a rule of dashes.

The losses are sums over the steps since the row before, the scores are of the development data.
"""

import re
from collections.abc import Iterator

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows, number
from traindx.mlp.readers.document import Document, ReadError

HEADING = re.compile(r"^[ \t]*E(?:poch)?[ \t]+(?:#|Steps)[ \t]+(?=.*\bLOSS\b)(?=.*\bSCORE\b)", re.M)
RULE = re.compile(r"-{2,}")
FIRST = "the first row has the loss of one batch, the others that of many; it was left out"
AXES = ("epoch", "step")
SCORES = {"f": "f1", "p": "precision", "r": "recall"}
Row = dict[str, str]


def recognise(document: Document) -> float:
    head = document.text[:100_000]
    return 0.9 if "SCORE" in head and HEADING.search(head) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = list(_rows(document.text.splitlines()))
    if not rows:
        raise ReadError(f"{document.name}: no whole row of spaCy's table; give the whole log")
    notes = (FIRST,) if any(row["step"] == "0" for row in rows) else ()
    kept = [_without_losses(row) if row["step"] == "0" else row for row in rows]
    names = {title: _meaning(title) for row in rows for title in row if title not in AXES}
    return histories(from_rows(kept, names=names, notes=notes, sums=True), document, aliases)


def _without_losses(row: Row) -> Row:
    return {title: cell for title, cell in row.items() if not title.startswith("LOSS")}


def _meaning(title: str) -> str:
    kind, _, part = title.lower().partition(" ")
    if kind == "loss":
        return f"loss_component@train/{part}"
    what, _, score = kind.rpartition("_")
    return f"metric@val/{what}_{SCORES[score]}" if score in SCORES else f"metric@val/{kind}"


def _rows(lines: list[str]) -> Iterator[Row]:
    """The rows below each heading and its rule."""
    titles: list[str] = []
    for line, rule in zip(lines, [*lines[1:], ""], strict=True):
        if HEADING.match(line):
            titles = [*AXES, *_titles(line, [found.start() for found in RULE.finditer(rule)])[2:]]
        cells = line.split()
        if titles and len(cells) == len(titles) and all(number(c) is not None for c in cells):
            yield dict(zip(titles, cells, strict=True))


def _titles(heading: str, starts: list[int]) -> list[str]:
    """The words of a heading by the column that they begin in."""
    titles = [""] * len(starts)
    for word in re.finditer(r"\S+", heading):
        column = sum(start <= word.start() for start in starts) - 1
        if column >= 0:
            titles[column] += f" {word[0]}"
    return [title.strip() for title in titles]
