"""Losses and gradient norms that are exactly zero, as hardly any sum of rounded numbers is."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import end_of_sense, fake_zeros
from traindx.mlp.history import Array, History, Series
from traindx.mlp.monitors import monitor

QUANTITIES = (("loss", "train"), ("loss", "val"), ("gradient_norm", ""))


class ExactZero(Fact):
    """The exact zeros of a series (none: share 0). One ending in NaN is read up to there."""

    signal: ClassVar[str] = "the loss or the gradient norm of every step"
    about: ClassVar[tuple[str, ...]] = ("quantity", "scope")
    signals: ClassVar[Mapping[str, str]] = {"gradient_norm": "the gradient norm"}

    quantity: str
    scope: str
    since: float | None
    """Where the longest run of zeros begins."""
    share: float
    run: int
    """The longest run of zeros."""
    from_start: bool
    positive_before: bool
    """Whether there was a positive value before that run."""
    trailing: bool
    """Whether that run lasts to the end."""
    rounded: bool
    """Whether the values before had come down to the last digit that was written."""
    stands_for_nan: bool
    """Whether it is a loss under gradient norms that are not finite: zeros written for NaN."""


@monitor
def exact_zero(history: History) -> Iterator[ExactZero]:
    fake = fake_zeros(history)
    for quantity, scope in QUANTITIES:
        series = history.get(quantity, scope)
        if series is not None and not np.isfinite(fake):
            series = series.before(end_of_sense(history))
        if series is not None and len(series):
            stands = quantity == "loss" and scope == "train" and bool(np.isfinite(fake))
            yield _zeros(quantity, scope, series, stands)


def _zeros(quantity: str, scope: str, series: Series, stands: bool) -> ExactZero:
    zero = series.values == 0
    start, run = longest(zero)
    before = series.values[:start]
    return ExactZero(
        quantity=quantity,
        scope=scope,
        since=float(series.steps[start]) if run else None,
        share=float(zero.mean()),
        run=run,
        from_start=bool(run and start == 0),
        positive_before=bool(run and (before > 0).any()),
        trailing=bool(run and start + run == len(zero)),
        rounded=_is_rounded(before[before > 0]),
        stands_for_nan=stands,
    )


def _is_rounded(positive: Array) -> bool:
    """Whether all are multiples of one value, and the last is no more than thrice that."""
    if not len(positive) or not np.isfinite(positive).all():
        return False
    digit, last = float(positive.min()), float(positive[-1])
    times = positive / digit
    whole = bool(np.all(np.abs(times - np.round(times)) < 1e-6 * times))
    return whole and last < 3.5 * digit < 0.5 * float(positive.max())


def longest(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int]:
    """Where the longest run of True begins and how long it is; (0, 0) if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    which = int(np.argmax(ends - starts))
    return int(starts[which]), int(ends[which] - starts[which])
