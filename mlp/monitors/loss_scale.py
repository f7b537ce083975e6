"""The loss scale of mixed-precision training."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import clip
from traindx.mlp.history import Array, History
from traindx.mlp.monitors import monitor


class LossScale(Fact):
    """The course of the loss scale. A few halvings at the start are how it finds its value."""

    signal: ClassVar[str] = "the loss scale of every step"

    first: float
    last: float
    least: float
    halvings: int
    """How often it fell (a fall by 2^k counts k times)."""
    at_minimum: bool
    """Whether it ended at 1 or below."""
    recovered: bool
    """Whether it rose again after its lowest value."""
    late_halvings: int
    """How many of them came after the first tenth of the run."""


@monitor
def loss_scale(history: History) -> Iterator[LossScale]:
    series = history.get("loss_scale")
    values = np.empty(0) if series is None else series.finite().values
    if len(values):
        yield LossScale(
            first=clip(float(values[0])),
            last=clip(float(values[-1])),
            least=clip(float(values.min())),
            halvings=_halvings(values),
            at_minimum=bool(values[-1] <= 1),
            recovered=bool(values[-1] > values.min()),
            late_halvings=_halvings(values[len(values) // 10 :]),
        )


def _halvings(values: Array) -> int:
    exponents = np.log2(np.maximum(values, 1e-300))
    return int(np.round(np.maximum(-np.diff(exponents), 0)).sum())
