"""Gradients that are exactly zero, and stay so: nothing is learned where they are."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import median_of
from traindx.mlp.history import History
from traindx.mlp.layers import Grid, grid, onset
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LAYERS


class ZeroGradients(Fact):
    """In how many layers the weights' gradient is exactly zero at the end of the run."""

    signal: ClassVar[str] = LAYERS

    share_of_layers: float
    all: bool
    since: float | None
    """Since when the gradient of all those layers has been zero; None if there is none."""
    from_start: bool
    """Whether it was so at the first recorded point already."""
    output_layer: bool
    """Whether the last layer is among them."""
    layers: int
    remaining: float | None
    """Norm of all gradients over the last fifth of the run, over their largest: a network that
    has learned all there is ends with next to none; None if there never was any."""


@monitor
def zero_gradients(history: History) -> Iterator[ZeroGradients]:
    """One fact of the network."""
    norms = grid(history, "gradient_norm")
    if norms is None:
        return
    zero = norms.values == 0
    # A run that ends with one lucky step is still a run without gradients: the last fifth decides.
    stuck = norms.late() == 0
    since = onset(zero[stuck].all(axis=0), norms.steps) if stuck.any() else None
    yield ZeroGradients(
        share_of_layers=float(stuck.mean()),
        all=bool(stuck.all()),
        since=since,
        from_start=since is not None and since <= norms.steps[0],
        output_layer=bool(stuck[-1]),
        layers=len(stuck),
        remaining=_remaining(norms),
    )


def _remaining(norms: Grid) -> float | None:
    largest = float(norms.values.max())
    if largest == 0:
        return None
    sizes = norms.values / largest
    together = np.sqrt((sizes**2).sum(axis=0))
    return median_of(together[-max(1, round(0.2 * len(together))) :]) / float(together.max())
