"""Whether gradients grow: over the run, and over the depth of the network.

No absolute limit: the norm grows with the number of weights and the scale of the loss. It is held
against its own early level, and the depth against itself (see `vanishing_gradients`).
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import median_of
from traindx.mlp.history import Array, History, Series
from traindx.mlp.layers import MOST, Grid, first_nonfinite_loss, graded, grid, log10
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.vanishing_gradients import depth_trend, signal_by_layer
from traindx.mlp.severity import Lit


class ExplodingGradients(Lit, Fact):
    """The growth of the global gradient norm over the run, and of the signal towards the input."""

    signal: ClassVar[str] = "the gradient norm, of the network or of each layer"

    growth: float | None
    """Highest level (of three points in a row) over the median of the first fifth."""
    growth_first: float | None
    """Largest norm over the first one."""
    growth_late: float | None
    """Median of the last fifth over the median of the first fifth."""
    log10_ratio: float | None
    """Decades by which the signal grows from the last layer to the first (positive: grows) before
    training; later it says little, for healthy networks learn their way to a hundred."""
    norm: float
    """The largest finite norm of the gradient of all weights."""
    since: float | None
    """Since when the norm has been above five times its early median, if it ended there."""
    nonfinite_after: bool
    """Whether loss or gradient stopped being finite."""
    severity: float
    """Of a growth that lasts to the end, and of that over the depth; a spike is none."""


@monitor
def exploding_gradients(history: History) -> Iterator[ExplodingGradients]:
    """One fact of the network."""
    norms = _global(history)
    if norms is None:
        return
    early = median_of(norms.values[: _fifth(len(norms))])
    depth, broke = _depth(history), _breaks(history)
    growth, lasting = _over(_level(norms.values), early), _over(_end(norms), early)
    yield ExplodingGradients(
        growth=growth,
        growth_first=_over(float(norms.values.max()), float(norms.values[0])),
        growth_late=lasting,
        log10_ratio=None if depth is None else depth[0],
        norm=float(norms.values.max()),
        since=_since(norms, early),
        nonfinite_after=broke,
        severity=max(_severity(lasting, depth), 2 / 3 if broke and (growth or 1) >= 5 else 0.0),
    )


def _global(history: History) -> Series | None:
    """The norm over all weights up to where the run stops being finite."""
    recorded = history.get("gradient_norm", "")
    if recorded is not None:
        recorded = recorded.before(first_nonfinite_loss(history)).finite()
        return recorded if len(recorded) else None
    layers = grid(history, "gradient_norm")
    return None if layers is None else Series(layers.steps, _root_sum_square(layers))


def _root_sum_square(layers: Grid) -> Array:
    largest = np.maximum(layers.values.max(axis=0), np.finfo(float).tiny)
    norms: Array = np.sqrt(((layers.values / largest) ** 2).sum(axis=0)) * largest
    return norms


def _level(values: Array) -> float:
    """The largest value that three neighbours bear out."""
    if len(values) < 5:
        return float(values.max())
    trios = np.lib.stride_tricks.sliding_window_view(values, 3)
    lasting = np.minimum(np.maximum(trios[:, 0], trios[:, 2]), trios[:, 1])
    # A rise at the very end has no right neighbour yet to bear it out.
    return float(max(lasting.max(), min(values[-1], values[-2])))


def _end(norms: Series) -> float:
    return median_of(norms.tail())


def _over(above: float, below: float) -> float | None:
    return min(above / below, MOST) if below > above / MOST else None


def _since(norms: Series, early: float) -> float | None:
    high = norms.values > 5 * early
    if not high[-1] or early == 0:
        return None
    low = np.flatnonzero(~high)
    return float(norms.steps[low[-1] + 1 if len(low) else 0])


def _depth(history: History) -> tuple[float, float] | None:
    """Decades from last to first layer before training, end to end and by the trend over depth."""
    found = signal_by_layer(history)
    if found is None or (history.axis == "epoch" and found.grid.steps[0] > 0):
        return None
    logs = log10(found.grid.values[:, :1])
    trend = float(depth_trend(logs)[0]) * (len(logs) - 1)
    return float(logs[0, 0] - logs[-1, 0]), trend


def _breaks(history: History) -> bool:
    """Whether the last recorded loss or gradient is not finite."""
    ends = [history.get("loss", "train"), *history.over("gradient_norm").values()]
    return any(s is not None and not np.isfinite(s.values[-1]) for s in ends)


def _severity(growth: float | None, depth: tuple[float, float] | None) -> float:
    over_run = graded(float(np.log10(max(growth or 1, 1))), 0.5, 1, 1.5, 4)
    return max(over_run, graded(min(depth), 0.3, 0.7, 0.945, 4) if depth else 0.0)


def _fifth(points: int) -> int:
    return max(1, round(0.2 * points))
