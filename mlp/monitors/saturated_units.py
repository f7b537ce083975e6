"""Bounded activations that have run into their flat parts, where no gradient passes.

Only a bounded activation saturates: a large ReLU output does not, nor does a tanh that stays in its
linear middle, and depth makes nothing worse.
"""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.layers import graded, outputs
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit
from traindx.mlp.signals import LAYERS

BOUNDED = {"tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid"}


class SaturatedUnits(Lit, Fact):
    """The share of a layer's outputs (samples times units) in the flat parts of its activation."""

    signal: ClassVar[str] = LAYERS

    layer: str
    activation: str | None
    fraction: float
    """Median over the last fifth of the run."""
    at_start: float
    hidden: bool
    """An output layer is meant to be sure of itself; a hidden one is not."""
    severity: float
    """Zero for an output layer."""


@monitor
def saturated_units(history: History) -> Iterator[SaturatedUnits]:
    """One fact for every layer with a bounded (or an unknown) activation."""
    found = outputs(history, "saturated_share")
    if found is None:
        return
    shares, places = found
    late, first = shares.late().tolist(), shares.values[:, 0].tolist()
    for layer, place, end, start in zip(shares.layers, places, late, first, strict=True):
        if place.activation is None or place.activation in BOUNDED:
            yield SaturatedUnits(
                layer=layer,
                activation=place.activation,
                fraction=end,
                at_start=start,
                hidden=not place.output,
                severity=0.0 if place.output else graded(end, 0, 0.25, 0.5, 1),
            )
