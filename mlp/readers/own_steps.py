"""Rows of an evaluation whose steps are counted by themselves, put where they stand in the log.

So count Lightning the batches of `trainer.test()`, and mmengine the epochs of its validation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.history import Array
from traindx.mlp.readers.columns import Column, Mask

FAR_BEHIND = 0.5
"""The share of the training's steps below which an evaluation must have another count."""
MOST = 0.75


@dataclass(frozen=True)
class Evaluations:
    """`rows` whose count is another, and where in `rows` each evaluation starts and ends."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    places: Array
    """The step of training before each of the rows."""

    def placed(self, steps: Column) -> Column:
        values = steps.values.copy()
        values[self.rows] = self.places
        return replace(steps, values=values)

    def averaged(self, column: Column) -> Column:
        """The column with one value for each evaluation, the mean over its rows."""
        values, recorded = column.values.copy(), column.recorded.copy()
        known = recorded[self.rows]
        counts = np.add.reduceat(known.astype(np.int64), self.starts)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(np.where(known, values[self.rows], 0.0), self.starts)
        values[self.rows], recorded[self.rows] = np.nan, False
        last = self.rows[self.ends]
        values[last] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        recorded[last] = counts > 0
        return replace(column, values=values, recorded=recorded)


def evaluations(steps: Array, trained: Mask, evaluated: Mask) -> Evaluations | None:
    """The rows of evaluations, all (rows,), that have a count of their own; None if none have.

    Training must go on after them where it was, or the log is one of several runs.
    """
    before, after = _neighbours(trained)
    rows = np.flatnonzero(evaluated & (before >= 0))
    behind, ahead = steps[before[rows]], np.append(steps, np.inf)[after[rows]]
    moved = (steps[rows] < behind) & (ahead >= behind)
    if not moved.any():
        return None
    far = moved & (steps[rows] <= FAR_BEHIND * behind)
    starts = _starts(before[rows])
    sizes = np.diff(np.append(starts, len(rows)))
    surely = np.add.reduceat(far.astype(np.int64), starts) > MOST * sizes
    if 2 * surely.sum() <= np.logical_or.reduceat(moved, starts).sum():
        return None
    rows, places = rows[moved], behind[moved]
    starts = _starts(before[rows])
    return Evaluations(rows, starts, np.append(starts[1:], len(rows)) - 1, places)


def remark(titles: Sequence[str], found: Evaluations) -> str:
    """What is said of the columns of such rows."""
    several = ", each evaluation as its mean" * (len(found.starts) < len(found.rows))
    return (
        f"{', '.join(map(repr, titles))}: counted by steps of their own; "
        f"they were placed after the training row that stands before them{several}"
    )


def _neighbours(trained: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The row of training before each row (-1 if there is none) and after it (or the length)."""
    order = np.arange(len(trained))
    before = np.maximum.accumulate(np.where(trained, order, -1))
    after = np.minimum.accumulate(np.where(trained, order, len(trained))[::-1])[::-1]
    return before, after


def _starts(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.append(0, np.flatnonzero(np.diff(blocks)) + 1)
