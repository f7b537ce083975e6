"""Units that say the same whatever goes in."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.layers import outputs
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LAYERS


class ConstantUnits(Fact):
    """The share of a layer's units that do not vary over the probe batch."""

    signal: ClassVar[str] = LAYERS

    layer: str
    fraction: float
    """Median over the last fifth of the run."""
    at_start: float
    output: bool


@monitor
def constant_units(history: History) -> Iterator[ConstantUnits]:
    """One fact for every layer."""
    found = outputs(history, "constant_share")
    if found is None:
        return
    shares, places = found
    late, first = shares.late().tolist(), shares.values[:, 0].tolist()
    for layer, place, end, start in zip(shares.layers, places, late, first, strict=True):
        yield ConstantUnits(layer=layer, fraction=end, at_start=start, output=place.output)
