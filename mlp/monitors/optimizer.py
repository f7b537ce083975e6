"""The optimizer, and how its learning rate compares with what that optimizer is usually given."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import FINE_TUNING
from traindx.mlp.canonical import adaptive, canonical, usual_rate
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Settings
from traindx.mlp.signals import SETTINGS

PLAIN = 3.0
"""Plain gradient descent is usually given 0.01 to 0.1; momentum adds its steps up tenfold."""
FINE_TUNED = 1e-4
"""Middle of what pretrained and language models are usually given, 1e-5 to 1e-3 (adaptive)."""


class Optimizer(Fact):
    """The optimizer as configured."""

    signal: ClassVar[str] = SETTINGS

    name: str
    """Canonical: sgd, adam, adamw, rmsprop, adagrad, adadelta ..."""
    adaptive: bool
    learning_rate: float | None
    """As configured, else the highest one recorded."""
    usual: float | None
    """The rate that this optimizer is usually started with."""
    log10_vs_usual: float | None
    rate_high: bool
    """More than ten times the usual rate."""
    rate_low: bool
    """Less than a thirtieth of the usual rate (a three-hundredth where weights are fine-tuned)."""
    rate_zero: bool
    momentum: float | None
    nesterov: bool | None
    epsilon: float | None
    weight_decay: float | None
    beta_1: float | None
    beta_2: float | None
    clip: float | None
    """The norm or value that gradients are clipped to."""


@monitor
def optimizer(history: History) -> Iterator[Optimizer]:
    """One fact if the optimizer is known."""
    settings = history.settings
    if settings.optimizer is None:
        return
    name = canonical("optimizer", settings.optimizer)
    rate, usual = _rate(history), _usual(name, settings)
    decades = float(np.log10(rate / usual)) if rate and rate > 0 and usual else None
    yield Optimizer(
        name=name,
        adaptive=adaptive(name),
        learning_rate=rate,
        usual=usual,
        log10_vs_usual=decades,
        rate_high=decades is not None and decades > _highest(name, settings),
        rate_low=decades is not None and decades < (-2.5 if _gentle(settings) else -1.5),
        rate_zero=rate == 0,
        momentum=settings.momentum,
        nesterov=settings.nesterov,
        epsilon=settings.epsilon,
        weight_decay=settings.weight_decay,
        beta_1=settings.beta_1,
        beta_2=settings.beta_2,
        clip=settings.clip_norm if settings.clip_norm is not None else settings.clip_value,
    )


def _rate(history: History) -> float | None:
    if history.settings.learning_rate is not None:
        rate = history.settings.learning_rate
        return rate if np.isfinite(rate) else None
    recorded = next(iter(history.over("learning_rate").values()), None)
    if recorded is None or not len(recorded.finite()):
        return None
    return float(recorded.finite().values.max())


def _usual(name: str, settings: Settings) -> float | None:
    usual = usual_rate(name)
    if usual and name == "sgd" and not settings.momentum:
        usual *= PLAIN  # nothing adds the steps up
    return min(usual, FINE_TUNED) if usual and adaptive(name) and _gentle(settings) else usual


def _gentle(settings: Settings) -> bool:
    return bool(settings.pretrained) or settings.task in FINE_TUNING


def _highest(name: str, settings: Settings) -> float:
    """Decades above the usual rate that are still no surprise (a little over ten times)."""
    ordinary, usual = usual_rate(name), _usual(name, settings)
    return 1.02 + (float(np.log10(ordinary / usual)) if ordinary and usual else 0.0)
