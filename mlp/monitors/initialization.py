"""The start of the whole network, in one fact (see `weight_health` for its layers)."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.weight_health import starts
from traindx.mlp.signals import LAYERS


class Initialization(Fact):
    """The layers whose initial weights lie furthest outside of He, Xavier and LeCun."""

    signal: ClassVar[str] = LAYERS

    std_ratio_least: float | None
    """1: no layer starts too narrow; 0.1: one is ten times narrower than any scheme makes it."""
    std_ratio_largest: float | None
    layer_least: str | None
    layer_largest: str | None
    constant_layers: int
    layers: int
    offset: float | None
    """The largest absolute mean of a layer's weights, in their standard deviations."""
    layer_offset: str | None


@monitor
def initialization(history: History) -> Iterator[Initialization]:
    """One fact of the network."""
    started = {name: start for name, start in starts(history).items() if start.std is not None}
    if not started:
        return
    spreads = {name: start.spread() for name, start in started.items() if start.std}
    found = sorted((spread[2], name) for name, spread in spreads.items() if spread)
    offsets = sorted((start.offset(), name) for name, start in started.items() if start.std)
    off, where = offsets[-1] if offsets else (None, None)
    yield Initialization(
        std_ratio_least=found[0][0] if found else None,
        std_ratio_largest=found[-1][0] if found else None,
        layer_least=found[0][1] if found else None,
        layer_largest=found[-1][1] if found else None,
        constant_layers=sum(bool(start.constant()) for start in started.values()),
        layers=len(started),
        offset=off,
        layer_offset=where,
    )
