"""Whether weights started at a scale that carries the signal, and how they grew.

The scale is held against the scheme that suits the activation (He, Xavier or LeCun), with fan_in
counted along the inputs; std_ratio is lenient and asks only how far the weights lie outside of what
the three schemes would give, for frameworks start ReLU layers with Xavier and train well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import Stage, stages
from traindx.mlp.curves import clip
from traindx.mlp.history import History
from traindx.mlp.layers import graded, grid, ratios
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit
from traindx.mlp.signals import LAYERS
from traindx.mlp.tensors import expected_std, scale_ratio


class WeightHealth(Lit, Fact):
    """How the weights of a layer were when the run began, and whether they broke."""

    signal: ClassVar[str] = LAYERS

    layer: str
    std: float | None
    """Standard deviation of the initial weights."""
    expected: float | None
    """What He, Xavier or LeCun give, whichever suits the activation."""
    std_ratio: float | None
    """How far the spread lies outside of all three schemes: 1 inside, 10 ten times too wide."""
    suited_ratio: float | None
    """The spread over `expected`."""
    constant: bool | None
    """All weights alike (a single weight is not)."""
    zero: bool | None
    nonfinite: bool
    """At any time of the run."""
    severity: float


class WeightGrowth(Fact):
    """The norm of a layer's weights against the first one recorded."""

    signal: ClassVar[str] = LAYERS

    layer: str
    growth: float
    """Median over the last fifth of the run, over the first norm that was not zero."""
    largest_growth: float


@monitor
def weight_health(history: History) -> Iterator[WeightHealth]:
    """One fact for every layer whose weights were recorded."""
    started, broken = starts(history), broken_layers(history)
    recorded = (*history.layers("weight_norm"), *history.layers("weight_std"), *broken)
    for layer in dict.fromkeys(recorded):
        if layer in started or layer in broken:
            yield _fact(layer, started.get(layer, Start(None)), layer in broken)


@monitor
def weight_growth(history: History) -> Iterator[WeightGrowth]:
    """One fact for every layer whose weight norm was recorded more than once."""
    norms = grid(history, "weight_norm")
    if norms is None or len(norms.steps) < 2:
        return
    start = norms.values[np.arange(len(norms.values)), np.argmax(norms.values > 0, axis=1)]
    growth, peak = ratios(norms.late(), start), ratios(norms.values.max(axis=1), start)
    for layer, now, most, first in zip(norms.layers, growth, peak, start, strict=True):
        if first > 0:
            yield WeightGrowth(layer=layer, growth=float(now), largest_growth=float(most))


Ratios = tuple[float, float, float]
"""Expected spread, ratio to what suits, ratio to what is usual."""


@dataclass(frozen=True)
class Start:
    """A layer's weights before the first step."""

    stage: Stage | None
    std: float | None = None
    norm: float | None = None
    mean: float | None = None

    def constant(self) -> bool | None:
        """All alike, to the rounding of single precision; a single weight is its own mean."""
        if self.std is None:
            return None
        single = bool(self.norm and self.mean and abs(abs(self.mean) / self.norm - 1) < 1e-4)
        return self.std <= 1e-6 * abs(self.mean or 0.0) and not single

    def offset(self) -> float:
        """How far the weights as a whole lie from zero, in their standard deviations.

        0 where there are so few of them that it may be chance.
        """
        if not self.std or not self.mean or not self.norm:
            return 0.0
        number = (self.norm / hypot(self.std, self.mean)) ** 2
        return clip(abs(self.mean) / self.std) if number >= 30 else 0.0

    def spread(self) -> Ratios | None:
        """Against the scheme that suits, and against what is usual."""
        if self.stage is None or self.std is None:
            return None
        size = (self.norm or 0) / hypot(self.std, self.mean or 0) if self.std else 0.0
        fans = fans_of(self.stage, size)
        if fans is None:
            return None
        expected = expected_std(self.stage.activation, *fans)
        return expected, self.std / expected, scale_ratio(self.std, *fans)


def starts(history: History) -> dict[str, Start]:
    """How the weights of each layer were before the first step, where that was recorded."""
    stds, norms = _initial(history, "weight_std"), _initial(history, "weight_norm")
    means = _initial(history, "weight_mean")
    network = {stage.name: stage for stage in stages(history.settings)}
    return {
        name: Start(network.get(name), stds.get(name), norms.get(name), means.get(name))
        for name in (stds | norms)
        if not network or name in network
    }


def _fact(layer: str, start: Start, broken: bool) -> WeightHealth:
    constant, spread = start.constant(), start.spread()
    return WeightHealth(
        layer=layer,
        std=start.std,
        expected=spread and spread[0],
        suited_ratio=spread and spread[1],
        std_ratio=spread and spread[2],
        constant=constant,
        zero=None if start.norm is None else start.norm == 0,
        nonfinite=broken,
        severity=1.0 if broken or constant else _severity(spread and spread[2]),
    )


def _severity(ratio: float | None) -> float:
    decades = abs(float(np.log10(ratio))) if ratio else 0.0
    return graded(decades, 0, 0.3, 1, 2)


def _initial(history: History, quantity: str) -> dict[str, float]:
    """The finite values before the first step; a later first point tells nothing of the start."""
    found = history.layers(quantity)
    first = {n: s for n, s in found.items() if s.steps[0] <= 0 and np.isfinite(s.values[0])}
    return {name: float(series.values[0]) for name, series in first.items()}


def fans_of(stage: Stage, root_of_size: float = 0.0) -> tuple[float, float] | None:
    """(fan_in, fan_out) of a dense or convolutional stage, from whatever is known of its size.

    `root_of_size`: square root of the number of weights, which is their norm over their rms.
    """
    if stage.kind not in ("dense", "conv"):
        return None
    fan_in = stage.layer.fan_in or _fan_in(stage, root_of_size)
    if not fan_in:
        return None
    fan_out = stage.layer.fan_out or (stage.units if stage.kind == "dense" else fan_in)
    return float(fan_in), float(fan_out or fan_in)


def _fan_in(stage: Stage, root_of_size: float) -> float | None:
    """From the number of parameters (bias included), else from the number of weights."""
    if not stage.units:
        return None
    if stage.layer.parameters:
        return max(1.0, round(stage.layer.parameters / stage.units - 1))
    return max(1.0, round(root_of_size**2 / stage.units)) if root_of_size else None


def broken_layers(history: History) -> set[str]:
    """Layers with a weight that was not finite at any time."""
    norms = history.layers("weight_norm") or history.layers("weight_std")
    shares = history.layers("weight_nonfinite_share")
    lost = {n for n, s in norms.items() if not np.isfinite(s.values).all()}
    return lost | {n for n, s in shares.items() if not np.all(s.values == 0)}
