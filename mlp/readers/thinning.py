"""Thinning: what stays of a log that is too large to be held in memory.

Rows of one kind (the same cells filled in, none of them odd) are thinned alike: every second,
every fourth, and so on. Rare kinds stay whole, so that no evaluation, no NaN and no spike is lost
among millions of ordinary steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from operator import itemgetter
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.history import Array
from traindx.mlp.readers.columns import UNREADABLE, Column, Mask, Sheet

Kinds = NDArray[np.int64]
MOST_CELLS = 2**22
MOST_VALUES = 2**20
"""In rows of their own, which take more memory than columns."""
SPIKE = 10.0
"""How many medians a value measures that stands out among its neighbours."""


@dataclass
class Sieve:
    """Lets every n-th row of each kind through, with a greater n where it gets too full."""

    most: int
    seen: dict[int, int] = field(default_factory=dict)
    every: dict[int, int] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=lambda: np.zeros(0, np.int64))
    places: Kinds = field(default_factory=lambda: np.zeros(0, np.int64))

    def admit(self, kinds: Kinds) -> Mask:
        """Which of further rows pass."""
        places = np.zeros(len(kinds), np.int64)
        passed = np.zeros(len(kinds), bool)
        for kind in map(int, np.unique(kinds)):
            rows = np.flatnonzero(kinds == kind)
            places[rows] = self.seen.get(kind, 0) + np.arange(len(rows))
            passed[rows] = places[rows] % self.every.setdefault(kind, 1) == 0
            self.seen[kind] = self.seen.get(kind, 0) + len(rows)
        self.kinds = np.concatenate([self.kinds, kinds[passed]])
        self.places = np.concatenate([self.places, places[passed]])
        return passed

    def relieve(self) -> Mask:
        """Which of the rows that passed stay, so that they are not too many."""
        stays = np.ones(len(self.kinds), bool)
        while stays.sum() > self.most:
            kind = int(np.argmax(np.bincount(self.kinds[stays])))
            self.every[kind] *= 2
            stays &= (self.kinds != kind) | (self.places % self.every[kind] == 0)
        self.kinds, self.places = self.kinds[stays], self.places[stays]
        return stays

    def notes(self) -> tuple[str, ...]:
        """How much was left out."""
        rows, most = sum(self.seen.values()), max(self.every.values(), default=1)
        if most == 1:
            return ()
        note = f"{rows:,} rows are too many to be held: of ordinary ones every {most}th was kept"
        return (f"{note}, {len(self.kinds):,} in all",)


# --- Sheets ------------------------------------------------------------------------------------


def thinned_sheet(sheets: Iterable[Sheet]) -> Sheet:
    """The sheets of one log after each other, as one."""
    sieve, kept, codes = Sieve(0), Sheet({}), dict[int, int]()
    for sheet in sheets:
        passed = sieve.admit(_kinds(sheet, codes))
        kept = _after(kept, _only(sheet, passed))
        sieve.most = MOST_CELLS // max(1, len(kept.columns))
        if len(sieve.kinds) > sieve.most:
            kept = _only(kept, sieve.relieve())
    return replace(kept, notes=(*kept.notes, *sieve.notes()))


def _kinds(sheet: Sheet, codes: dict[int, int]) -> Kinds:
    """The kind of each row, by a small number that is the same in all sheets of a log."""
    code = np.zeros(sheet.rows, np.int64)
    for title, column in sheet.columns.items():
        code += crc32(title.encode("utf-8", "replace")) * _states(column)
    found, inverse = np.unique(code, return_inverse=True)
    return np.array([codes.setdefault(int(c), len(codes)) for c in found], np.int64)[inverse]


def _states(column: Column) -> Kinds:
    """Of each cell: 0 nothing, 1 a number, 2 not finite, 3 far above the others."""
    size = np.abs(column.values)
    finite = np.isfinite(size)
    usual = float(np.median(size[finite])) if finite.any() else 0.0
    states = np.where(column.recorded, np.where(finite, 1, 2), 0)
    if usual and not _is_counter(column):
        states[finite & (size > SPIKE * usual)] = 3
    return states.astype(np.int64)


def _is_counter(column: Column) -> bool:
    """Whether the values only rise, as steps do."""
    return bool(np.all(np.diff(column.values[column.recorded]) >= 0))


def _only(sheet: Sheet, rows: Mask) -> Sheet:
    columns = {
        title: replace(c, values=c.values[rows], recorded=c.recorded[rows])
        for title, c in sheet.columns.items()
    }
    before = np.concatenate([[0], np.cumsum(rows)])
    return replace(sheet, columns=columns, starts=tuple(int(before[s]) for s in sheet.starts))


def _after(first: Sheet, second: Sheet) -> Sheet:
    """Both sheets as one; a column that only one has is empty in the other."""
    above, below = first.rows, second.rows
    titles = dict.fromkeys([*first.columns, *second.columns])
    columns = {
        t: _joined(first.columns.get(t) or _empty(above), second.columns.get(t) or _empty(below))
        for t in titles
    }
    starts = (*first.starts, *(above + s for s in second.starts))
    notes = tuple(dict.fromkeys((*first.notes, *second.notes)))
    return replace(second, columns=columns, starts=starts, notes=notes)


def _empty(rows: int) -> Column:
    return Column(np.full(rows, np.nan), np.zeros(rows, bool))


def _joined(first: Column, second: Column) -> Column:
    return Column(
        np.concatenate([first.values, second.values]),
        np.concatenate([first.recorded, second.recorded]),
        first.text + second.text,
        first.percent or second.percent,
    )


# --- Rows --------------------------------------------------------------------------------------


def thinned_rows(
    batches: Iterable[Sequence[Mapping[str, Any]]],
) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    """The rows of a log that comes in batches, and how much was left out."""
    sieve, shapes = Sieve(0), Shapes()
    kept: list[Mapping[str, Any]] = []
    for rows in batches:
        kept += compress(rows, sieve.admit(_shapes(rows, shapes)))
        sieve.most = MOST_VALUES // max(1, max(map(len, rows[:100]), default=1))
        if len(kept) > sieve.most:
            kept = [*compress(kept, sieve.relieve())]
    return kept, sieve.notes()


class Shapes(dict[tuple[str, ...], int]):
    """An even number for each set of keys, in the order in which they are met."""

    def __missing__(self, keys: tuple[str, ...]) -> int:
        return self.setdefault(keys, 2 * len(self))


def _shapes(rows: Sequence[Mapping[str, Any]], shapes: Shapes) -> Kinds:
    """The kind of each row: which keys it has, and whether a number in it is odd."""
    kinds = np.fromiter(map(shapes.__getitem__, map(tuple, rows)), np.int64, len(rows))
    odd = np.zeros(len(rows), bool)
    for kind in map(int, np.unique(kinds)):
        alike = kinds == kind
        group = rows if alike.all() else [*compress(rows, alike)]
        for key in group[0]:
            odd[alike] |= _are_odd([*map(itemgetter(key), group)])
    return kinds + odd


def _are_odd(cells: Sequence[Any]) -> Mask:
    """Which of the cells of one column are numbers that stand out."""
    if float not in set(map(type, cells[:50])):
        return np.zeros(len(cells), bool)
    try:
        numbers = np.array(cells, np.float64)
    except UNREADABLE:
        numbers = np.array([c if type(c) is float else 0.0 for c in cells])
    return _is_odd(numbers)


def _is_odd(numbers: Array) -> Mask:
    """Which are not finite, or stand out; 0 stands for what is not there."""
    size = np.abs(numbers)
    there = size[np.isfinite(size) & (size > 0)]
    return ~(size <= (SPIKE * float(np.median(there)) if len(there) else np.inf))
