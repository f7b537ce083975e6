"""Skill: how much better the network is than an answer that does not look at the input.

The score 1 - loss / baseline is known in forecasting as the skill score (Murphy, 1988). The
baseline is the loss of the best constant answer: the variance of the targets for squared error,
the entropy of the class shares (ln C where they are not known) for cross-entropy.
"""

from collections.abc import Callable, Iterator, Mapping
from math import erfc, exp, pi, sqrt
from typing import ClassVar, Literal

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import loss_name, output_units, task_of
from traindx.mlp.curves import Curve, losses
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Settings
from traindx.mlp.signals import SETTINGS

Basis = Literal["variance", "class_shares", "uniform"]
WORST = -1e6


class Skill(Fact):
    """One split's loss against that of the best constant answer: 1 is perfect, 0 no better."""

    signal: ClassVar[str] = SETTINGS
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = {"val": "the validation loss, and the settings"}

    split: str
    basis: Basis
    baseline: float
    """The loss of the best constant answer."""
    first: float
    best: float
    last: float


@monitor
def skill(history: History) -> Iterator[Skill]:
    """One fact for each split whose loss has a known baseline (a weighted loss has none)."""
    known = baseline(history.settings)
    if known is None:
        return
    basis, level = known
    weighted = {"train"} if history.settings.class_weights else set()
    for split, found in losses(history).items():
        if split not in weighted:
            yield _skill(split, basis, level, found)


def _skill(split: str, basis: Basis, level: float, found: Curve) -> Skill:
    first, best, last = (max(WORST, 1 - v / level) for v in (found.first, found.best, found.last))
    return Skill(split=split, basis=basis, baseline=level, first=first, best=best, last=last)


def baseline(settings: Settings) -> tuple[Basis, float] | None:
    """The loss of the best constant answer, where loss and targets are known; in loss units."""
    name, target = loss_name(settings), settings.target
    if name in SPREAD and target is not None and target.std:
        # Of several outputs the best constant knows the mean of each.
        return "variance", SPREAD[name](min(target.std, target.feature_std_max or target.std))
    if name == "cross_entropy" and task_of(settings) in ("multiclass", "binary"):
        return _entropy(settings)
    if name == "binary_cross_entropy" and task_of(settings) == "binary":
        return _entropy(settings)
    return None


def _huber(std: float) -> float:
    """E min(d^2 / 2, |d| - 1/2) for a normal d; delta is 1, as in most frameworks."""
    z = 1 / std
    density, tail = exp(-z * z / 2) / sqrt(2 * pi), erfc(z / sqrt(2)) / 2
    return std**2 / 2 * (1 - 2 * tail - 2 * z * density) + 2 * (std * density - tail / 2)


SPREAD: dict[str | None, Callable[[float], float]] = {
    "mse": lambda std: std**2,
    "mae": lambda std: std * sqrt(2 / pi),
    "huber": _huber,
}
"""The loss of the best constant by the spread of the targets; but for mse, of about normal ones."""


def _entropy(settings: Settings) -> tuple[Basis, float] | None:
    shares = np.array(settings.class_shares or ())
    present = shares[np.isfinite(shares) & (shares > 0)] if len(shares) else shares
    if len(present) > 1:
        present = present / present.sum()
        return "class_shares", float(-(present * np.log(present)).sum())
    classes = settings.classes or output_units(settings)
    return ("uniform", float(np.log(classes))) if classes and classes > 1 else None
