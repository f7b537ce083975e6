"""The stretch at the end of a run over which the loss stands still.

The seed's windows ask for a variance below 1e-4 of the level, so a noisy plateau is missed and a
slow decay, whose windows are short, is taken for one. Here the level, not the points, has to stand
still, within what its own standard error allows; and the share of the run it does so for is the
severity, so the shape of the whole curve decides and no scale enters. Where the stretch before it
fell no faster, noise has only hidden the fall, and that is green. A level below a tenth of the
start counts for less in proportion: that loss has converged.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, end_of_sense, line, losses, median_of, ratio
from traindx.mlp.history import Array, History
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit
from traindx.mlp.signals import LOSS_OF_SPLIT


class Plateau(Lit, Fact):
    """The longest stretch up to the end whose level stays within 1 % and its standard error."""

    signal: ClassVar[str] = "the loss of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = LOSS_OF_SPLIT

    split: str
    since: float
    share: float
    """The share of the run."""
    points: int
    """How many (reduced) points it holds."""
    level: float
    relative_range: float
    """The range of the level there, as a share of it."""
    remaining: float | None
    """The level as a share of the first; not known of losses that are not positive."""
    noise: float | None
    before_fall: float
    """How far the loss had fallen until then, as a share of the first level."""
    from_start: bool
    """Whether it holds from the first twentieth of the run, or the second point."""
    distinct: bool
    """Whether the stretch before it (as long, or what there is) did not fall, or fell significantly
    faster; if not, noise only hides a fall."""
    severity: float | None
    """Its share, less for a converged loss; not known of a run that was no longer finite."""


@monitor
def plateau(history: History) -> Iterator[Plateau]:
    ended = np.isfinite(end_of_sense(history))
    for split, found in losses(history).items():
        start = flat_since(found)
        stretch = found.level[start:]
        level = median_of(stretch)
        remaining = ratio(level, found.first) if found.positive else None
        share = 1 - found.share(start)
        distinct = _distinct(found, start)
        yield Plateau(
            split=split,
            since=float(found.steps[start]),
            share=share,
            points=len(stretch),
            level=level,
            relative_range=ratio(float(np.ptp(stretch)), found.size(level), 0.0),
            remaining=remaining,
            noise=found.noise,
            before_fall=ratio(found.first - level, found.scale, 0.0),
            from_start=len(stretch) > 2 and start <= max(1, len(found.level) // 20),
            distinct=distinct,
            severity=None if ended else _severity(share, len(stretch), remaining, distinct),
        )


def _severity(share: float, points: int, remaining: float | None, distinct: bool) -> float:
    if points < 5 or not distinct:
        return 0.0
    return min(1.0, share * min(1.0, 10 * (1.0 if remaining is None else remaining)))


def _distinct(found: Curve, start: int) -> bool:
    length = len(found.values) - start
    if start < 3:
        return True
    before, after = line(found, max(0, start - length), start), line(found, start)
    falling = before.slope < -2.5 * before.slope_error
    error = float(np.hypot(before.slope_error, after.slope_error))
    return not falling or after.slope - before.slope > 2 * error


def flat_since(found: Curve) -> int:
    """Where the last stretch begins that is level and not significantly falling."""
    back = found.level[::-1]
    tail = max(1, len(back) // 4)
    error = median_of(found.error[-tail:])
    size = abs(median_of(back[:tail])) if found.positive else 2 * found.spread
    width = np.maximum.accumulate(back) - np.minimum.accumulate(back)
    (fall, falling), level = _falls(found), width <= 0.01 * size
    still = (falling < 2.5) & ((falling < 2) | (fall < 0.1 * found.spread))
    flat = level | ((width <= 6 * error) & still)
    leaves = np.flatnonzero(~level & ((width > 6 * error) | (falling > 3.5)))
    reach = int(leaves[0]) if len(leaves) else len(back)
    longest = int(np.flatnonzero(flat[:reach])[-1])
    return len(back) - 1 - longest


def _falls(found: Curve) -> tuple[Array, Array]:
    """The fall of the line through the last n points and its size in standard errors, for each n.

    The noise is that of the curve, or what eight points or more leave beside the line, if that is
    less: swings to and fro look larger in differences.
    """
    values = found.values[::-1] - found.last
    sigma = median_of(found.sigma[-max(1, len(values) // 2) :])
    if sigma == 0:
        return np.zeros(len(values)), np.zeros(len(values))
    places, counts = np.arange(len(values)), np.arange(1.0, len(values) + 1)
    centred = np.cumsum(places * values) - (counts - 1) / 2 * np.cumsum(values)
    moment = np.maximum(counts * (counts**2 - 1) / 12, 0.5)
    scatter = np.cumsum(values**2) - np.cumsum(values) ** 2 / counts - centred**2 / moment
    beside = np.sqrt(np.maximum(scatter, 0.0) / np.maximum(counts - 2, 1.0))
    noise = np.where(counts < 8, sigma, np.clip(beside, sigma / 2, sigma))
    return centred / moment * (counts - 1), centred / np.sqrt(moment) / noise
