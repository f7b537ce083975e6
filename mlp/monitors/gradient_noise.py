"""How much of one batch's gradient is signal.

Signal is what the gradients of several batches have in common, noise is what they differ by. (The
mean over the standard deviation of the *entries* of one gradient says nothing of it: that is 1.32
for every bell-shaped gradient, whatever its noise.)
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import median_of
from traindx.mlp.history import History
from traindx.mlp.layers import graded, grid
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit


class GradientNoise(Lit, Fact):
    """norm(mean gradient) / norm(its standard deviation over batches), late in the run."""

    signal: ClassVar[str] = "the gradients of several batches at the same weights"

    snr: float
    """Median over the layers of the median over the last fifth of the run."""
    at_start: float
    least: float
    layer_least: str
    severity: float
    """Noise outweighs the signal more the closer a run is to its end: amber from 0.1, red 0.03."""


@monitor
def gradient_noise(history: History) -> Iterator[GradientNoise]:
    """One fact of the network."""
    ratios = grid(history, "gradient_snr")
    if ratios is None:
        return
    late = ratios.late()
    snr, least = median_of(late), int(np.argmin(late))
    yield GradientNoise(
        snr=snr,
        at_start=median_of(ratios.values[:, 0]),
        least=float(late[least]),
        layer_least=ratios.layers[least],
        severity=graded(snr, 1, 0.1, 0.03, 0),
    )
