"""Levels of a loss that give a cause away: a number that only one mistake produces."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, clip, curve_of, late, line, losses, ratio
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.initial_loss import initial_value
from traindx.mlp.settings import Settings
from traindx.mlp.signals import CLASSES, LOSS_OF_SPLIT

CLASSIFYING: Final = ("cross_entropy", "binary_cross_entropy", "nll", None)
VOCABULARIES: Final = (30522, 32000, 50257, 50304, 128256, 151936, 256000)
"""BERT, Llama 2, GPT-2 (and padded), Llama 3, Qwen 2, Gemma."""
CLIPS: Final = {
    "log_clip_1e7": (15.942, 16.118),
    "log_clip_bce100": (100.0,),
    "caffe_fltmin": (87.3365,),
}
"""The loss of one answer that is wrong with certainty, by who clips the logarithm: Keras (float32
and float64), torch.nn.BCELoss, Caffe. The mean loss is that times the share of wrong answers."""


class LossLevel(Fact):
    """A level at which the loss stands and what that level is known for."""

    signal: ClassVar[str] = "the loss"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = LOSS_OF_SPLIT
    to_know: ClassVar[Mapping[str, str]] = {"name": CLASSES}

    name: str | None
    """uniform, uniform_vocabulary, uniform_unknown (of as many classes as `classes`), ln2,
    prior_entropy, double_softmax_floor, double_sigmoid_floor, log_clip_1e7, log_clip_bce100,
    caffe_fltmin, target_variance; none if no level was met; None if none was met and neither the
    number of classes nor the targets are known, so that hardly any could be."""
    split: str
    level: float
    value: float
    relative_error: float
    where: str | None
    """start, end or throughout; None if no level was met."""
    settled: bool | None
    """Whether the loss had come to rest there (less than 3 % of change over the last quarter)."""
    accuracy: float | None
    """That of the split where the level was met."""
    classes: int | None
    share: float | None
    """Of wrong answers, for the clipped logarithms."""
    accuracy_high: bool | None
    """Whether the answers are clearly better than the level says (0.15 above the commonest)."""


@dataclass(frozen=True)
class Level:
    """A known level, how near the loss has to come, and where it may be met."""

    name: str
    level: float
    within: float
    classes: int | None = None
    share: float | None = None
    settled: bool = False
    """Whether it is a floor, that only means something where a loss has come to rest."""


@dataclass(frozen=True)
class Place:
    """One end of a loss curve."""

    value: float
    accuracy: float | None
    settled: bool
    start: bool
    stuck: bool
    """Whether the whole curve stays within 5 % of its level."""


@monitor
def loss_level(history: History) -> Iterator[LossLevel]:
    for split, found in losses(history).items():
        start, end = _start(history, split, found), _end(history, split, found)
        matches = {
            where: {level.name: (level, place) for level in _nearest_last(history, place)}
            for where, place in (("start", start), ("end", end))
            if place is not None
        }
        facts = list(_facts(history, split, matches, found))
        yield from facts or [_none(split, found.last, history.settings)]


def _none(split: str, level: float, settings: Settings) -> LossLevel:
    """That no known level was met."""
    known = settings.vocabulary or _classes(settings) or settings.target
    return LossLevel(
        name="none" if known else None,
        split=split,
        level=level,
        value=level,
        relative_error=0.0,
        where=None,
        settled=None,
        accuracy=None,
        classes=None,
        share=None,
        accuracy_high=None,
    )


def _nearest_last(history: History, place: Place) -> list[Level]:
    """The levels that a place meets; of two with one name the nearer comes last."""
    met = _met(history.settings, place)
    return sorted(met, key=lambda level: -abs(place.value / level.level - 1))


Matches = dict[str, dict[str, tuple[Level, Place]]]


def _facts(history: History, split: str, matches: Matches, found: Curve) -> Iterator[LossLevel]:
    start, end = matches.get("start", {}), matches["end"]
    for name in {**start, **end}:
        level, place = end.get(name) or start[name]
        throughout = name in end and (name in start or place.stuck)
        if level.settled and name not in end:
            continue
        yield LossLevel(
            name=name,
            split=split,
            level=level.level,
            value=place.value,
            relative_error=abs(place.value / level.level - 1),
            where="throughout" if throughout else "end" if name in end else "start",
            settled=place.settled,
            accuracy=place.accuracy,
            classes=level.classes,
            share=level.share,
            accuracy_high=_high(history.settings, place.accuracy),
        )


def _start(history: History, split: str, found: Curve) -> Place | None:
    value = initial_value(history) if split == "train" else None
    stepwise = split == "train" and history.axis == "step"
    if value is None and stepwise and found.first >= found.best > 0:
        value = found.first  # of a few steps' mean; an epoch's would be too late
    if value is None:
        return None
    return Place(
        value, _accuracy(history, split, 0), settled=False, start=True, stuck=_stuck(found)
    )


def _end(history: History, split: str, found: Curve) -> Place:
    tail = line(found, late(found, 0.25))
    drift = abs(ratio(tail.change, found.size(abs(tail.middle))) or 0.0)
    return Place(
        found.last,
        _accuracy(history, split, -1),
        settled=drift < 0.03,
        start=False,
        stuck=_stuck(found),
    )


def _stuck(found: Curve) -> bool:
    return found.spread <= 0.05 * abs(found.last)


def _accuracy(history: History, split: str, place: int) -> float | None:
    found = curve_of(history, "accuracy", split)
    return None if found is None else float(found.level[place])


def _high(settings: Settings, accuracy: float | None) -> bool | None:
    classes = _classes(settings)
    if accuracy is None or (classes is None and not settings.class_shares):
        return None
    common = max(settings.class_shares or (1 / (classes or 2),))
    return accuracy > min(common + 0.15, 0.5 + common / 2)


def _met(settings: Settings, place: Place) -> Iterator[Level]:
    for levels in LEVELS:
        for level in levels(settings, place):
            near = abs(place.value - level.level) <= level.within * level.level
            if level.level > 0 and near and (place.settled or not level.settled):
                yield level


def _classes(settings: Settings) -> int | None:
    if settings.task == "binary" or settings.loss == "binary_cross_entropy":
        return 2
    shares = settings.class_shares
    return settings.classes or (len(shares) if shares else None)


def _uniform(settings: Settings, place: Place) -> Iterator[Level]:
    """ln C; C as it is known, or as the accuracy says, or as a stuck loss suggests."""
    if settings.loss not in CLASSIFYING or settings.task in ("regression", "reinforcement"):
        return
    classes = settings.vocabulary or _classes(settings)
    if classes is not None:
        if classes > 1:
            yield Level("uniform", float(np.log(classes)), 0.02, classes)
        return
    guess = round(float(np.exp(place.value))) if 0 < place.value < 7 else 0
    by_accuracy = place.accuracy is not None and abs(place.accuracy * guess - 1) < 0.1
    if guess > 1 and (by_accuracy or (place.stuck and _round(guess))):
        name = "uniform" if by_accuracy else "ln2" if guess == 2 else "uniform_unknown"
        yield Level(name, float(np.log(guess)), 0.005, guess)


def _round(classes: int) -> bool:
    """A number of classes that data sets have, few enough that no loss meets one by chance."""
    return classes <= 10 or classes in (20, 100, 200, 1000)


def _vocabulary(settings: Settings, place: Place) -> Iterator[Level]:
    """ln V of a vocabulary in use, where a loss begins or is stuck."""
    unknown = settings.vocabulary is None and settings.classes is None
    if unknown and place.value > 9 and (place.start or place.stuck):
        levels = np.log(np.array(VOCABULARIES, dtype=float))
        nearest = int(np.argmin(np.abs(levels - place.value)))
        yield Level("uniform_vocabulary", float(levels[nearest]), 0.015, VOCABULARIES[nearest])


def _prior(settings: Settings, _: Place) -> Iterator[Level]:
    """The entropy of the class shares, where it differs from ln C."""
    shares = np.array([share for share in settings.class_shares or () if share > 0])
    if len(shares) > 1 and settings.loss in CLASSIFYING:
        entropy = float(-np.sum(shares * np.log(shares)))
        if entropy < 0.97 * np.log(len(shares)):
            yield Level("prior_entropy", entropy, 0.02, len(shares))


def _double_softmax(settings: Settings, _: Place) -> Iterator[Level]:
    """What is left where a softmax can at most give 1 against zeros to a second one."""
    classes = _classes(settings)
    one_of_many = settings.task not in ("binary", "multilabel", "regression")
    softmaxed = one_of_many and settings.loss in ("cross_entropy", "nll", None)
    if softmaxed and classes and classes > 1:
        floor = float(np.log(np.e + classes - 1) - 1)
        yield Level("double_softmax_floor", floor, 0.01, classes, settled=True)


def _double_sigmoid(settings: Settings, _: Place) -> Iterator[Level]:
    """ln(1 + 1/e) for the positives and ln 2 for the rest."""
    if settings.loss == "binary_cross_entropy" or settings.task == "binary":
        shares = settings.class_shares
        positive = shares[1] if shares and len(shares) == 2 else 0.5
        floor = positive * float(np.log1p(np.exp(-1))) + (1 - positive) * float(np.log(2))
        yield Level("double_sigmoid_floor", floor, 0.01, 2, settled=True)


def _clipped(settings: Settings, place: Place) -> Iterator[Level]:
    """A share of answers wrong with certainty: as the accuracy says, or that of a class."""
    if settings.loss not in CLASSIFYING:
        return
    if place.accuracy is not None:
        shares = [1 - place.accuracy]
    else:
        known = list(settings.class_shares or (0.5,)) if place.stuck else []
        shares = [wrong for share in known for wrong in (share, 1 - share)]
    for name, constants in CLIPS.items():
        for level in (Level(name, c * s, 0.02, share=s) for c in constants for s in shares):
            if level.share is not None and level.share >= 0.03:
                yield level


def _target(settings: Settings, _: Place) -> Iterator[Level]:
    """The variance of the targets: always predicting their mean."""
    target = settings.target
    regression = settings.loss == "mse" or (settings.loss is None and settings.task == "regression")
    if regression and target is not None and target.std:
        yield Level("target_variance", clip(target.std**2), 0.02)


LEVELS: Final[tuple[Callable[[Settings, Place], Iterator[Level]], ...]] = (
    _uniform,
    _vocabulary,
    _prior,
    _double_softmax,
    _double_sigmoid,
    _clipped,
    _target,
)
