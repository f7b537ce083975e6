"""Evaluations that repeat the one before to the last digit, which are no new measurements.

They arise where a logger carries old values on, or where no optimizer step lay between two of
them, as with fewer batches an epoch than gradients are accumulated over.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.history import Array
from traindx.mlp.readers.columns import Column, Mask

DIGITS = 5
"""Significant digits of a loss by which it shows that it was not measured anew."""
LONGEST = 0.25
"""The share of the evaluations above which a stretch of one value is a finding of its own."""


def repeated(columns: Sequence[Column], losses: Sequence[Column]) -> NDArray[np.intp]:
    """The rows whose evaluation is that of the row before; none, if values merely stand still.

    One of the losses must show it, since shares of a set and rounded numbers coincide by chance.
    """
    moving = [c for c in columns if _moves(c)]
    none = np.zeros(0, dtype=np.intp)
    if not moving:
        return none
    rows = np.flatnonzero(np.logical_or.reduce([c.recorded for c in moving]))
    if len(rows) < 3 or not all(c.recorded[rows].all() for c in moving):
        return none
    table = np.array([c.values[rows] for c in moving])
    again = np.append(False, np.all(table[:, 1:] == table[:, :-1], axis=0))
    if not any(_exact(c.values[rows[again]]) for c in losses):
        return none
    return rows[again] if _stretches(again).max() <= LONGEST * len(rows) else none


def _moves(column: Column) -> bool:
    finite = column.values[np.isfinite(column.values)]
    return bool(len(finite) and np.ptp(finite) > 0)


def _exact(values: Array) -> bool:
    """Whether most values have so many digits that they do not coincide by chance."""
    size = np.abs(values[values != 0])
    scaled = size / 10.0 ** (np.floor(np.log10(size)) - DIGITS + 2)
    return bool(2 * np.sum(np.abs(scaled - np.round(scaled)) > 1e-6) > len(values))


def _stretches(again: Mask) -> NDArray[np.intp]:
    """How many repetitions stand in a row, for each stretch of them."""
    edges = np.diff(np.concatenate([[0], again.astype(np.int64), [0]]))
    return np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
