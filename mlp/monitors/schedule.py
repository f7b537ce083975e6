"""The learning rate over the run, as it was recorded."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from traindx.engine.facts import Fact
from traindx.mlp.curves import ratio, sound
from traindx.mlp.history import Array, History, Series
from traindx.mlp.monitors import monitor


class Schedule(Fact):
    """The course of the learning rate (of the first group, where there are several)."""

    signal: ClassVar[str] = "the learning rate of every step or epoch"

    first: float
    peak: float
    last: float
    constant: bool
    zero_share: float
    """The share of the points at which it is exactly zero."""
    warmup_share: float
    """The share of the run before it first reaches 99 % of its peak; 0 where it never rose."""
    decayed: float | None
    """The last over the peak."""
    dead_tail_share: float
    """The share of the run at the end spent at a thousandth of the peak or less."""
    jumps: int
    """How often it rose more than twofold or fell more than fivefold in an unusual step."""
    largest_jump: float
    """The largest such factor, up or down; 1 if there is none."""
    jump_step: float | None
    starts_at_peak: bool
    reacts: bool
    """Whether it fell three times or more by one factor after waits of unequal length, as a
    scheduler does that waits until the loss stands still."""


@monitor
def schedule(history: History) -> Iterator[Schedule]:
    scope = next(iter(history.over("learning_rate")), None)
    found = None if scope is None else sound(history, "learning_rate", scope)
    if found is not None:
        rates = found.values
        peak = float(rates.max())
        start = int(np.argmax(rates >= 0.99 * peak))
        jumps, sizes = _jumps(rates, start)
        top = int(jumps[np.argmax(sizes[jumps])]) if len(jumps) else None
        yield Schedule(
            first=float(rates[0]),
            peak=peak,
            last=float(rates[-1]),
            constant=bool(np.ptp(rates) <= 1e-6 * abs(peak)),
            zero_share=float(np.mean(rates == 0)),
            warmup_share=_share(found, start),
            decayed=ratio(float(rates[-1]), peak),
            dead_tail_share=_dead_tail(found, peak),
            starts_at_peak=bool(start == 0 and peak > 0),
            reacts=_reacts(found, start),
            jumps=len(jumps),
            largest_jump=float(sizes[top]) if top is not None else 1.0,
            jump_step=None if top is None else float(found.steps[top + 1]),
        )


def _share(found: Series, place: int) -> float:
    return float((found.steps[place] - found.steps[0]) / (found.steps[-1] - found.steps[0]))


def _dead_tail(found: Series, peak: float) -> float:
    """From the last point that is alive, exclusive: the last point of a decay to 0 is no tail."""
    alive = np.flatnonzero(found.values > 1e-3 * peak)
    if not len(alive):
        return 1.0
    start = int(alive[-1]) + 1
    return 1 - _share(found, start) if start < len(found) else 0.0


def _reacts(found: Series, start: int) -> bool:
    """By the cuts after the peak; between them the rate must not move."""
    rates = found.values[start:]
    cuts = np.flatnonzero(rates[1:] < rates[:-1] * (1 - 1e-6))
    if len(cuts) < 3 or len(cuts) > len(rates) / 3 or (np.diff(rates) > 0).any():
        return False
    factors = (rates[cuts + 1] / rates[cuts])[:-1]  # the last one may end at a floor
    return bool(np.ptp(factors) < 0.02 and np.ptp(np.diff(cuts)) > 0)


def _jumps(rates: Array, peak: int) -> tuple[NDArray[np.intp], Array]:
    """The places before the jumps, and every step's factor, up or down, (points - 1,).

    What rises before the peak is a warm-up and no jump; nor is the end of a steady decay to zero,
    whose change is the usual one.
    """
    factors = _factors(rates)
    warming = (np.arange(1, len(rates)) <= peak) & (factors > 1)
    change = np.abs(np.diff(rates))
    sudden = (change > 5 * np.median(change)) & (rates[:-1] > 0)
    jump = ((factors > 2) | (factors < 0.2)) & sudden & ~warming
    return np.flatnonzero(jump), np.maximum(factors, 1 / factors)


def _factors(rates: Array) -> Array:
    """Each rate over the one before it, (points - 1,)."""
    before, after = np.abs(rates[:-1]), np.abs(rates[1:])
    least = 1e-12 * max(float(np.abs(rates).max()), 1e-300)
    return np.asarray(np.maximum(after, least) / np.maximum(before, least))
