"""Tables: csv, tsv, semicolons or blanks between the cells, with or without a header."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from itertools import zip_longest
from warnings import catch_warnings, simplefilter

import numpy as np

from traindx.mlp.history import Array, History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet, from_columns, is_missing, number, of_numbers
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import is_place, meaning
from traindx.mlp.readers.thinning import thinned_sheet

MOST = 0.6
DELIMITERS = (",", "\t", ";", "|")
COMMENT = re.compile(r"^\s*(?:#(?!na#)|//|={3,}|-{3,})|^\s*sep=.?\s*$")
PLAIN = b"0123456789+-.eE,\n"
GAPS = ((b",,", b",nan,"), (b",,", b",nan,"), (b",\n", b",nan\n"), (b"\n,", b"\nnan,"))
RULE = re.compile(r"^[\s|+:=\-─━┃│┼╇╪+]*$")
"""A line that is only drawn: "+-----+-----+", "|:---:|---|", "----  ----"."""
NAMELESS = re.compile(r"column_\d+")
GAP = re.compile(r"[ \t]{2,}")
BARS = re.compile(r"[┃│]")
EDGES = re.compile(r"^\s*[|┃│](.*)[|┃│]\s*$")


def recognise(document: Document) -> float:
    """How much it looks like a table: rows of one width, numbers below a header."""
    if document.given is not None or not document.text or document.data is not None:
        return 0.0
    head = _head(_undrawn(document.text[:100_000]))
    if not head:
        return 0.0
    delimiter = _delimiter(head)
    rows = _cut(head[:60], delimiter)
    if len(head) == 1:
        return 0.1 if _alone(rows[0]) else 0.0
    numeric = [_numeric(row) for row in rows[1:]] or [0.0]
    if delimiter is None and len(rows[0]) > 1 and not _aligned(rows):
        return 0.0
    if 0 < _numeric(rows[0]) < 1:
        return 0.0
    share = sum(n > 0.4 for n in numeric) / len(numeric)
    most = len(rows[0]) + _is_ragged(rows)
    fits = sum(len(row) <= most for row in rows) / len(rows)
    return MOST * share * fits if share * fits > 0.5 else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    head = _head(_undrawn(document.text[:100_000]))
    if len(head) == 1 and (said := _alone(_cut(head, _delimiter(head))[0])):
        raise ReadError(f"{document.name}: {said}")
    return histories(_with_guesses(table(document)), document, aliases)


def _alone(cells: Sequence[str]) -> str:
    """What is the matter with a table that has one line only, if it is one."""
    if len(cells) > 1 and _numeric(cells) == 1:
        return f"one line of {len(cells)} numbers without names; write one a line below 'loss'"
    if len(cells) > 1 and not _numeric(cells) and any(map(_is_known, cells)):
        return f"a table with the columns {', '.join(cells)} and no row; give the whole log"
    return ""


def _is_known(title: str) -> bool:
    return is_place(title) or meaning(title) is not None


def _is_ragged(rows: Sequence[Sequence[str]]) -> bool:
    """Whether some rows have a cell more than the header, and others do not."""
    return any(len(row) == len(rows[0]) for row in rows[1:])


def _with_guesses(sheet: Sheet) -> Sheet:
    """A sheet without a header with what its numbers say: that they count epochs, or fall."""
    titles = list(sheet.columns)
    if not all(NAMELESS.fullmatch(title) for title in titles):
        return sheet
    first = sheet.columns[titles[0]].values
    if len(titles) > 1:
        counted = len(first) > 1 and np.mean(np.diff(first) == 1) > 0.5
        return replace(sheet, names={titles[0]: "epoch"} if counted else {})
    if _rises_as_a_share(first):
        return sheet
    note = "the one column of numbers has no name; that it is a loss is a guess"
    return replace(sheet, names={titles[0]: "loss@train"}, notes=(*sheet.notes, note))


def _rises_as_a_share(values: Array) -> bool:
    finite, third = values[np.isfinite(values)], max(len(values) // 3, 1)
    shares = np.all((finite >= 0) & (finite <= 1))
    return bool(shares and len(finite) > 1 and finite[-third:].mean() > finite[:third].mean())


def table(document: Document) -> Sheet:
    """The columns of the table; a large one is thinned."""
    return thinned_sheet(_pieces(document)) if document.rest else _sheet(document.text)


def rows_of(document: Document, prefix: str) -> list[dict[str, float]]:
    """The rows of a table, with a prefix before the names of all columns but the first."""
    columns = {title: c.values.tolist() for title, c in table(document).columns.items()}
    names = [f"{prefix}{title}" if i else title for i, title in enumerate(columns)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _pieces(document: Document) -> Iterator[Sheet]:
    """The sheets of the pieces of a table, each with the header of the first."""
    header = _header(document.text)
    for place, text in enumerate(document.texts()):
        yield _sheet(header + text if place else text)


def _header(text: str) -> str:
    """The lines before the first row of numbers."""
    delimiter = _delimiter(_head(_undrawn(text[:100_000])))
    lines = text[:100_000].splitlines(keepends=True)
    numeric = (_numeric(row) > 0.5 for line in lines for row in _cut([line], delimiter)[:1])
    return "".join(lines[: next((i for i, yes in enumerate(numeric) if yes), 0)])


def _sheet(whole: str) -> Sheet:
    """The columns of a table; a repeated header starts anew."""
    text = _undrawn(whole)
    delimiter = _delimiter(_head(text))
    if delimiter and (sheet := _evenly_cut(text, delimiter)) is not None:
        return sheet
    names, rows = _cells(text, delimiter)
    if _numeric(names) == 1:
        rows.insert(0, names)
        names = _commented(text, len(names)) or []
    names += [f"column_{i + 1}" for i in range(len(names), max(map(len, rows), default=0))]
    place = 0 if names[0] else min(1, len(names) - 1)
    names, rows, starts = _without_headers(names, rows, names[place], place)
    return from_columns(names, list(zip_longest(*rows, fillvalue="")), starts=tuple(starts))


def _commented(text: str, columns: int) -> list[str] | None:
    """The names in the last comment before the rows, if it has one for each column."""
    comments = [line for line in text[:100_000].splitlines()[:50] if COMMENT.match(line)]
    for line in reversed(comments):
        words = re.split(r"[\s,;]+", line.strip("#/%; \t"))
        if len(words) == columns and not _numeric(words):
            return words
    return None


def _undrawn(text: str) -> str:
    """The text of a table without the lines that are drawn around it."""
    if not any(map(_is_drawn, text[:100_000].splitlines()[:500])):
        return _spaced(text)
    if (framed := _framed(text)) is not None:
        return "\n".join(framed)
    return _spaced("\n".join(line for line in text.splitlines() if not _is_drawn(line)))


def _spaced(text: str) -> str:
    """The text with tabs, if blanks stand inside of names and more than one between them."""
    head = _head(text[:20_000])[:2]
    wide = [len(GAP.split(line.strip())) for line in head]
    narrow = [len(line.split()) for line in head]
    if len(head) < 2 or narrow[0] == narrow[1] or wide[0] != wide[1] or wide[0] < 2:
        return text
    if any(mark in line for line in head for mark in DELIMITERS):
        return text
    return "\n".join(GAP.sub("\t", line.strip()) for line in text.splitlines())


def _framed(text: str) -> list[str] | None:
    """The longest table between bars, one with a loss before others; without the bars."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if edges := EDGES.match(line):
            blocks[-1] += [] if _is_drawn(line) else [BARS.sub("|", edges[1])]
        elif not _is_drawn(line):
            blocks.append([])
    best = max(blocks, key=lambda block: ("loss" in "".join(block[:1]).lower(), len(block)))
    return best if len(best) > 1 else None


def _is_drawn(line: str) -> bool:
    return RULE.match(line) is not None and bool(line.strip(" \t|:+"))


def _evenly_cut(text: str, delimiter: str) -> Sheet | None:
    """The table, if it is one of equal rows without quotes or other oddities."""
    head, _, body = text.partition("\n")
    names = head.rstrip("\r").split(delimiter)
    mark = names[0] or names[min(1, len(names) - 1)]
    if '"' in text or COMMENT.match(head) or text.count(mark) > 1 or _numeric(names):
        return None
    if (table := _numbers(body, delimiter, len(names))) is not None:
        return of_numbers(names, table)
    rows = [line for line in body.split("\n") if line and line != "\r"]
    if not rows or {line.count(delimiter) for line in rows} != {len(names) - 1}:
        return None
    cells = delimiter.join(rows).split(delimiter)
    return from_columns(names, [cells[i :: len(names)] for i in range(len(names))])


def _numbers(body: str, delimiter: str, width: int) -> Array | None:
    """The cells (rows, width) if all are plain numbers or empty, in a tenth of the memory."""
    if not body.isascii() or width < 2:
        return None
    raw = body.replace("\r", "").strip("\n").encode() + b"\n"
    raw = raw.replace(delimiter.encode(), b",") if delimiter != "," else raw
    if raw.translate(None, PLAIN) or (delimiter != "," and "," in body) or b"\n\n" in raw:
        return None
    codes = np.frombuffer(raw, np.uint8)
    cuts = np.cumsum(codes == ord(","))[codes == ord("\n")]
    if not np.array_equal(cuts, np.arange(1, len(cuts) + 1) * (width - 1)):
        return None
    raw = b"nan" + raw if raw.startswith(b",") else raw
    for gap, filled in GAPS:
        raw = raw.replace(gap, filled)
    numbers = _separated(raw.replace(b"\n", b",")[:-1])
    return numbers.reshape(-1, width) if len(numbers) == len(cuts) * width else None


def _separated(raw: bytes) -> Array:
    """The numbers between commas; none, or those before it, if one cell is no number."""
    try:
        with catch_warnings():
            simplefilter("ignore", DeprecationWarning)  # numpy before 2.3 warns, later it raises
            return np.fromstring(raw, sep=",")
    except ValueError:
        return np.zeros(0)


def _without_headers(
    names: list[str], rows: list[list[str]], mark: str, place: int
) -> tuple[list[str], list[list[str]], list[int]]:
    kept: list[list[str]] = []
    starts: list[int] = []
    for row in rows:
        if len(row) > place and row[place].strip() == mark.strip() and not _numeric(row):
            starts.append(len(kept))
            names = row if len(row) > len(names) else names
        else:
            kept.append(row)
    return names, kept, sorted(set(starts))


def _head(text: str) -> list[str]:
    lines = text[:100_000].splitlines()
    return [line for line in lines[:400] if line.strip() and not COMMENT.match(line)][:200]


def _delimiter(head: Sequence[str]) -> str | None:
    """What stands between the cells: the same number of times in most lines; None for blanks."""

    def evenness(mark: str) -> float:
        counts = [line.count(mark) for line in head[:50]]
        if not counts[0]:
            return 0.0
        return sum(abs(c - counts[0]) <= counts[0] / 4 for c in counts) / len(counts)

    best = max(DELIMITERS, key=evenness)
    return (
        best
        if evenness(best) > 0.5
        or (any(mark in head[0] for mark in DELIMITERS) and evenness(best) > 0.2)
        else None
    )


def _cut(lines: Sequence[str], delimiter: str | None) -> list[list[str]]:
    """The cells of the lines."""
    if delimiter is None:
        return [line.split() for line in lines]
    try:
        return list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return [[cell.strip(' "') for cell in line.split(delimiter)] for line in lines]


def _cells(text: str, delimiter: str | None) -> tuple[list[str], list[list[str]]]:
    if delimiter is None:
        rows = [line.split() for line in text.splitlines()]
    else:
        try:
            rows = list(
                csv.reader(StringIO(text, newline=None), delimiter=delimiter, skipinitialspace=True)
            )
        except csv.Error:
            rows = _cut(text.splitlines(), delimiter)
    rows = [row for row in rows if row]
    first = next((i for i, row in enumerate(rows) if not COMMENT.match(row[0])), 0)
    return rows[first], rows[first + 1 :]


def _numeric(row: Sequence[str]) -> float:
    """The share of numbers among the cells that say something."""
    words = [cell for cell in row if number(cell) is None]
    numbers = len(row) - len(words)
    said = numbers + sum(not is_missing(word) for word in words)
    return numbers / said if said else 0.0


def _aligned(rows: Sequence[Sequence[str]]) -> bool:
    return all(len(row) == len(rows[0]) for row in rows)
