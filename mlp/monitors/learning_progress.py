"""Learning progress: whether the training loss came down and stayed down.

The seed scores the size of recent changes, so a rising loss is progress and noise around a
constant is too, while a converged loss is none. Here it is the fall from the first level that
counts, against its standard error, with its sign; what was lost again is the severity. A loss
that fell significantly and stayed there is green, wherever it stands and however slowly it falls.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, curve_of, end_of_sense, ratio
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.loss_trend import is_constant, lost, progress
from traindx.mlp.severity import Lit


class LearningProgress(Lit, Fact):
    """Whether the training loss came down and stayed down."""

    signal: ClassVar[str] = "the training loss of every epoch"

    severity: float | None
    """1 at worst; not known where there are too few points to tell a fall from noise."""
    fall: float
    """From the first level to the best, as a share of the first."""
    lost: float
    """The share of it that was lost again."""
    rising: bool
    """Whether it ended significantly above where it began."""
    finite: bool
    """Whether the loss stayed finite; if not, the rest speaks of the time before."""


@monitor
def learning_progress(history: History) -> Iterator[LearningProgress]:
    found = curve_of(history, "loss", "train")
    if found is not None:
        finite = not np.isfinite(end_of_sense(history))
        yield LearningProgress(
            severity=_severity(found) if finite else 1.0,
            fall=ratio(progress(found), found.scale, 0.0),
            lost=lost(found),
            rising=_rising(found),
            finite=finite,
        )


def _rising(found: Curve) -> bool:
    sigmas = found.rise_sigmas()
    return found.last > found.first and sigmas is not None and sigmas > 4


def _severity(found: Curve) -> float | None:
    if is_constant(found) and found.points >= 3:
        return 0.6
    sigmas, again = found.fall_sigmas, found.rebound_sigmas
    if sigmas is None or again is None:
        return None
    if _rising(found):
        return min(1.0, 0.5 + ratio(found.last - found.first, found.scale, 0.0))
    if sigmas < 4:
        return 0.6 if found.points >= 10 else 0.3
    return min(1.0, lost(found)) if again > 3 else _slight(found)


def _slight(found: Curve) -> float:
    """Up to yellow for a fall of less than 5 % in all."""
    fall = ratio(progress(found), found.scale, 0.0)
    return 0.4 * max(0.0, 1 - fall / 0.05) * 0.99
