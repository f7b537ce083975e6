"""The loss before anything was learned, against what an untrained network should have."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import curve_of, ratio
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.loss_trend import is_constant
from traindx.mlp.settings import Settings


class InitialLoss(Fact):
    """The loss before the first step. The mean over a first epoch is no such loss."""

    signal: ClassVar[str] = "the loss before the first step (or of the first batch)"

    value: float
    expected: float | None
    ratio: float | None
    basis: str | None
    """uniform: equal probability for every class; target_square: mean square of the targets."""
    multiple: int | None
    """The whole number k above 1 for which the value is k times the expected, within 3 %."""
    then: float | None
    """The first training loss recorded after the first step, over the value; None if not finite."""


@monitor
def initial_loss(history: History) -> Iterator[InitialLoss]:
    value = initial_value(history)
    if value is not None:
        basis, expected = expectation(history.settings)
        times = None if expected is None else ratio(value, expected)
        yield InitialLoss(
            value=value,
            expected=expected,
            ratio=times,
            basis=basis,
            multiple=_multiple(times),
            then=_then(history, value),
        )


def _then(history: History, value: float) -> float | None:
    train = history.get("loss", "train")
    if train is None or value <= 0:
        return None
    later = train.values[train.steps > 0]
    return ratio(float(later[0]), value) if len(later) and np.isfinite(later[0]) else None


def initial_value(history: History) -> float | None:
    """The loss of the probe batch at step 0, of the first batch, or at the first step of a run."""
    probe, batch = history.get("probe_loss", "train"), history.get("batch_loss", "train")
    train = history.get("loss", "train")
    if probe is not None and probe.steps[0] == 0:
        value = float(probe.values[0])
    elif batch is not None:
        value = float(batch.values[0])
    elif train is not None and _from_start(history):
        value = float(train.values[0])
    else:
        return None
    return value if np.isfinite(value) else None


def _from_start(history: History) -> bool:
    """Whether the first train loss is that of the first steps, or as good as it."""
    train, found = history.get("loss", "train"), curve_of(history, "loss", "train")
    if history.axis == "step":
        return train is not None and bool(train.steps[0] <= 1)
    return found is not None and is_constant(found)


def expectation(settings: Settings) -> tuple[str | None, float | None]:
    """What an untrained network's loss should be, and by which reasoning."""
    target = settings.target
    regression = settings.loss in ("mse", None) and settings.task in ("regression", None)
    if regression and target is not None and target.mean is not None and target.std:
        return "target_square", target.mean**2 + target.std**2
    choices = _choices(settings)
    return (None, None) if choices is None else ("uniform", float(np.log(choices)))


def _choices(settings: Settings) -> int | None:
    """Between how many answers an untrained classifier hesitates."""
    if settings.loss == "binary_cross_entropy" or settings.task in ("binary", "multilabel"):
        return 2
    if settings.loss not in ("cross_entropy", None):
        return None
    choices = settings.vocabulary if settings.task == "language_model" else settings.classes
    return choices if choices and choices > 1 else None


def _multiple(times: float | None) -> int | None:
    nearest = round(times) if times is not None and 1.5 < times < 16.5 else 0
    return nearest if times and nearest > 1 and abs(times / nearest - 1) <= 0.03 else None
