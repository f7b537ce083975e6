"""Units of the ReLU family that no sample of the probe batch brings to life.

A unit counts that is off for *every* sample: one that fires on one sample in twenty is sparse, not
dead. Each layer is judged by itself, for a layer that is dead from side to side hides among others.
"""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import Array, History
from traindx.mlp.layers import Place, graded, onset, outputs
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit
from traindx.mlp.signals import LAYERS

FLOORED = {"relu", "relu6", "leaky_relu", "prelu", "gelu", "silu", "mish", "softplus"}


class DeadUnits(Lit, Fact):
    """How much of a layer is dead: over the last fifth of the run, at its start, and at worst."""

    signal: ClassVar[str] = LAYERS

    layer: str
    fraction: float
    """Median over the last fifth of the run."""
    at_start: float
    peak: float
    since: float | None
    """Since when more than half of the layer has been dead, if it is at the end."""
    hidden: bool
    position: float
    all_dead: bool
    severity: float


@monitor
def dead_units(history: History) -> Iterator[DeadUnits]:
    """One fact for every layer whose activation can be off; others have no units to die."""
    found = outputs(history, "dead_share")
    if found is None:
        return
    shares, places = found
    late = shares.late().tolist()
    for layer, place, row, end in zip(shares.layers, places, shares.values, late, strict=True):
        if place.activation is None or place.activation in FLOORED:
            yield _fact(layer, place, row, end, shares.steps)


def _fact(layer: str, place: Place, row: Array, late: float, steps: Array) -> DeadUnits:
    return DeadUnits(
        layer=layer,
        fraction=late,
        at_start=float(row[0]),
        peak=float(row.max()),
        since=onset(row > 0.5, steps),
        hidden=not place.output,
        position=place.position,
        all_dead=bool(late >= 1),
        severity=graded(late, 0, 0.1, 0.3, 1),
    )
