"""A table that a program printed between other lines: a heading with a loss, and rows below it.

"Epoch    Train Loss   Test Acc" over a rule of dashes; blanks, two or more, or bars part the cells.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows, number
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.thinning import thinned_rows

MOST = 0.45
PART = re.compile(r"\s*[|│]\s*|\s{2,}|\t")
SAID = re.compile(r"[:=,;]|\d\.\d")
RULE = re.compile(r"^[\s\-=+|│─━┼]+$")
HEAD = 200_000
MOST_CELLS = 30
AT_ONCE = 10_000
Row = dict[str, str]


def recognise(document: Document) -> float:
    """Sure if a heading with a loss has two rows and more, in a text that is more than a table."""
    head = document.text[:HEAD]
    if "oss" not in head:
        return 0.0
    return MOST if len(list(islice(_rows(head.splitlines()), 2))) == 2 else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    found = _rows(chain.from_iterable(map(str.splitlines, document.texts())))
    rows, notes = thinned_rows(iter(lambda: list(islice(found, AT_ONCE)), []))
    if not rows:
        raise ReadError(f"{document.name}: no whole row of its table; give the whole log")
    note = "read from the table that is printed in the text"
    return histories(from_rows(rows, notes=(note, *notes)), document, aliases)


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of every table with the heading of the first."""
    names: list[str] = []
    for line in lines:
        if "oss" in line and not SAID.search(line) and _is_heading(cells := _cells(line)):
            names = cells
        elif names and len(cells := _cells(line)) >= len(names) and _are_numbers(cells):
            yield dict(zip(names, cells, strict=False))


def _cells(line: str) -> list[str]:
    return [] if RULE.match(line) else PART.split(line.strip().strip("|│").strip())[:MOST_CELLS]


def _is_heading(cells: Sequence[str]) -> bool:
    named = len(cells) > 1 and all(cell[:1].isalpha() for cell in cells)
    return named and any("loss" in cell.lower() and len(cell) < 30 for cell in cells)


def _are_numbers(cells: Sequence[str]) -> bool:
    """Whether the first is one, and most of the others."""
    found = [number(cell) is not None for cell in cells]
    return found[0] and 2 * sum(found) > len(found)
