"""Overfitting: the held-out loss rises beyond its noise while the training loss goes on falling.

The seed adds up a gap relative to the training loss and slopes in units of the loss, so a scaled
loss or a tiny training loss is overfitting to it, and a third of the epochs at which the held-out
loss was at its lowest were red. Here only a rise from the lowest level counts, relative to that
level, beyond the noise, and while train falls. A training loss that runs away from a held-out loss
that stands still is a mild case (at most yellow). The bands of the seed stay: a rise of 10 % is
yellow, one of 30 % red.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import end_of_sense
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.generalization import Pair, pair
from traindx.mlp.severity import Lit


class Overfitting(Lit, Fact):
    """How much of what the model learned it learned by heart."""

    signal: ClassVar[str] = "the training and the validation loss of every epoch"

    severity: float | None
    """Not known of a run that was no longer finite."""
    since: float | None
    """The step of the lowest held-out loss, where it has risen since beyond its noise."""
    rise: float
    """From the lowest held-out level to the last, relative to the lowest; 0 within the noise."""
    stalled: bool
    """Whether train fell by a fifth or more after the held-out loss was lowest."""


@monitor
def overfitting(history: History) -> Iterator[Overfitting]:
    found = pair(history)
    if found is not None and found[1].val.points >= 3:
        both = found[1]
        risen = not both.within_noise and both.train_fall_since_best > 0
        rise = both.rise / both.val_size if risen and both.val_size > 0 else 0.0
        stalled = _stalled(both)
        ended = np.isfinite(end_of_sense(history))
        yield Overfitting(
            severity=None if ended else max(_severity(rise), _mild(both) if stalled else 0.0),
            since=float(both.val.steps[both.val.turn]) if risen else None,
            rise=min(rise, 1e12),
            stalled=stalled,
        )


def _severity(rise: float) -> float:
    """0.17 at a rise of 10 %, 0.41 at 30 %, 0.75 at 100 %."""
    return 1 - 1 / (1 + rise) ** 2


def _stalled(both: Pair) -> bool:
    """Best in the first three quarters, and train a fifth lower since."""
    early = both.val.share(both.val.lowest) < 0.75
    return early and both.train_fall_since_best > 0.2


def _mild(both: Pair) -> float:
    return min(0.35, 0.5 * max(0.0, both.gap_of_progress or 0.0))
