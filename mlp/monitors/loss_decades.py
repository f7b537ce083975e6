"""Over how many powers of ten the training loss leaps, and whether it has come down in them."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import median_of, sound
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor

FEWEST = 8


class LossDecades(Fact):
    """The spread and the course of a positive training loss in powers of ten."""

    signal: ClassVar[str] = "the training loss"

    span: float
    """Between the 10th and the 90th percentile of the second half of the run."""
    risen: float
    """From the median of the first quarter to that of the last; negative if it fell."""
    highest: float


@monitor
def loss_decades(history: History) -> Iterator[LossDecades]:
    """One fact of a loss of at least eight records, all above zero."""
    found = sound(history, "loss", "train")
    if found is None or len(found) < FEWEST or not found.values.min() > 0:
        return
    decades = np.log10(found.values)
    half, quarter = len(decades) // 2, len(decades) // 4
    low, high = np.percentile(decades[half:], (10, 90))
    yield LossDecades(
        span=float(high - low),
        risen=median_of(decades[-quarter:]) - median_of(decades[:quarter]),
        highest=float(found.values.max()),
    )
