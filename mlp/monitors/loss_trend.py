"""The course of a loss: how far it fell, how much of that it lost again, and since when."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, late, line, losses, part, ratio, sigmas
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LOSS_OF_SPLIT


class LossTrend(Fact):
    """The course of one split's loss. All levels are smoothed as far as the noise demands."""

    signal: ClassVar[str] = "the loss of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = LOSS_OF_SPLIT

    split: str
    points: int
    first: float
    best: float
    last: float
    best_step: float
    """Of the lowest value, among the levels that are as low as the lowest."""
    last_step: float
    best_at: float
    """The share of the run at which the best level was reached."""
    fall: float
    """From the first level to the best, relative to the first (to the spread, if not positive)."""
    fall_sigmas: float | None
    total_fall: float
    """From the first level to the last, likewise; negative when it rose."""
    rebound: float
    """From the best level to the last, as a share of the best (of the spread, if not positive)."""
    lost: float
    """The share of the progress that was lost again; 0 where there was none."""
    rebound_sigmas: float | None
    noise: float | None
    """The noise of one point, as a share of the level."""
    significant: bool | None
    """Whether the fall is more than noise gives by chance."""
    monotone: float
    """The share of the steps of the level that go down."""
    recovered: bool
    """Whether it rose by more than the noise, and fell again."""
    negative: bool
    constant: bool
    early_rise: float
    """The highest level of the first fifth, over the first level."""
    halving: float | None
    """The share of the run that half of the fall took."""
    log_slope: float
    """The change over the last quarter as a share of its level; positive when it rises."""
    slope_sigmas: float | None
    since: float | None
    """The step at which it began to rise, if it ended significantly above its best."""


@monitor
def loss_trend(history: History) -> Iterator[LossTrend]:
    for split, found in losses(history).items():
        yield _trend(split, found)


def _trend(split: str, found: Curve) -> LossTrend:
    tail = line(found, late(found, 0.25))
    return LossTrend(
        split=split,
        points=found.points,
        first=found.first,
        best=found.best,
        last=found.last,
        best_step=float(found.steps[found.turn]),
        last_step=float(found.steps[-1]),
        best_at=found.share(found.lowest),
        fall=ratio(progress(found), found.scale, 0.0),
        fall_sigmas=found.fall_sigmas,
        total_fall=ratio(found.first - found.last, found.scale, 0.0),
        rebound=ratio(found.last - found.best, found.size(found.best), 0.0),
        lost=lost(found),
        rebound_sigmas=found.rebound_sigmas,
        noise=found.noise,
        significant=_significant(found),
        monotone=float(np.mean(np.diff(found.level) < 0)),
        recovered=_recovered(found),
        negative=found.least < 0,
        constant=is_constant(found),
        early_rise=_early_rise(found),
        halving=_halving(found),
        log_slope=ratio(tail.change, found.size(abs(tail.middle)), 0.0),
        slope_sigmas=sigmas(tail.change, tail.error) if found.measured else None,
        since=_since(found),
    )


def progress(found: Curve) -> float:
    """From the first level to the best."""
    return max(0.0, found.first - found.best)


def lost(found: Curve) -> float:
    """The share of the progress lost again; progress within two sigmas of nothing is none."""
    beyond = found.fall_sigmas
    if beyond is not None and beyond < 2:
        return 0.0
    return part(found.last - found.best, progress(found)) if progress(found) else 0.0


def is_constant(found: Curve) -> bool:
    """Whether the exact values stay within 1e-4 of their level."""
    size = max(abs(found.least), abs(found.greatest))
    return found.greatest - found.least <= 1e-4 * size


def _significant(found: Curve) -> bool | None:
    beyond = found.fall_sigmas
    return None if beyond is None else beyond > 4 and not is_constant(found)


def _since(found: Curve) -> float | None:
    beyond = found.rebound_sigmas
    risen = beyond is not None and beyond > 3
    return float(found.steps[found.turn]) if risen else None


def _early_rise(found: Curve) -> float:
    top = float(found.level[: max(2, len(found.level) // 5)].max())
    return 1 + ratio(max(0.0, top - found.first), found.scale, 0.0)


def _halving(found: Curve) -> float | None:
    half = progress(found) / 2
    if half == 0:
        return None
    return found.share(int(np.argmax(found.level <= found.first - half)))


def _recovered(found: Curve) -> bool:
    """Whether a rise of six sigmas and a tenth of the progress was three quarters undone."""
    lowest = np.minimum.accumulate(found.level)
    above = found.level - lowest
    top = int(np.argmax(above))
    after = float(found.level[top] - found.level[top:].min())
    beyond = found.sigmas(float(above[top]), top)
    noticed = beyond is not None and beyond > 6 and above[top] > 0.1 * progress(found)
    return noticed and after >= 0.75 * float(above[top])
