"""Whether the learning signal fades on its way back to the first layer.

Gradient norms of layers of different width and input cannot be compared: at a fresh and healthy
start first over last lies anywhere between 0.007 and 0.65. What can be compared is the signal at
the layers' outputs; norm(gradient) / norm(input of the layer) gives it from what is recorded, for
the gradient of the weights is the product of the two. First over last is then 0.15 to 0.79 in
healthy networks, below 0.068 where gradients vanish and above 8.8 where they explode (20 nets of
1 to 15 layers, 5 seeds each). Being a ratio it is blind to a converged network, whose gradients are
small in all layers, and to the scale of the loss.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import stages
from traindx.mlp.curves import median_of
from traindx.mlp.history import Array, History
from traindx.mlp.layers import Grid, graded, grid, log10, onset, ratios, together
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit
from traindx.mlp.signals import LAYERS

Basis = Literal["delta", "input", "bias"]
VANISHING = 0.068
"""Below it lie all measured networks in which the gradient vanishes, above it all healthy ones."""


class VanishingGradients(Lit, Fact):
    """The learning signal at the first layer against that at the last, and how it fades between."""

    signal: ClassVar[str] = LAYERS

    ratio: float
    """First over last; median over the run."""
    log10_ratio: float
    at_start_log10: float
    """The same at the first point (in most histories: before training)."""
    log10_at_end: float
    """Median over the last fifth of the run."""
    per_layer: float
    """Decades from one layer to the next towards the input, from the middles of the first and
    last third of the layers: one odd layer does not move it. Negative where the signal fades."""
    basis: Basis
    first_layer: str
    last_layer: str
    since: float | None
    """Since when the ratio has been below 0.068, if it is at the end."""
    layers: int
    zero_layers: int
    """Layers whose gradient is exactly zero at the end while the last layer has some."""
    mixed: bool
    """Layers of several kinds (convolutions, then dense ones) compare less well."""
    log10_bias_ratio: float | None
    """The same ratio of the biases' gradients, whose widths and inputs do not matter either."""
    severity: float
    """Of the ratio, its trend over the depth and the biases' ratio, the least alarming counts."""


@dataclass(frozen=True)
class Signal:
    """The size of what each layer is told to change, comparable between layers."""

    grid: Grid
    basis: Basis


@monitor
def vanishing_gradients(history: History) -> Iterator[VanishingGradients]:
    """One fact of a network with at least two layers and, in the last of them, a gradient."""
    found = signal_by_layer(history)
    if found is None:
        return
    logs = log10(found.grid.values)
    across, trend = logs[0] - logs[-1], depth_trend(logs)
    log_ratio, biases = median_of(across), _bias_ratio(history)
    over_depth = median_of(trend) * (len(logs) - 1)
    yield VanishingGradients(
        ratio=10**log_ratio,
        log10_ratio=log_ratio,
        at_start_log10=float(across[0]),
        log10_at_end=_late(across),
        per_layer=median_of(trend),
        basis=found.basis,
        first_layer=found.grid.layers[0],
        last_layer=found.grid.layers[-1],
        since=onset(across < np.log10(VANISHING), found.grid.steps),
        layers=len(logs),
        zero_layers=int(((found.grid.late() == 0)[:-1]).sum()),
        mixed=_mixed(history, found.grid.layers),
        log10_bias_ratio=biases,
        severity=_severity(max(v for v in (log_ratio, over_depth, biases) if v is not None)),
    )


def signal_by_layer(history: History) -> Signal | None:
    """The backpropagated signal of at least two layers, while the last layer has any."""
    for basis, measure in MEASURES.items():
        values = measure(history)
        if values is not None and len(values.layers) > 1 and values.values[-1].any():
            return Signal(_learning(values), basis)
    return None


def _learning(signal: Grid) -> Grid:
    """Without the points at which even the last layer has next to nothing left to learn.

    There the gradients of the others are rounding, and vanish in the best of networks.
    """
    last = signal.values[-1]
    kept = last > 1e-3 * last.max()
    return Grid(signal.layers, signal.steps[kept], signal.values[:, kept])


def depth_trend(logs: Array) -> Array:
    """Change per layer towards the input at each point, from logarithms (layers, points)."""
    layers = len(logs)
    third = max(1, layers // 3)
    first, last = np.median(logs[:third], axis=0), np.median(logs[-third:], axis=0)
    change: Array = (first - last) / (layers - third)
    return change


def _deltas(history: History) -> Grid | None:
    return grid(history, "delta_norm")


def _biases(history: History) -> Grid | None:
    return grid(history, "bias_gradient_norm")


def _per_input(history: History) -> Grid | None:
    pair = together(grid(history, "gradient_norm"), grid(history, "input_rms"))
    if pair is None:
        return None
    gradients, inputs = pair
    fans = {s.name: s.layer.fan_in for s in stages(history.settings)}
    known = [fans.get(name) for name in gradients.layers]
    widths = np.sqrt([w or 1.0 for w in known] if all(known) else np.ones(len(known)))
    values = ratios(gradients.values, inputs.values * widths[:, None], otherwise=0.0)
    return Grid(gradients.layers, gradients.steps, values)


MEASURES: dict[Basis, Callable[[History], Grid | None]] = {
    "delta": _deltas,
    "input": _per_input,
    "bias": _biases,
}


def _late(values: Array) -> float:
    return median_of(values[-max(1, round(0.2 * len(values))) :])


def _mixed(history: History, layers: tuple[str, ...]) -> bool:
    kinds = {s.kind for s in stages(history.settings) if s.name in layers}
    return len(kinds) > 1


def _bias_ratio(history: History) -> float | None:
    biases = _biases(history)
    if biases is None or len(biases.layers) < 2 or not biases.values[-1].any():
        return None
    logs = log10(_learning(biases).values)
    return median_of(logs[0] - logs[-1])


def _severity(log_ratio: float) -> float:
    return graded(log_ratio, -0.5, -0.82, float(np.log10(VANISHING)), -4)
