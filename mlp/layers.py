"""Layer series side by side: what the monitors of layers share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.architecture import stages
from traindx.mlp.curves import median
from traindx.mlp.history import Array, History, Series, once
from traindx.mlp.severity import AMBER, RED

LEAST, MOST = 1e-16, 1e16
"""Ratios are clipped to these before their logarithm is taken, so that it stays finite."""


@dataclass(frozen=True)
class Grid:
    """One quantity of several layers at the steps that all of them have; finite everywhere.

    `values` has the shape (layers, points), layers in forward order, at least one point.
    """

    layers: tuple[str, ...]
    steps: Array
    values: Array

    def early(self) -> Array:
        """Per layer, the median over the first fifth of the run."""
        return median(self.values[:, : _fifth(self.values.shape[1])])

    def late(self) -> Array:
        """Per layer, the median over the last fifth of the run."""
        return median(self.values[:, -_fifth(self.values.shape[1]) :])

    def only(self, layers: Sequence[str]) -> "Grid":
        """These layers of it."""
        if tuple(layers) == self.layers:
            return self
        rows = [self.layers.index(name) for name in layers]
        return Grid(tuple(layers), self.steps, self.values[rows])

    def at(self, steps: Array) -> "Grid":
        """These steps of it, all of which it has."""
        if len(steps) == len(self.steps):
            return self
        return replace(self, steps=steps, values=self.values[:, np.isin(self.steps, steps)])


@dataclass(frozen=True)
class Place:
    """Where in the network a layer's output arises, and by which activation."""

    activation: str | None
    output: bool
    position: float
    """0 is the first layer, 1 the last."""


@once
def grid(history: History, quantity: str) -> Grid | None:
    """A quantity of all layers that have it, up to where the run stops being finite."""
    found = history.layers(quantity)
    if not found:
        return None
    steps, values = _stacked(list(found.values()))
    return _whole(Grid(tuple(found), steps, values), first_nonfinite_loss(history))


def together(*grids: Grid | None) -> tuple[Grid, ...] | None:
    """The layers and steps that all of several quantities have, or None if there are none."""
    have = [g for g in grids if g is not None]
    if not have or len(have) < len(grids):
        return None
    layers = [n for n in have[0].layers if all(n in g.layers for g in have[1:])]
    steps = _common([g.steps for g in have])
    return tuple(g.only(layers).at(steps) for g in have) if layers and len(steps) else None


@once
def outputs(history: History, quantity: str) -> tuple[Grid, tuple[Place, ...]] | None:
    """A quantity of what each layer with weights puts out, by that layer's name.

    Of a layer and the activation layers behind it the last counts; what computes nothing
    (dropout, pooling ...) does not. Where the layers are not known, all that was recorded.
    """
    found = grid(history, quantity)
    if found is None:
        return None
    network = stages(history.settings)
    kept = [(s, name) for s in network for name in s.scopes[::-1] if name in found.layers]
    last = {stage.name: (stage, name) for stage, name in reversed(kept)}
    chosen = [last[stage.name] for stage in network if stage.name in last]
    if not chosen:
        return (found, _unknown(found)) if not network else None
    renamed = replace(found.only([n for _, n in chosen]), layers=tuple(s.name for s, _ in chosen))
    end = max(1, len(network) - 1)
    at = {stage.name: number / end for number, stage in enumerate(network)}
    return renamed, tuple(Place(s.activation_at(name), s.output, at[s.name]) for s, name in chosen)


@once
def first_nonfinite_loss(history: History) -> float:
    """The step from which the train loss was not finite; infinity if it always was."""
    loss = history.get("loss", "train")
    if loss is None:
        return float("inf")
    finite = np.isfinite(loss.values)
    return float("inf") if finite.all() else float(loss.steps[int(np.argmin(finite))])


def onset(holds: NDArray[np.bool_], steps: Array) -> float | None:
    """The step since when something holds without a break up to the end."""
    if not holds[-1]:
        return None
    breaks = np.flatnonzero(~holds)
    return float(steps[breaks[-1] + 1 if len(breaks) else 0])


def log10(ratio: Array) -> Array:
    """Decimal logarithm of ratios; zero and infinity become -16 and 16."""
    decades: Array = np.log10(np.clip(ratio, LEAST, MOST))
    return decades


def ratios(above: Array, below: Array, otherwise: float = 0.0) -> Array:
    """`above / below` without overflow; where `below` is zero and `above` not: `otherwise`."""
    quotient = np.where(above > 0, otherwise, 0.0)
    with np.errstate(over="ignore", under="ignore"):
        np.divide(above, below, out=quotient, where=below > 0)
    return np.minimum(quotient, MOST)


def graded(value: float, clear: float, amber: float, red: float, worst: float) -> float:
    """Severity of a value: 0 when clear, `AMBER` and `RED` where those begin, 1 at worst.

    The four marks rise, or fall for a value that is the worse the lower it is.
    """
    marks = (clear, 0.0), (amber, AMBER), (red, RED), (worst, 1.0)
    sign = 1.0 if worst > clear else -1.0
    for (low, least), (high, most) in pairwise(marks):
        if sign * value < sign * high:
            return least + (most - least) * max(0.0, (value - low) / (high - low))
    return 1.0


def _fifth(points: int) -> int:
    return max(1, round(0.2 * points))


def _stacked(series: list[Series]) -> tuple[Array, Array]:
    first = series[0].steps
    if all(len(s) == len(first) for s in series):
        other = [s.steps for s in series if s.steps is not first]
        if not other or bool((np.array(other) == first).all()):
            return first, np.array([s.values for s in series])
    steps = _common([s.steps for s in series])
    values = [s.values[np.isin(s.steps, steps, assume_unique=True)] for s in series]
    return steps, np.stack(values)


def _common(steps: list[Array]) -> Array:
    shared = steps[0]
    for other in steps[1:]:
        if other is not shared and not np.array_equal(other, shared):
            shared = np.intersect1d(shared, other, assume_unique=True)
    return shared


def _whole(found: Grid, end: float) -> Grid | None:
    """Its finite points before `end`; nothing after it broke for good.

    A non-finite point that most later ones do not share (a loss scaler that probes) is left out.
    """
    until = int(np.searchsorted(found.steps, end))
    steps, values = found.steps[:until], found.values[:, :until]
    if not np.isfinite(values).all():
        steps, values = _mended(steps, values)
    return Grid(found.layers, steps, values) if len(steps) else None


def _mended(steps: Array, values: Array) -> tuple[Array, Array]:
    finite: NDArray[np.bool_] = np.isfinite(values).min(axis=0)
    if finite.all():
        return steps, values
    first = int(np.argmin(finite))
    if finite[first:].mean() < 0.5:
        finite[first:] = False
    return steps[finite], values[:, finite]


def _unknown(found: Grid) -> tuple[Place, ...]:
    end = len(found.layers) - 1
    return tuple(Place(None, i == end, i / max(1, end)) for i in range(end + 1))
