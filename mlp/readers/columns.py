"""Sheet: a log as columns of numbers, one place a row, whatever it was written as."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.history import Array
from traindx.mlp.readers.long_form import unfolded

Mask = NDArray[np.bool_]
MISSING = frozenset(
    {"", "#na#", "na", "n/a", "#n/a", "none", "null", "-", "--", "?", "<na>", "nat", "nil"}
    | {"no log"}
)
ODD_NUMBERS = {
    "nan(ind)": "nan",
    "1.#qnan": "nan",
    "1.#ind": "nan",
    "-1.#ind": "nan",
    "1.#inf": "inf",
}
WRAPPED = re.compile(
    r"^(?:tensor|array|np\.float\d+)?\s*[(\[]*\s*([-+\w.]+)\s*(?:,[^()\[\]]*)?[)\]]*$"
)
UNREADABLE = (ValueError, TypeError, OverflowError, RuntimeError)


@dataclass(frozen=True)
class Column:
    """`values` and `recorded` have one shape, (rows,); what is not recorded has the value NaN."""

    values: Array
    recorded: Mask
    text: int = 0
    """How many cells held words instead of a number."""
    percent: bool = False
    """Whether the numbers were written with a percent sign (they are shares now)."""

    def only(self, rows: Mask) -> "Column":
        """The column with nothing recorded outside of these rows."""
        keep = self.recorded & rows
        return replace(self, values=np.where(keep, self.values, np.nan), recorded=keep)

    def at(self, rows: slice) -> "Column":
        return replace(self, values=self.values[rows], recorded=self.recorded[rows])


@dataclass(frozen=True)
class Sheet:
    """Columns of one length in the order of the file, and what the format knows about them."""

    columns: Mapping[str, Column]
    names: Mapping[str, str] = field(default_factory=dict)
    """The format's own meaning of a column, as "quantity@scope"; "" leaves it out."""
    notes: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    """Rows before which a header was repeated."""
    frame: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    sums: bool = False
    """Whether the loss of the format is the sum of its components."""

    @property
    def rows(self) -> int:
        return max((len(column.values) for column in self.columns.values()), default=0)


def sheet(cells: Mapping[str, Sequence[object]], **more: Any) -> Sheet:
    """Columns from lists of cells; short ones are filled up, columns without numbers left out."""
    read = {name: column(values) for name, values in unfolded(cells).items()}
    kept = {name: c for name, c in read.items() if c is not None and c.recorded.any()}
    rows = max((len(c.values) for c in kept.values()), default=0)
    return Sheet({name: _filled(c, rows) for name, c in kept.items()}, **more)


def from_rows(rows: Sequence[Mapping[str, Any]], **more: Any) -> Sheet:
    """A sheet from a list of mappings; a key that a row lacks is a cell that was not recorded."""
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    return sheet({str(name): [row.get(name) for row in rows] for name in names}, **more)


def from_columns(names: Sequence[str], columns: Sequence[Sequence[str]], **more: Any) -> Sheet:
    """A sheet from the columns of a table; those beyond the last name are left out."""
    titles = unique([name.strip() for name in names])
    return sheet(dict(zip(titles, columns, strict=False)), **more)


def of_numbers(names: Sequence[str], table: Array) -> Sheet:
    """A sheet from a table of numbers (rows, columns) in which NaN is an empty cell."""
    filled = ~np.isnan(table)
    columns = zip(unique([name.strip() for name in names]), table.T, filled.T, strict=True)
    return Sheet({name: Column(v.copy(), r.copy()) for name, v, r in columns if r.any()})


def column(cells: Sequence[object]) -> Column | None:
    """Numbers out of cells; None if there are none. An empty cell is silence, "nan" is a value."""
    if len(cells) == 0 or isinstance(cells[0], bool):
        return None
    try:
        values = np.array(cells, dtype=np.float64)
    except UNREADABLE:
        return _slowly(cells)
    return _with_gaps(values, cells) if values.ndim == 1 else None


def _with_gaps(values: Array, cells: Sequence[object]) -> Column:
    recorded = np.ones(len(values), dtype=bool)
    gaps = np.flatnonzero(np.isnan(values))
    recorded[gaps] = [cells[gap] is not None for gap in gaps.tolist()]
    return Column(values, recorded)


def _slowly(cells: Sequence[object]) -> Column | None:
    """The cells of a column with gaps or words in it."""
    present = [cell is not None and cell != "" for cell in cells]
    try:
        numbers = np.array(list(compress(cells, present)), dtype=np.float64)
    except UNREADABLE:
        return _one_by_one(cells)
    recorded = np.array(present, dtype=bool)
    values = np.full(len(cells), np.nan)
    if numbers.ndim == 1:
        values[recorded] = numbers
    return Column(values, recorded) if numbers.ndim == 1 else None


def _one_by_one(cells: Sequence[object]) -> Column | None:
    numbers = [number(cell) for cell in cells]
    recorded = np.array([n is not None for n in numbers], dtype=bool)
    values = np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)
    odd = sum(n is None and not is_missing(cell) for n, cell in zip(numbers, cells, strict=True))
    signs = sum(isinstance(cell, str) and cell.rstrip().endswith("%") for cell in cells)
    return Column(values, recorded, odd, 2 * signs > recorded.sum()) if recorded.any() else None


def is_missing(cell: object) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING)


def number(cell: object) -> float | None:
    """The number in a cell, also in one like "79.2%", "0,5", "tensor(0.5)"; else None."""
    if isinstance(cell, str) and (plain := _as_float(cell)) is not None:
        return plain
    if is_missing(cell) or isinstance(cell, bool | Mapping | list | tuple):
        return None
    if not isinstance(cell, str):
        return _as_float(cell)
    word = cell.strip().lower().strip("'\"")
    word = ODD_NUMBERS.get(word, word)
    if word.endswith("%"):
        share = _as_float(word[:-1])
        return None if share is None else share / 100
    if (plain := _as_float(word)) is not None:
        return plain
    if re.fullmatch(r"[-+]?\d+,\d+(e[-+]?\d+)?", word):
        return _as_float(word.replace(",", "."))
    wrapped = WRAPPED.match(word)
    return _as_float(wrapped[1]) if wrapped else None


def _as_float(cell: Any) -> float | None:
    try:
        return float(cell)
    except UNREADABLE:
        return None


def _filled(column: Column, rows: int) -> Column:
    short = rows - len(column.values)
    if not short:
        return column
    values = np.concatenate([column.values, np.full(short, np.nan)])
    recorded = np.concatenate([column.recorded, np.zeros(short, dtype=bool)])
    return replace(column, values=values, recorded=recorded)


def unique(names: Sequence[str]) -> list[str]:
    """The names, with a number after each that came before."""
    seen = Counter[str]()
    titles = []
    for name in names:
        titles.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return titles
