"""Runs: where the rows of a sheet lie, where in it each run begins, and the axis of a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.history import Array
from traindx.mlp.readers.columns import Column, Mask, Sheet
from traindx.mlp.readers.named import Named
from traindx.mlp.readers.names import axis_rank

FARTHEST = 2.0**53
LATE = 10
"""Intervals of the log before its first row, if it begins in the middle of a run."""
MANY_ROWS = 1000
"""Rows without a step or an epoch column beyond which they are thought to be steps."""


@dataclass(frozen=True)
class Part:
    """The rows of one run."""

    rows: slice
    named: tuple[Named, ...]


@dataclass(frozen=True)
class Axis:
    """Where the rows lie: `places` (rows,), and the epochs, if another column has them."""

    kind: Literal["epoch", "step"]
    places: Array
    epochs: Column | None = None
    notes: tuple[str, ...] = ()
    numbered: bool = False
    """Whether the rows were counted, for no column says where they are."""


# --- Which column says where a row lies --------------------------------------------------------


def axis_columns(sheet: Sheet, said: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The names of the best step column and the best epoch column, by name or by what is `said`."""
    return _axis_column(sheet, said, "step"), _axis_column(sheet, said, "epoch")


def _axis_column(sheet: Sheet, said: Mapping[str, str], axis: str) -> str | None:
    ranks: dict[str, int] = {}
    for title, column in sheet.columns.items():
        told = said.get(title)
        rank = axis_rank(title, axis) if told is None else -1 if told.rstrip("@") == axis else None
        if rank is not None and _is_axis(column):
            ranks[title] = rank
    return min(ranks, key=lambda title: ranks[title], default=None)


def _is_axis(column: Column) -> bool:
    places = column.values[_is_place_value(column.values)]
    if 2 * len(places) < len(column.values):
        return False
    return len(column.values) <= 2 or bool(np.ptp(places) > 0)


def carried(column: Column) -> Array:
    """The values with the last one before each gap filled in."""
    known = _is_place_value(column.values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
    filled = column.values[last]
    first = column.values[known][0] if known.any() else 0.0
    return np.where(_is_place_value(filled), filled, first)


def _is_place_value(values: Array) -> Mask:
    """Which values can be steps: finite, and small enough to be counted."""
    return np.abs(values) < FARTHEST


# --- Runs --------------------------------------------------------------------------------------


def parts(
    sheet: Sheet, named: Sequence[Named], places: Column | None, epoch: str | None
) -> Iterator[Part]:
    """The runs of a sheet, by the `places` of its rows and by the column of epochs."""
    starts = _genuine(_starts(sheet, places, epoch), named, sheet.rows)
    for start, end in zip(starts, [*starts[1:], sheet.rows], strict=True):
        rows = slice(start, end)
        here = (replace(n, column=n.column.at(rows)) for n in named)
        yield Part(rows, tuple(n for n in here if n.column.recorded.any()))


def _genuine(starts: Sequence[int], named: Sequence[Named], rows: int) -> list[int]:
    """The starts after which a column goes on; training then evaluation rows are one run."""
    kept = [0]
    for start, end in pairwise([*starts[1:], rows]):
        before, after = slice(kept[-1], start), slice(start, end)
        if any(n.column.recorded[before].any() and n.column.recorded[after].any() for n in named):
            kept.append(start)
    return kept


def _starts(sheet: Sheet, places: Column | None, epoch: str | None) -> list[int]:
    """The rows where a run begins: the place falls back to where the run began."""
    if places is None:
        return [0, *(s for s in sheet.starts if 0 < s < sheet.rows)]
    x = carried(places)
    drops = np.flatnonzero(np.diff(x) < 0) + 1
    if epoch and _resets(x, drops, sheet.columns[epoch]):
        drops = np.flatnonzero(np.diff(carried(sheet.columns[epoch])) < 0) + 1
        x = carried(sheet.columns[epoch])
    if 4 * len(drops) > len(x) > 8 and not sheet.starts:
        return [0]
    headers = {s for s in sheet.starts if 0 < s < len(x) and x[s] <= x[s - 1]}
    starts = [0]
    for i in sorted({int(drop) for drop in drops} | headers):
        begin = x[starts[-1]]
        if i in headers or x[i] - begin <= 0.1 * (x[i - 1] - begin):
            starts.append(i)
    return starts


def _resets(x: Array, drops: NDArray[np.intp], epoch: Column) -> bool:
    """Whether the steps are counted anew in each epoch."""
    epochs = carried(epoch)
    return bool(len(drops)) and 2 * int(np.sum(epochs[drops] > epochs[drops - 1])) > len(drops)


# --- Axis --------------------------------------------------------------------------------------


def axis_of(part: Part, step: Column | None, epoch: Column | None) -> Axis:
    """The axis of a run: its steps, or its epochs, or else its rows, numbered."""
    rows = part.rows.stop - part.rows.start
    numbered = np.arange(1.0, rows + 1)
    step, epoch = _where_counted(step), _where_counted(epoch)
    if step is None and epoch is None:
        return Axis("step" if rows > MANY_ROWS else "epoch", numbered, numbered=True)
    if step is not None:
        places, notes = _global(step, epoch)
        if _distinct(part, places) > 0.5:
            return Axis("step", places, epoch, notes)
    if epoch is not None:
        places = carried(epoch)
        if _distinct(part, places) > 2 / 3 and (step is None or np.all(np.diff(places) > 0)):
            return Axis("epoch", places)
    note = "several rows have one step or epoch; the rows were numbered instead"
    return Axis("step", numbered, epoch, (note,), numbered=True)


def _where_counted(column: Column | None) -> Column | None:
    return column if column is not None and _is_place_value(column.values).any() else None


def _global(step: Column, epoch: Column | None) -> tuple[Array, tuple[str, ...]]:
    """Steps counted through, where they are counted anew in each epoch."""
    x = carried(step)
    drops = np.flatnonzero(np.diff(x) < 0) + 1
    if epoch is None or not _resets(x, drops, epoch):
        return x, ()
    rises = np.diff(x)
    spacing = float(np.median(rises[rises > 0])) if (rises > 0).any() else 1.0
    back = np.zeros(len(x))
    back[drops] = x[drops - 1] - x[drops] + spacing
    return x + np.cumsum(back), ("steps are counted anew in each epoch; they were counted through",)


def _distinct(part: Part, places: Array) -> float:
    """The share of distinct places among those of the fullest column."""
    fullest = max(part.named, key=lambda n: int(n.column.recorded.sum()), default=None)
    if fullest is None:
        return 1.0
    own = places[fullest.column.recorded]
    return len(np.unique(own)) / len(own)


def of_start(axis: Axis) -> tuple[str, ...]:
    """That the log begins in the middle of a run, as one that was resumed does."""
    places = np.unique(axis.places[: 10 * MANY_ROWS])
    if axis.numbered or len(places) < 3 or places[0] <= LATE * float(np.median(np.diff(places))):
        return ()
    return (f"it begins at {axis.kind} {places[0]:g}; what came before is not in it",)
