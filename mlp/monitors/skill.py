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
    basis: Basis | None
    """None, as all that follows, of a loss of which it is not known what a constant would get."""
    baseline: float | None
    """The loss of the best constant answer."""
    first: float | None
    best: float | None
    last: float | None


@monitor
def skill(history: History) -> Iterator[Skill]:
    """One fact for each split, if loss and task are known; a weighted loss has no baseline."""
    settings, known = history.settings, baseline(history.settings)
    if settings.loss is None or task_of(settings) is None:
        return
    for split, found in losses(history).items():
        if known is None or (settings.class_weights and split == "train"):
            yield Skill(split=split, basis=None, baseline=None, first=None, best=None, last=None)
        else:
            yield _skill(split, *known, found)


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
    if name == "binary_cross_entropy" and task_of(settings) == "multilabel":
        return _entropy_of_labels(settings)
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


def _entropy_of_labels(settings: Settings) -> tuple[Basis, float] | None:
    """The mean over the labels, each of which is there or not."""
    shares = np.clip(np.array(settings.class_shares or (), dtype=np.float64), 1e-12, 1 - 1e-12)
    if not len(shares) or not np.isfinite(shares).all():
        return None
    each = -(shares * np.log(shares) + (1 - shares) * np.log1p(-shares))
    return "class_shares", float(each.mean())


def _entropy(settings: Settings) -> tuple[Basis, float] | None:
    shares = np.array(settings.class_shares or ())
    present = shares[np.isfinite(shares) & (shares > 0)] if len(shares) else shares
    if len(present) > 1:
        present = present / present.sum()
        return "class_shares", float(-(present * np.log(present)).sum())
    classes = settings.classes or output_units(settings)
    return ("uniform", float(np.log(classes))) if classes and classes > 1 else None
