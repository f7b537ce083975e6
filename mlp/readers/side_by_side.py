"""Several tables of one run as rows: what stands at one step in any of them is one row."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import isfinite, nan
from typing import Any

from traindx.mlp.readers.columns import Sheet
from traindx.mlp.readers.names import is_ignored, is_place

Row = dict[str, Any]
Place = tuple[int, float]
"""How often the steps of a table began anew before a row, and its step."""
ANEW = 0.1
"""The share of the way to which steps fall where a run begins anew."""


def laid(rows: Iterable[Iterable[tuple[Place, Row]]]) -> list[Row]:
    """The rows of tables by their places; another value in the same place has a row of its own."""
    places: dict[Place, list[Row]] = {}
    for place, row in chain.from_iterable(rows):
        there = places.setdefault(place, [{}])
        if any(there[-1].get(title, value) != value for title, value in row.items()):
            there.append({})
        there[-1].update(row)
    return [row for place in sorted(places) for row in places[place]]


def rows_of(sheet: Sheet, prefix: str) -> Iterator[tuple[Place, Row]]:
    """The rows of a table with their places; the prefix stands before all names but of places."""
    axes = [title for title in sheet.columns if is_place(title)]
    kept = {t: c for t, c in sheet.columns.items() if t in axes or not is_ignored(t)}
    names = [title if title in axes else f"{prefix}{title}" for title in kept]
    values = [c.values.tolist() for c in kept.values()]
    recorded = [c.recorded.tolist() for c in kept.values()]
    place = axes[0] if axes else ""
    cells = zip(zip(*values, strict=True), zip(*recorded, strict=True), strict=True)
    rows = [{n: v for n, v, k in zip(names, *cell, strict=True) if k} for cell in cells]
    yield from zip(_counted(rows, place), rows, strict=True)


def _counted(rows: Iterable[Mapping[str, Any]], title: str) -> Iterator[Place]:
    """The place of each row; one without a step stands where the one before it does."""
    steps = [float(row.get(title, nan)) for row in rows]
    start = next(filter(isfinite, steps), 0.0)
    begun, last = 0, start
    for known in steps:
        step = known if isfinite(known) else last
        if step < last and step - start <= ANEW * (last - start):
            begun, start = begun + 1, step
        start, last = min(start, step), step
        yield begun, step
