"""What the network puts out on the probe batch, against what it is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import output_activation, output_units, stages, task_of
from traindx.mlp.curves import median_of
from traindx.mlp.history import History
from traindx.mlp.layers import first_nonfinite_loss
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Distribution
from traindx.mlp.signals import LAYERS

NEVER_NEGATIVE = {
    "relu",
    "relu6",
    "sigmoid",
    "hard_sigmoid",
    "softmax",
    "softplus",
    "exponential",
}


class OutputRange(Fact):
    """The range of the network's outputs late in the run, and whether the targets lie in it."""

    signal: ClassVar[str] = LAYERS

    least: float | None
    """Medians over the last fifth of the run, as all numbers here."""
    largest: float | None
    mean: float | None
    sample_std: float | None
    """Standard deviation over samples, averaged over units."""
    constant: bool | None
    """Whether the output is the same for every sample, to six digits."""
    constant_at_start: bool | None
    target_min: float | None
    target_max: float | None
    reaches_target: bool | None
    """Whether the mean of the targets lies in the range; None for classes in several outputs."""
    span_share: float | None
    """Range of the outputs over the range of the targets."""
    negative_targets_unreachable: bool | None


@dataclass(frozen=True)
class _Measured:
    late: dict[str, float]
    first: dict[str, float]


@monitor
def output_range(history: History) -> Iterator[OutputRange]:
    """One fact of the network."""
    seen = _measured(history)
    if not seen.late:
        return
    least, largest = seen.late.get("min"), seen.late.get("max")
    target = _target(history)
    span = None if least is None or largest is None else (least, largest)
    yield OutputRange(
        least=least,
        largest=largest,
        mean=seen.late.get("mean"),
        sample_std=seen.late.get("sample_std"),
        constant=_constant(seen.late),
        constant_at_start=_constant(seen.first),
        target_min=target.min if target else None,
        target_max=target.max if target else None,
        reaches_target=_reaches(span, target),
        span_share=_span_share(span, target),
        negative_targets_unreachable=_unreachable(history, least, target),
    )


def _measured(history: History) -> _Measured:
    """The statistics of the last layer's output, late and at the first point."""
    late, first, end = {}, {}, first_nonfinite_loss(history)
    network = stages(history.settings)
    for slot in ("min", "max", "mean", "sample_std", "rms"):
        found = history.layers(f"activation_{slot}")
        scopes = [s for s in network[-1].scopes if s in found] if network else list(found)
        series = found[scopes[-1]].before(end).finite() if scopes else None
        if series is not None and len(series):
            late[slot], first[slot] = median_of(series.tail()), float(series.values[0])
    return _Measured(late, first)


def _constant(seen: dict[str, float]) -> bool | None:
    """Whether nothing of the input shows in the output."""
    if "sample_std" not in seen:
        return None
    size = max(abs(seen.get(slot, 0.0)) for slot in ("rms", "mean", "min", "max"))
    return seen["sample_std"] <= 1e-6 * size


def _target(history: History) -> Distribution | None:
    """The targets, where they can be compared with outputs number by number."""
    comparable = task_of(history.settings) in ("regression", "binary", "multilabel", None)
    units = output_units(history.settings)
    several = task_of(history.settings) == "binary" and units is not None and units > 1
    return history.settings.target if comparable and not several else None


def _reaches(span: tuple[float, float] | None, target: Distribution | None) -> bool | None:
    if span is None or target is None or target.mean is None:
        return None
    return span[0] <= target.mean <= span[1]


def _span_share(span: tuple[float, float] | None, target: Distribution | None) -> float | None:
    if span is None or target is None or target.min is None or target.max is None:
        return None
    width = target.max - target.min
    return float(np.minimum((span[1] - span[0]) / width, 1e16)) if width > 0 else None


def _unreachable(history: History, least: float | None, target: Distribution | None) -> bool | None:
    """Some targets are negative, no output is, and none can be (as far as is known)."""
    if least is None or target is None or target.min is None:
        return None
    activation = output_activation(history.settings)
    return target.min < 0 <= least and (activation is None or activation in NEVER_NEGATIVE)
