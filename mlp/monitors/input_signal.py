"""The size of what enters the network, as measured at its first layer."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LAYERS


class InputSignal(Fact):
    """Root mean square of the numbers that enter the first layer."""

    signal: ClassVar[str] = LAYERS

    layer: str
    rms: float
    excess: float
    """Decades above size one (below, if negative)."""


@monitor
def input_signal(history: History) -> Iterator[InputSignal]:
    """One fact if the input of the first layer was measured."""
    layer, series = next(iter(history.layers("input_rms").items()), ("", None))
    finite = series.finite().values if series is not None else np.empty(0)
    if len(finite) and finite[0] > 0:
        rms = float(min(finite[0], 1e16))
        yield InputSignal(layer=layer, rms=rms, excess=float(np.log10(max(rms, 1e-16))))
