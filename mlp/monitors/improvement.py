"""Whether a loss was still falling when the run ended, and how fast."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, Line, late, line, losses, part, ratio, sigmas
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LOSS_OF_SPLIT


class Improvement(Fact):
    """What the last fifth of a run (three points or more) still brought."""

    signal: ClassVar[str] = "the loss of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = LOSS_OF_SPLIT

    split: str
    since: float
    """Where that part of the run begins."""
    late_gain: float
    """The fall of the last fifth, as a share of the range of all levels."""
    late_gain_sigmas: float | None
    late_relative: float
    """The fall of the last fifth, relative to its level (to the spread, if not positive)."""
    still: bool
    """Whether that is more than noise, a hundredth of the level and 0.5 % of the progress."""
    pace: float
    """The fall per epoch (per hundredth of the run, if it counts steps), relative to the level."""
    linear: bool
    """Whether the loss falls along a straight line from the start."""


@monitor
def improvement(history: History) -> Iterator[Improvement]:
    for split, found in losses(history).items():
        tail = line(found, late(found, 0.2))
        beyond = sigmas(-tail.change, tail.error) if found.measured else None
        gain = part(-tail.change, found.spread)
        relative = ratio(-tail.change, found.size(abs(tail.middle)), 0.0)
        yield Improvement(
            split=split,
            since=float(found.steps[late(found, 0.2)]),
            late_gain=gain,
            late_gain_sigmas=beyond,
            late_relative=relative,
            still=_falling(found, tail, beyond) and relative > 0.01 and gain > 0.005,
            pace=relative / _length(history, found, tail),
            linear=_linear(found),
        )


def _falling(found: Curve, tail: Line, beyond: float | None) -> bool:
    """Whether the last fifth falls beyond the noise, or the last half does and it keeps up."""
    half = line(found, late(found, 0.5))
    keeps_up = half.change < -4 * half.error and tail.change < 0.1 * half.change
    return beyond is None or beyond > 3 or keeps_up


def _length(history: History, found: Curve, tail: Line) -> float:
    """The epochs of a stretch, or its hundredths of the run."""
    if history.axis == "epoch":
        return tail.steps
    return 100 * tail.steps / float(found.steps[-1] - found.steps[0])


def _linear(found: Curve) -> bool:
    """Whether a line explains 98 % of the level, and each half of the run falls alike."""
    beyond = found.fall_sigmas
    if len(found.level) < 5 or beyond is None or beyond < 4:
        return False
    left, middle, right = found.level[[0, len(found.level) // 2, -1]]
    shape = (found.level - right) / found.spread
    straight = np.corrcoef(found.steps, shape)[0, 1] ** 2 > 0.98
    return bool(straight and 0.35 < (left - middle) / (left - right) < 0.65 and left > right)
