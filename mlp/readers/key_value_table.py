"""Tables of names and values, printed anew each time, as reinforcement learning libraries do.

Stable-Baselines heads groups of them ("train/"), Baselines and Spinning Up do not.
"""

import re
from collections.abc import Iterator

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

MOST = 0.8
LINE = re.compile(r"^\s*\|\s*([^|]*?)\s*\|\s*([^|]*?)\s*\|\s*$")
DRAWN = re.compile(r"^\s*[-=+|]{5,}\s*$")
HEAD = 20_000


def recognise(document: Document) -> float:
    """Whether it has lines of two cells, again and again with the same first one."""
    names = [found[1] for line in document.text[:HEAD].splitlines() if (found := LINE.match(line))]
    repeated = len(names) > len(set(names)) > 2
    return MOST if repeated and DRAWN.search(_first_line(document.text)) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = [row for row in _tables(document.text) if row]
    if not rows:
        raise ReadError(f"{document.name}: no whole table of values; give the whole log")
    return histories(from_rows(rows), document, aliases)


def _first_line(text: str) -> str:
    return next((line for line in text[:HEAD].splitlines() if DRAWN.match(line)), "")


def _tables(text: str) -> Iterator[dict[str, str]]:
    """Each table's values by name, with the group that stands above before it."""
    row: dict[str, str] = {}
    group = ""
    for line in text.splitlines():
        found = LINE.match(line)
        if found is None:
            yield row
            row, group = {}, ""
        elif found[1].endswith("/") and not found[2]:
            group = found[1]
        else:
            row[group + found[1].replace("...", "")] = found[2]
    yield row
