"""Where the accuracy stands, against chance and against always answering the commonest class."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import task_of
from traindx.mlp.curves import Curve, curve_of, fall_from_best, median_of, still_rising
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Settings
from traindx.mlp.signals import CLASS_SHARES, CLASSES


class AccuracyLevel(Fact):
    """The course of one split's accuracy, in shares of 1."""

    signal: ClassVar[str] = "the accuracy of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = {
        "train": "the training accuracy",
        "val": "the validation accuracy",
    }
    to_know: ClassVar[Mapping[str, str]] = {
        "chance": CLASSES,
        "above_chance": CLASSES,
        "skill": CLASSES,
        "best_skill": CLASSES,
        "majority": CLASS_SHARES,
    }

    split: str
    first: float
    best: float
    last: float
    chance: float | None
    """One over the number of classes."""
    majority: float | None
    """The share of the commonest class."""
    above_chance: float | None
    """The last level minus the higher of those two."""
    skill: float | None
    """The last level between a guess (0) and all right (1)."""
    best_skill: float | None
    share_below: float | None
    """The share of the run at levels clearly below always answering the commonest class."""
    gain: float
    """The best level minus the first."""
    noise: float | None
    """The noise of one point."""
    constant: bool
    """Whether at least four values are all the same."""
    stuck: bool
    """Whether the gain is below three sigmas or below 0.02."""
    drop: float
    """The best level minus the last."""
    drop_sigmas: float | None
    best_at: float
    """The share of the run at which the best level was reached."""
    still_rising: bool
    """Whether it was still going up when the run ended."""
    stuck_at_chance: bool | None
    """Whether it is stuck within 0.02 (and two sigmas) of chance or of the commonest class."""
    perfect: bool
    """Whether it ended at 0.999 or above."""


@monitor
def accuracy_level(history: History) -> Iterator[AccuracyLevel]:
    for split in ("train", "val", "test"):
        found = curve_of(history, "accuracy", split)
        if found is not None:
            yield _level(found, split, history.settings)


def _level(found: Curve, split: str, settings: Settings) -> AccuracyLevel:
    best = float(found.level.max())
    drop, drop_sigmas, best_at = fall_from_best(found)
    chance, majority = chances(settings)
    known = [share for share in (chance, majority) if share is not None]
    stuck = _stuck(found, best)
    return AccuracyLevel(
        split=split,
        first=found.first,
        best=best,
        last=found.last,
        chance=chance,
        majority=majority,
        above_chance=found.last - max(known) if known else None,
        skill=_skill(found.last, known),
        best_skill=_skill(best, known),
        share_below=_share_below(found, majority),
        gain=best - found.first,
        noise=median_of(found.sigma) if found.measured else None,
        constant=found.one_value,
        stuck=stuck,
        drop=drop,
        drop_sigmas=drop_sigmas,
        best_at=best_at,
        still_rising=still_rising(found),
        stuck_at_chance=stuck and _near(found, known) if known else None,
        perfect=found.last >= 0.999,
    )


def _skill(level: float, known: list[float]) -> float | None:
    """Cohen's kappa against the better of guessing and the commonest class."""
    return (level - max(known)) / (1 - max(known)) if known and max(known) < 1 else None


def _share_below(found: Curve, majority: float | None) -> float | None:
    return None if majority is None else float(np.mean(found.level < majority - 0.02))


def chances(settings: Settings) -> tuple[float | None, float | None]:
    """The accuracy of a guess, and of always answering the commonest class.

    Under class weights, to answer so is no longer the best that a constant can do.
    """
    if task_of(settings) in ("multilabel", "regression"):
        return None, None
    shares = settings.class_shares
    commonest = max(shares) if shares and not settings.class_weights else None
    classes = settings.classes or (len(shares) if shares else None)
    if classes is None and settings.task == "binary":
        classes = 2
    return (1 / classes if classes and classes > 1 else None), commonest


def _stuck(found: Curve, best: float) -> bool:
    gain = best - found.first
    sigmas = found.sigmas(gain, 0, int(found.level.argmax()))
    return gain < 0.02 or (sigmas is not None and sigmas < 3)


def _near(found: Curve, levels: list[float]) -> bool:
    margin = 0.02 + 2 * float(found.error[-1])
    return any(abs(found.last - level) <= margin for level in levels)
