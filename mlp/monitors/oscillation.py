"""How restlessly a loss goes up and down."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, losses, ratio, straightened
from traindx.mlp.history import Array, History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LOSS_OF_SPLIT


class Oscillation(Fact):
    """The ups and downs of a loss around its course."""

    signal: ClassVar[str] = "the loss of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = LOSS_OF_SPLIT

    split: str
    amplitude: float
    """Root mean square deviation from the course, relative to the level."""
    reversal_share: float
    """The share of the points at which it turns (two thirds, if it is all noise)."""
    rising_share: float
    """The share of the steps that rise by more than 2 % of the level."""
    growth: float | None
    """The absolute amplitude of the last third over that of the first."""


@monitor
def oscillation(history: History) -> Iterator[Oscillation]:
    for split, found in losses(history).items():
        if len(found.values) >= 4:
            swing = _swing(found)
            third = len(swing) // 3
            yield Oscillation(
                split=split,
                amplitude=_rms(swing),
                reversal_share=_reversals(found.values),
                rising_share=_rising(found),
                growth=_growth(found, swing, third) if third > 1 else None,
            )


def _growth(found: Curve, swing: Array, third: int) -> float | None:
    """Of the absolute swings: constant noise on a falling loss does not grow."""
    size = found.level if found.positive else np.ones_like(found.level)
    return ratio(_rms(swing[-third:] * size[-third:]), _rms(swing[:third] * size[:third]))


def _swing(found: Curve) -> Array:
    """The deviations from a straight line in five points, relative to the level."""
    window = 5 if len(found.values) >= 8 else 3
    course = straightened(found.values, window)
    size = np.abs(course) if found.positive else np.full_like(course, found.spread)
    floor = max(found.least, 0.0) if found.positive else found.spread
    size = np.maximum(size, floor)
    return np.divide(found.values - course, size, out=np.zeros_like(course), where=size > 0)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.minimum(np.abs(values), 1e12) ** 2)))


def _reversals(values: Array) -> float:
    signs = np.sign(np.diff(values))
    return float(np.mean(signs[1:] * signs[:-1] < 0))


def _rising(found: Curve) -> float:
    before = found.values[:-1]
    size = before if found.positive else found.spread
    return float(np.mean(np.diff(found.values) > 0.02 * size)) if found.spread > 0 else 0.0
