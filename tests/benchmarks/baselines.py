"""What others say of a recorded run: an older program's monitors, a lecture's checklist.

The ten monitors are computed as that program does, defects and all, at the last epoch for which
the record has statistics, each fed every loss once; what the record lacks is left out (absolute
gradients, so the ninth, the signal-to-noise ratio, cannot be had). Only red counts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """The numbers of a recorded run that a monitor asks for."""

    data: Json

    @cached_property
    def loss(self) -> Array:
        """The training losses."""
        return self._curve("loss")

    @cached_property
    def val(self) -> Array:
        """The validation losses; empty without."""
        return self._curve("val_loss")

    def _curve(self, name: str) -> Array:
        values = self.data["history"].get(name, [])
        return np.array([float(v) for v in values if v is not None], dtype=np.float64)

    def last(self, kind: str, tensor: str, statistic: str) -> float:
        """A statistic at the last epoch that has any; NaN if it was not recorded."""
        stats = self.data.get("stats", {}).get(kind, {})
        values = [v for v in stats.get(tensor, {}).get(statistic, []) if v is not None]
        return float(values[-1]) if values else nan

    def over(self, kind: str, statistic: str) -> list[float]:
        """The last value of a statistic of every kernel, in forward order."""
        return [self.last(kind, kernel, statistic) for kernel in self.kernels]

    @cached_property
    def kernels(self) -> list[str]:
        """The weights, biases left out."""
        gradients = self.data.get("stats", {}).get("grad", {})
        return [name for name in gradients if name.endswith("kernel")]

    @cached_property
    def layers(self) -> dict[str, Json]:
        """The configuration of each layer by name."""
        return {str(layer.get("name")): layer for layer in self.data["config"].get("layers", [])}

    @cached_property
    def hidden(self) -> list[tuple[str, str, int]]:
        """Name, activation and units of each activated layer but the last."""
        found = [
            (name, str(layer["activation"]), int((layer.get("output_shape") or [0])[-1] or 0))
            for name, layer in self.layers.items()
            if layer.get("activation") not in (None, "linear")
        ]
        return found[:-1]


def dead_neurons(run: Record) -> Iterator[str]:
    """More than 30 % of all hidden units."""
    dead = [
        (run.last("activation", name, "dead_unit_frac"), units) for name, _, units in run.hidden
    ]
    units = sum(n for _, n in dead)
    if units and sum(share * n for share, n in dead) / units > 0.3:
        yield "dead_neurons"


def saturation(run: Record) -> Iterator[str]:
    """The mean over the hidden layers of how extreme their outputs are, early layers first."""
    depth = len(run.hidden)
    scores = [
        _saturated(run, name, activation) * (1 + 0.1 * (depth - n)) / 1.5
        for n, (name, activation, _) in enumerate(run.hidden)
    ]
    if scores and float(np.mean(scores)) >= 0.25:
        yield "saturation"


def _saturated(run: Record, name: str, activation: str) -> float:
    def above(limit: float) -> float:
        return 1 - _share_below(run, name, limit)

    variance = run.last("activation", name, "var")
    if activation == "tanh":
        extreme, steep = above(0.9) + _share_below(run, name, -0.9), 0.0
        narrow = 0.4 if variance < 0.05 else 0.2 if variance < 0.1 else 0.0
    elif activation == "sigmoid":
        extreme = above(0.9) + _share_below(run, name, 0.1)
        steep = above(0.95) + _share_below(run, name, 0.05)
        narrow = 0.4 if variance < 0.02 else 0.2 if variance < 0.05 else 0.0
    else:
        extreme, steep = (above(10) if activation == "relu" else 0.0), 0.0
        narrow = 0.3 if variance < 0.01 else 0.0
    return 0.5 * extreme + 0.3 * narrow + 0.2 * steep


def _share_below(run: Record, name: str, limit: float) -> float:
    """The share of outputs below a limit, between the recorded quantiles a straight line."""
    knots = {"min": 0.0, "q01": 0.01, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q99": 0.99, "max": 1.0}
    values = np.maximum.accumulate([run.last("activation", name, knot) for knot in knots])
    return (
        float(np.interp(limit, values, list(knots.values()))) if np.all(values == values) else 0.0
    )


def vanishing(run: Record) -> Iterator[str]:
    """The mean ratio of the gradient variances of neighbours, and absolute floors."""
    variances = run.over("grad", "var")
    ratios = [a / b for a, b in pairwise(variances) if b > 1e-12]
    ratio = float(np.mean(ratios)) if ratios else 0.0
    score = min(0.8, (ratio - 2) / 8) if ratio > 2 else 0.0
    least = min(run.over("grad", "rms"), default=nan)
    score = max(score, 0.7 if least < 1e-7 else 0.4 if least < 1e-5 else 0.0)
    if score >= 0.4:
        yield "vanishing_gradients"


def exploding(run: Record) -> Iterator[str]:
    """The absolute norm of all gradients and of the largest one."""
    norms = run.over("grad", "norm")
    total, largest = sqrt(sum(n * n for n in norms)), max(norms, default=0.0)
    score = 0.6 * (total - 5) / 5 if total > 5 else 0.0
    score = min(1.0, (total - 10) / 10) if total > 10 else score
    score = min(1.0, score + min(0.5, (largest - 5) / 5)) if largest > 5 else score
    if score >= 0.4:
        yield "exploding_gradients"


def weight_health(run: Record) -> Iterator[str]:
    """The share of three checks passed: scale for the layer's width, few zeros, all finite."""
    checks = []
    for kernel in run.kernels:
        layer = run.layers.get(kernel.partition("/")[0], {})
        window = layer.get("kernel_size") or [layer.get("units") or 1]
        ratio = run.last("weight", kernel, "std") / sqrt(2 / max(1, int(window[0])))
        few_zeros = run.last("weight", kernel, "zero_frac") < 0.1
        finite = run.last("weight", kernel, "nonfinite_frac") == 0
        checks.append((0.5 <= ratio <= 2) + few_zeros + finite)
    if checks and float(np.mean(checks)) / 3 < 0.5:
        yield "weight_health"


def update_ratio(run: Record) -> Iterator[str]:
    """The median of one step's change (an epoch's, over the root of its steps) over the weights."""
    config = run.data["config"]
    steps = max(1.0, (config.get("n_train") or 1) / (config.get("batch_size") or 1))
    pairs = zip(run.over("update", "norm"), run.over("weight", "norm"), strict=True)
    ratios = [change / norm / sqrt(steps) for change, norm in pairs if norm > 1e-10]
    median = float(np.median(ratios)) if ratios else nan
    if median < 1e-4:
        yield "updates_too_small"
    if median > 5e-2:
        yield "updates_too_large"


def learning_progress(run: Record) -> Iterator[str]:
    """The slope of the logarithm, the range of the last five, and the gap."""
    loss = run.loss[-20:]
    if len(run.loss) < 5:
        return
    score = 0.0
    if len(loss) >= 10:
        slope = _slope(np.log(loss + 1e-8))
        bands = ((-0.01, 0.4), (-0.001, 0.25), (0.001, 0.1))
        score += _banded(slope, bands) if np.isfinite(slope) else 0.1
    spread = float(np.ptp(loss[-5:]) / (np.mean(loss[-5:]) + 1e-8))
    score += _banded(spread, ((0.01, 0.0), (0.05, 0.1), (0.2, 0.3)), 0.1)
    if len(run.val) >= 3:
        gap = float((run.val[-1] - loss[-1]) / (loss[-1] + 1e-8))
        score += _banded(gap, ((0.3, 0.3), (0.5, 0.1)))
    else:
        score += 0.3 if len(run.loss) < 10 else 0.15
    if score <= 0.25:
        yield "learning_progress"


def _banded(value: float, bands: Sequence[tuple[float, float]], beyond: float = 0.0) -> float:
    """What the first band that the value lies below is worth."""
    return next((worth for limit, worth in bands if value < limit), beyond)


def _slope(values: Array) -> float:
    if not np.isfinite(values).all():
        return nan
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def overfitting(run: Record) -> Iterator[str]:
    """The gap, the absolute slope of the last validation losses, and which way both went."""
    if len(run.val) < 5 or len(run.loss) < 5:
        return
    gap = (run.val[-1] - run.loss[-1]) / (run.loss[-1] + 1e-8)
    score = 0.4 if gap > 0.5 else 0.25 if gap > 0.2 else 0.1 if gap > 0.1 else 0.0
    if len(run.val) >= 10:
        slope = _slope(run.val[-10:])
        rising = 0.35 if slope > 0.01 else 0.2 if slope > 0.005 else 0.1 if slope > 0.001 else 0.0
        score += rising if np.isfinite(slope) else 0.05
    train, val = ((c[-1] - c[-5]) / (c[-5] + 1e-8) for c in (run.loss, run.val))
    score += 0.25 if train < -0.01 and val > 0.01 else 0.15 if train < 0 < val else 0.0
    if score >= 0.4:
        yield "overfitting"


def plateau(run: Record) -> Iterator[str]:
    """Little variance and little slope in three windows, and no step between the last two tens."""
    loss = run.loss[-50:]
    if len(loss) < 15:
        return
    score = 0.0
    for length, weight in ((5, 0.2), (10, 0.4), (15, 0.4)):
        window = loss[-length:]
        flat = np.var(window) / (np.mean(window) ** 2 + 1e-8) < 1e-4
        level = abs(_slope(window) / (window[0] + 1e-8)) < 1e-4
        score += weight * (int(flat) + int(level)) / 2
    if len(loss) >= 20:
        before, after = loss[-20:-10], loss[-10:]
        pooled = (np.var(before) + np.var(after)) / 2
        if pooled > 1e-10:
            effect = abs(np.mean(before) - np.mean(after)) / np.sqrt(pooled)
            score += _banded(float(effect), ((0.2, 0.3), (0.5, 0.1)))
    if len(run.val) >= 10:
        spread = [float(np.var(c[-10:]) / (np.mean(c[-10:]) ** 2 + 1e-8)) for c in (loss, run.val)]
        score += 0.2 if max(spread) < 1e-3 else 0.1 if max(spread) < 1e-2 else 0.0
    if score >= 0.5:
        yield "plateau"


MONITORS: tuple[Callable[[Record], Iterator[str]], ...] = (
    dead_neurons,
    saturation,
    vanishing,
    exploding,
    weight_health,
    update_ratio,
    learning_progress,
    overfitting,
    plateau,
)


def red_monitors(data: Json) -> list[str]:
    """The monitors that end in the red, in the order in which the program shows them."""
    run = Record(data)
    with np.errstate(all="ignore"):
        return [name for monitor in MONITORS for name in monitor(run)]


def checklist(data: Json) -> list[str]:
    """What the lecture's four questions find."""
    run = Record(data)
    loss, val, found = run.loss, run.val, []
    if len(loss) and loss[-1] >= loss[0]:
        found.append("loss_did_not_decrease")
    if np.isnan(loss).any():
        found.append("loss_is_nan")
    if len(loss) >= 10 and np.isfinite(loss[-10:]).all() and np.std(loss[-10:]) < 0.001:
        found.append("loss_plateaued")
    if len(val) and val[-1] > val[0] and loss[-1] < loss[0]:
        found.append("overfitting")
    return found
