"""Named: the columns of a sheet that mean something, without the NaN that are only empty cells.

Missing or not a number: an empty cell, `None` or `#na#` is silence. A NaN that was written is a
value, and training that broke is known by it, except where the row belongs to another split (only
its columns have numbers there) and the series goes on afterwards, in columns half of which or more
are NaN. In a data frame, which has no other word for an empty cell, a NaN is silence as soon as
the row has another number and the series goes on, or if only another split has numbers in the row;
a NaN at the end next to numbers of its own split is a value there too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from traindx.mlp.history import Name
from traindx.mlp.readers.columns import Column, Mask, Sheet
from traindx.mlp.readers.names import (
    Meaning,
    declared,
    is_ignored,
    is_place,
    meaning,
    plain,
    without_split,
)


@dataclass(frozen=True)
class Named:
    """A column and what it means."""

    title: str
    column: Column
    meaning: Meaning

    @property
    def name(self) -> Name:
        return self.meaning.quantity, self.meaning.scope

    @property
    def split(self) -> str:
        return self.meaning.scope.partition("/")[0] or "train"

    @property
    def is_metric(self) -> bool:
        return self.meaning.quantity in ("accuracy", "metric")

    @property
    def rest(self) -> str:
        """The title without the words that name a split."""
        return without_split(self.title) or plain(self.title)

    def as_(self, quantity: str, scope: str) -> "Named":
        return replace(self, meaning=replace(self.meaning, quantity=quantity, scope=scope))


def listed(titles: Mapping[str, Any] | Sequence[str], most: int = 12) -> str:
    """The titles as a note names them, the first of many."""
    shown = ", ".join(f"'{title}'" for title in list(titles)[:most])
    return shown + (f" and {len(titles) - most} more" if len(titles) > most else "")


def named_columns(
    sheet: Sheet, said: Mapping[str, str], axes: set[str | None], called: Mapping[str, str]
) -> tuple[list[Named], list[str]]:
    """The columns that mean something, and the titles of those that do not.

    `said` is what is known of columns, `called` by which other name their meaning is looked up.
    """
    named, unknown = [], []
    for title, column in sheet.columns.items():
        told = said.get(title)
        if title in axes or told == "":
            continue
        found = declared(told) if told else _meant(title, called.get(title), sheet)
        if found is not None and found.quantity not in ("step", "epoch"):
            named.append(Named(title, column, found))
        elif not told and not is_ignored(title) and not is_place(title):
            unknown.append(title)
    return _silenced(named, sheet.frame), unknown


def _meant(title: str, called: str | None, sheet: Sheet) -> Meaning | None:
    """What a column means by what it is called, if that is told."""
    if is_ignored(title):
        return None
    found = declared(called) if called and "@" in called else meaning(called or title)
    if found is not None and found.quantity == "accuracy" and _is_one_of_two(title, sheet):
        return None
    return found


def _is_one_of_two(title: str, sheet: Sheet) -> bool:
    """Whether the 1 at its end is the number of a data set, after 0, and not that of top-1."""
    return title.endswith("1") and f"{title[:-1]}0" in sheet.columns


# --- NaN: silence or value ---------------------------------------------------------------------


def _silenced(named: list[Named], frame: bool) -> list[Named]:
    """The columns without the NaN that only mean an empty cell (see above)."""
    gappy = [n for n in named if np.isnan(n.column.values[n.column.recorded]).any()]
    if not gappy:
        return named
    finite = {n.title: np.isfinite(n.column.values) for n in named}
    return [_without_silence(n, named, finite, frame) if n in gappy else n for n in named]


def _without_silence(
    this: Named, named: Sequence[Named], finite: Mapping[str, Mask], frame: bool
) -> Named:
    own, other = np.zeros((2, len(this.column.values)), dtype=bool)
    for n in named:
        if n is not this:
            side = own if n.split == this.split else other
            side |= finite[n.title]
    nan = np.isnan(this.column.values) & this.column.recorded
    if not frame and 2 * nan.sum() < this.column.recorded.sum():
        return this
    ahead = _goes_on(finite[this.title])
    elsewhere = ~own & other
    silent = nan & (((own | other) & ahead) | elsewhere if frame else elsewhere & ahead)
    return replace(this, column=this.column.only(~silent))


def _goes_on(finite: Mask) -> Mask:
    """The rows after which a number follows, or whose gap is no longer than an earlier one."""
    places = np.flatnonzero(finite)
    if not len(places):
        return np.zeros(len(finite), dtype=bool)
    longest = int(np.max(np.diff(places), initial=1)) - 1
    end = places[-1] if len(finite) - 1 - places[-1] > longest else len(finite)
    return np.arange(len(finite)) < end
