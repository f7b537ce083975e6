"""How far one optimizer step moves a layer's weights, as a share of their size.

About a thousandth is usual. Where only the change of a whole epoch was recorded, the step is
estimated: n steps in one direction go n times as far as one, n steps in random directions
sqrt(n) times; the geometric mean of the two, n**0.75, is off by at most n**0.25.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import steps_per_epoch
from traindx.mlp.curves import clip, median, median_of
from traindx.mlp.history import Array, History
from traindx.mlp.layers import Grid, graded, grid, log10, ratios, together
from traindx.mlp.monitors import monitor
from traindx.mlp.severity import Lit
from traindx.mlp.signals import LAYERS

Basis = Literal["step", "epoch"]


class UpdateRatio(Lit, Fact):
    """Decimal logarithms of norm(update of one step) / norm(weights) of a layer; -16 is none."""

    signal: ClassVar[str] = LAYERS

    layer: str
    log10_median: float
    """Of the whole run."""
    log10_first: float
    log10_early: float
    """Median over the first fifth of the run."""
    log10_late: float
    """Median over the last fifth of the run."""
    log10_largest: float
    log10_epoch: float | None
    """Median of the change between two recorded points, where that is what was recorded."""
    percent: float
    """The median ratio in percent."""
    basis: Basis
    share_frozen: float
    """Share of the recorded points in which the weights did not move at all."""
    output: bool
    severity: float
    """How far the median lies from 0.1 % to 1 %: amber below 1e-4 and above 5e-2."""


class UpdateRatioOverall(Fact):
    """The same of the network: the median of its layers, and the two that differ most from it."""

    signal: ClassVar[str] = LAYERS

    log10_median: float
    log10_early: float
    log10_late: float
    log10_least: float
    log10_largest: float
    layer_least: str
    layer_largest: str
    basis: Basis
    share_frozen: float
    """Share of the layers that never moved."""
    travelled: float
    """How far the weights went in all, in their own sizes: the moves between points added up."""


@dataclass(frozen=True)
class _Moves:
    """Ratio by layer and point, of one step and (by another factor) as it was recorded.

    `path` is the way between two points: a walk of n steps, partly at random, is taken to come
    as far as n**0.75 of them.
    """

    ratio: Grid
    raw: Array
    path: Array
    basis: Basis


@monitor
def update_ratio(history: History) -> Iterator[UpdateRatio | UpdateRatioOverall]:
    """One fact for every layer that has weights, and one of all of them."""
    moves = _moves(history)
    if moves is None:
        return
    facts = list(_by_layer(moves))
    yield from facts
    yield _overall(facts, moves)


def _moves(history: History) -> _Moves | None:
    recorded = grid(history, "update_ratio")
    if recorded is not None:
        way = recorded.values * _step_counts(history, recorded) ** 0.75
        return _Moves(recorded, recorded.values, way, "step")
    weights = grid(history, "weight_norm")
    pair = together(grid(history, "update_norm"), weights)
    if pair is not None:
        return _relative(pair[0], pair[1], _step_counts(history, pair[0]), "step")
    epochs = grid(history, "epoch_update_norm")
    pair = together(_moved(epochs), weights)
    if pair is None or epochs is None:
        return None
    counts = _step_counts(history, epochs)
    kept = np.isin(epochs.steps, pair[0].steps)
    return _relative(pair[0], pair[1], counts[kept], "epoch")


def _relative(updates: Grid, weights: Grid, counts: Array, basis: Basis) -> _Moves:
    """From the norms of what was recorded: single steps, or the moves of `counts` steps."""
    raw, far = ratios(updates.values, weights.values, otherwise=1.0), counts**0.75
    one, path = (raw, raw * far) if basis == "step" else (raw / far, raw)
    return _Moves(Grid(updates.layers, updates.steps, one), raw, path, basis)


def _moved(updates: Grid | None) -> Grid | None:
    """Without the point before training, at which nothing can have changed yet."""
    if updates is None or len(updates.steps) < 2 or updates.values[:, 0].any():
        return updates
    return Grid(updates.layers, updates.steps[1:], updates.values[:, 1:])


def _step_counts(history: History, updates: Grid) -> Array:
    """Optimizer steps between each recorded point and the one before it; one where unknown."""
    weights = grid(history, "weight_norm")
    start = weights.steps[0] if weights is not None else 0.0
    first = max(updates.steps[0] - start, 0.0)
    gaps = np.diff(updates.steps, prepend=updates.steps[0] - first)
    per_point = (steps_per_epoch(history.settings) or 1.0) if history.axis == "epoch" else 1.0
    return np.maximum(gaps * per_point, 1.0)


def _by_layer(moves: _Moves) -> Iterator[UpdateRatio]:
    decades = log10(moves.ratio.values)
    logs = Grid(moves.ratio.layers, moves.ratio.steps, decades)
    middle, largest = median(decades).tolist(), decades.max(axis=1).tolist()
    early, late = logs.early().tolist(), logs.late().tolist()
    still = (moves.raw == 0).mean(axis=1).tolist()
    epoch = median(log10(moves.raw)).tolist() if moves.basis == "epoch" else None
    for i, layer in enumerate(logs.layers):
        yield UpdateRatio(
            layer=layer,
            log10_median=middle[i],
            log10_first=float(decades[i, 0]),
            log10_early=early[i],
            log10_late=late[i],
            log10_largest=largest[i],
            log10_epoch=epoch[i] if epoch else None,
            percent=100 * 10 ** middle[i],
            basis=moves.basis,
            share_frozen=still[i],
            output=i == len(logs.layers) - 1,
            severity=_severity(middle[i]),
        )


def _severity(decade: float) -> float:
    slow, fast = graded(decade, -3, -4, -5, -8), graded(decade, -2, -1.3, -0.5, 0)
    return max(slow, fast)


def _overall(facts: list[UpdateRatio], moves: _Moves) -> UpdateRatioOverall:
    middle = [f.log10_median for f in facts]
    least, largest = int(np.argmin(middle)), int(np.argmax(middle))
    return UpdateRatioOverall(
        log10_median=median_of(middle),
        log10_early=median_of([f.log10_early for f in facts]),
        log10_late=median_of([f.log10_late for f in facts]),
        log10_least=middle[least],
        log10_largest=middle[largest],
        layer_least=facts[least].layer,
        layer_largest=facts[largest].layer,
        basis=moves.basis,
        travelled=clip(median_of(moves.path.sum(axis=1))),
        share_frozen=float(np.mean([f.share_frozen == 1 for f in facts])),
    )
