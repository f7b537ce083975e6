"""What XGBoost and LightGBM print: "[3] train-rmse:0.5 eval-rmse:0.6", "[3] valid_0's l2: 0.6"."""

import re
from collections.abc import Iterator

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.boosting import of_sets
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import words

MEASURED = r"([\w.]+)(?:'s (?:(\w+) )?|-)([A-Za-z][\w@.-]*):\s*([-+]?[\w.]+(?:[eE][-+]?\d+)?)"
PAIR = re.compile(rf"{MEASURED}(?:\s?\+\s?[\d.eE-]+)?(?:\s|#011|$)+")
"""A set, a measure and its value; of a cross-validation the spread over the folds follows."""
ROUND = re.compile(rf"\[(\d+)\]:?(?:\s|#011)+(?={MEASURED})")
BEST = re.compile(r"\bbest iteration(?: is)?:?\s*$", re.IGNORECASE)
"""It is followed by a line that was printed before."""
Row = tuple[str, dict[tuple[str, str], str]]


def recognise(document: Document) -> float:
    head = document.text[:50_000]
    printed = document.data is None and ROUND.search(head) is not None
    return 0.9 if printed and any(map(_is_known, _rows(head))) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = list(_rows(document.text))
    if not rows:
        raise ReadError(f"{document.name}: no whole line of a round; give the whole log")
    measures = dict.fromkeys(key for _, values in rows for key in values)
    columns = {key: [values.get(key) for _, values in rows] for key in measures}
    sheet = of_sets(columns, iteration=[at for at, _ in rows])
    return histories(sheet, document, aliases)


def _is_known(row: Row) -> bool:
    return any(words(name).split or name == "cv_agg" for name, _ in row[1])


def _rows(text: str) -> Iterator[Row]:
    """The rounds that were printed, but not the best one once more."""
    again = False
    for line in text.splitlines():
        found = ROUND.search(line)
        rest = line[found.end() :] if found else ""
        if found and not again and not PAIR.sub("", rest).strip():
            yield found[1], {(a if b == "" else b, m): v for a, b, m, v in PAIR.findall(rest)}
        again = BEST.search(line) is not None or (again and not line.strip())
