"""How large the outputs of the layers are, how they grow over the run and over the depth."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.layers import Grid, Place, log10, outputs, ratios, together
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LAYERS


class ActivationScale(Fact):
    """The root mean square of a layer's output before training, at the end, and the growth."""

    signal: ClassVar[str] = LAYERS

    layer: str
    rms_first: float
    rms_last: float
    """Median over the last fifth of the run."""
    growth: float | None
    output: bool


class ActivationDepth(Fact):
    """How the size of the signal changes from the first hidden layer to the last one."""

    signal: ClassVar[str] = LAYERS

    log10_ratio_start: float
    """Decades from the first hidden layer to the last one at the first recorded point."""
    log10_ratio_end: float
    largest: float
    """The largest root mean square of any hidden layer over the last fifth of the run."""
    least: float
    layers: int


@monitor
def activation_scale(history: History) -> Iterator[ActivationScale | ActivationDepth]:
    """One fact for every layer, and one of the network if it has two hidden layers."""
    found = _rms(history)
    if found is None:
        return
    sizes, places = found
    late, first = sizes.late(), sizes.values[:, 0]
    growth = ratios(late, first)
    for i, (layer, place) in enumerate(zip(sizes.layers, places, strict=True)):
        yield ActivationScale(
            layer=layer,
            rms_first=float(first[i]),
            rms_last=float(late[i]),
            growth=float(growth[i]) if first[i] > 0 else None,
            output=place.output,
        )
    hidden = [name for name, place in zip(sizes.layers, places, strict=True) if not place.output]
    if len(hidden) > 1:
        yield _depth(sizes.only(hidden))


def _rms(history: History) -> tuple[Grid, tuple[Place, ...]] | None:
    recorded = outputs(history, "activation_rms")
    if recorded is not None:
        return recorded
    mean, std = outputs(history, "activation_mean"), outputs(history, "activation_std")
    pair = together(mean and mean[0], std and std[0])
    if pair is None or mean is None:
        return None
    sizes = Grid(pair[0].layers, pair[0].steps, np.hypot(pair[0].values, pair[1].values))
    by_layer = dict(zip(mean[0].layers, mean[1], strict=True))
    return sizes, tuple(by_layer[name] for name in sizes.layers)


def _depth(hidden: Grid) -> ActivationDepth:
    start, end = log10(hidden.values[:, 0]), hidden.late()
    decades = log10(end)
    return ActivationDepth(
        log10_ratio_start=float(start[-1] - start[0]),
        log10_ratio_end=float(decades[-1] - decades[0]),
        largest=float(end.max()),
        least=float(end.min()),
        layers=len(end),
    )
