"""What the held-out loss does while the training loss falls."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, clip, curve_of, held_out, median_of, part, ratio, sound
from traindx.mlp.history import Array, History, once
from traindx.mlp.monitors import monitor
from traindx.mlp.readers.names import higher_is_better


class Generalization(Fact):
    """The held-out loss against the training loss, both smoothed as far as the noise demands."""

    signal: ClassVar[str] = "the training and the validation loss of every epoch"
    absent: ClassVar[tuple[str, ...]] = ("whole_ratio",)

    split: str
    """val, or test where nothing is called validation."""
    points: int
    """How many evaluations there are."""
    gap: float
    """(held-out - train) / |train| at the end. Huge where the train loss is tiny."""
    gap_of_progress: float | None
    """(held-out - train) at the end, as a share of what the train loss fell by."""
    first_gap: float
    """(held-out - train) / |train| at the first evaluation."""
    first_epoch: float | None
    """How many epochs had passed by then, where they were counted."""
    gap_from_start: bool
    """Whether it was far worse from the first evaluation on, and hardly fell, while train fell.

    Not if it went on rising from there, and the gap was no larger than the training loss or had
    had epochs to open.
    """
    val_rise: float
    """From the best held-out level to the last, relative to the best."""
    val_rise_sigmas: float | None
    val_rise_of_progress: float
    within_noise: bool
    """Whether that rise is below 1 %, or below three sigmas and not likely to be overfitting."""
    rise_odds: float | None
    """Log-odds that a reader of the two curves takes that rise for overfitting, see `Pair`. None
    where the curves do not part, or fewer than three values show nothing."""
    val_fall: float
    """From the first held-out level (no early transient) to the best, as a share of the first."""
    val_flat: bool
    """Whether the held-out loss never improved beyond its noise, or by 1 %."""
    val_noise: float | None
    best_step: float
    """Of the lowest value, among the levels that are as low as the lowest."""
    best_at: float
    after_best: int
    """How many evaluations came after the best."""
    train_fall_since_best: float
    """How far the training loss fell after that, relative to its level there."""
    train_low: float | None
    """The last training level over the first."""
    metric_disagrees: bool | None
    """Whether a held-out metric went on improving after the best loss."""
    accuracy_gap: float | None
    """Training minus held-out accuracy at the end."""
    val_accuracy_drop: float | None
    """The best held-out accuracy minus the last."""
    val_below_train: float
    """The share of evaluations at which the held-out loss is the lower one."""
    below_ratio: float | None
    """The median of held-out over training loss in the last half."""
    whole_ratio: int | None
    """The whole number, 2 to 16, that the training loss is of the held-out one all along."""


LEAST_RISE, LEAST_OF_PROGRESS, LEAST_FALL = 0.005, 0.02, 0.05
"""For two curves to part: the rise of the held-out loss, as a share of its level and of what it had
fallen by (what nobody sees in a plot is no rise), and the fall of the training loss."""
UNKNOWN = 2.0
"""Sigmas that a rise is taken for where fewer than four values hide the noise."""


@dataclass(frozen=True)
class Pair:
    """A held-out curve and the training level at its steps, (evaluations,)."""

    val: Curve
    train: Curve
    steps: Array
    """The steps of all evaluations; those of `val` may be fewer."""

    @cached_property
    def trained(self) -> Array:
        return np.interp(self.val.steps, self.train.steps, self.train.level)

    @cached_property
    def first(self) -> float:
        """The first held-out level, or the next ones if it is three times worse beside train."""
        early = self.val.level[1 : max(4, len(self.val.level) // 10)]
        if not self.positive or len(self.val.level) < 5:
            return self.val.first
        beside = self.val.level / self.trained
        usual = max(1.0, median_of(beside[1 : max(4, len(beside) // 4)]))
        return float(early.max()) if beside[0] > 3 * usual else self.val.first

    @property
    def positive(self) -> bool:
        return self.val.positive and self.train.positive

    @property
    def progress(self) -> float:
        """What the held-out loss fell by."""
        return max(0.0, self.first - self.val.best)

    @property
    def train_progress(self) -> float:
        return self.train.first - self.train.last

    @property
    def rise(self) -> float:
        return self.val.last - self.val.best

    @cached_property
    def rise_sigmas(self) -> float | None:
        """Two at most for wander, which noise from point to point does not show."""
        risen = self.val.rise_sigmas(self.val.lowest)
        if risen is None:
            return None
        return max(min(risen, 2.0) if self.wanders else risen, self.val.never_back)

    @cached_property
    def wanders(self) -> bool:
        """Whether the rise is not a quarter higher than another that was undone; if all values lie
        far above the best, it is no wander.
        """
        return self.rise < 1.25 * self._undone and not self.val.never_back

    @property
    def _undone(self) -> float:
        """The highest rise of the level that was undone, near the best or after it, but for what
        the noise of single values adds. What the first fifth of the run did is no measure.
        """
        level, best = self.val.level, self.val.lowest
        start = min(best, max(len(level) // 5, 2 * best - len(level)))
        before, after = level[start : best + 1], level[best:]
        up, down = before - np.minimum.accumulate(before), np.maximum.accumulate(after) - after
        return float(max(up.max(), down.max())) - 4 * median_of(self.val.error)

    @property
    def within_noise(self) -> bool:
        sigmas = self.rise_sigmas
        likely = self.rise_odds is not None and self.rise_odds >= 0
        hidden = sigmas is not None and sigmas < 3 and not likely
        return hidden or self.rise <= 0.01 * self.val_size

    @cached_property
    def rise_odds(self) -> float | None:
        """1.2 ln(significance) + ln(rise) / 3 + 5 (fall of train since, 1/2 at most) - 1.7.

        A logistic regression on 75 public logs whose curves part, 64 of them labelled overfitting,
        rounded: it tells 60 of those and takes one of the others for it. Wander is none.
        """
        sigmas = UNKNOWN if self.rise_sigmas is None else self.rise_sigmas
        if sigmas < 1 or self.wanders or len(self.val.values) < 3 or not self._parted:
            return None
        rise = np.log(ratio(self.rise, self.val_size, 0.0)) / 3
        fall = 5 * min(self.train_fall_since_best, 0.5)
        return float(1.2 * np.log(min(sigmas, 50.0)) + rise + fall - 1.7)

    @property
    def _parted(self) -> bool:
        """Whether the held-out loss rose and the training loss fell by as much as one can see."""
        risen = self.rise >= max(LEAST_RISE * self.val_size, LEAST_OF_PROGRESS * self.progress)
        return risen and self.rise > 0 and self.train_fall_since_best >= LEAST_FALL

    @property
    def val_size(self) -> float:
        return self.val.size(self.val.best)

    @property
    def flat(self) -> bool:
        sigmas = self.val.fall_sigmas
        return (sigmas is not None and sigmas < 3) or self.progress <= 0.01 * (
            self.first if self.val.positive else self.val.spread
        )

    @property
    def train_fall_since_best(self) -> float:
        then = float(self.trained[self.val.turn])
        return ratio(then - float(self.trained[-1]), self.train.size(then), 0.0)

    def gap(self, place: int) -> float:
        train = float(self.trained[place])
        return ratio(float(self.val.level[place]) - train, abs(train), 0.0)

    @property
    def gap_of_progress(self) -> float | None:
        if self.train_progress <= 0:
            return None
        return part(self.val.last - float(self.trained[-1]), self.train_progress)


@once
def pair(history: History) -> tuple[str, Pair] | None:
    """The held-out split and its loss beside the training loss."""
    train, held = curve_of(history, "loss", "train"), held_out(history)
    if train is None or held is None:
        return None
    split, val = held
    series = sound(history, "loss", split)
    return split, Pair(val, train, val.steps if series is None else series.steps)


@monitor
def generalization(history: History) -> Iterator[Generalization]:
    found = pair(history)
    if found is not None:
        yield _generalization(history, *found)


def _generalization(history: History, split: str, both: Pair) -> Generalization:
    val, train = both.val, both.train
    first_epoch = _epoch_at(history, float(both.steps[0]))
    return Generalization(
        split=split,
        points=val.points,
        gap=both.gap(-1),
        gap_of_progress=both.gap_of_progress,
        first_gap=both.gap(0),
        first_epoch=first_epoch,
        gap_from_start=_gap_from_start(both) and not _opened(both, first_epoch),
        val_rise=ratio(both.rise, both.val_size, 0.0),
        val_rise_sigmas=both.rise_sigmas,
        val_rise_of_progress=part(both.rise, both.progress),
        within_noise=both.within_noise,
        rise_odds=both.rise_odds,
        val_fall=ratio(both.progress, both.first if val.positive else val.spread, 0.0),
        val_flat=both.flat,
        val_noise=val.noise,
        best_step=float(val.steps[val.turn]),
        best_at=val.share(val.lowest),
        after_best=int(np.sum(both.steps > val.steps[val.turn])),
        train_fall_since_best=both.train_fall_since_best,
        train_low=ratio(train.last, train.first) if train.positive else None,
        metric_disagrees=metric_disagrees(history, split, val),
        accuracy_gap=_accuracy_gap(history, split),
        val_accuracy_drop=_accuracy_drop(history, split),
        val_below_train=float(np.mean(val.values < both.trained)),
        below_ratio=_beside(both),
        whole_ratio=_whole_ratio(both),
    )


def _epoch_at(history: History, step: float) -> float | None:
    """The epoch at a step."""
    if history.axis == "epoch":
        return step
    counted = sound(history, "epoch")
    return None if counted is None else float(np.interp(step, counted.steps, counted.values))


def _opened(both: Pair, first_epoch: float | None) -> bool:
    """Whether a gap at the first evaluation may have opened before it, as it does after it."""
    widens = both.rise >= 0.1 * both.val_size and not both.within_noise
    return widens and (both.gap(0) < 1 or (first_epoch or 0.0) > 1.5)


def _beside(both: Pair) -> float | None:
    if not both.positive:
        return None
    half = len(both.trained) // 2
    return clip(median_of(both.val.level[half:] / both.trained[half:]))


def _whole_ratio(both: Pair) -> int | None:
    """A ratio that stays within a tenth of itself, and in the middle lies at a whole number."""
    if not both.positive or len(both.trained) < 4:
        return None
    times = both.trained / both.val.level
    middle = median_of(times)
    whole = round(middle)
    steady = median_of(np.abs(times - middle)) < 0.1 * middle
    return whole if 2 <= whole <= 16 and steady and abs(middle - whole) < 0.04 * middle else None


def _gap_from_start(both: Pair) -> bool:
    """Half again as high as train at every evaluation, and a third of its relative fall at most.

    Where train had halved before the first evaluation, that evaluation saw no start: then it must
    lie above where train began.
    """
    if not both.positive:
        return False
    always = bool(np.all(both.val.level > 1.5 * both.trained))
    late = both.trained[0] < 0.5 * both.train.first
    if late and both.val.level[0] < both.train.first:
        return False
    return always and both.train_progress / both.train.first > 3 * both.progress / both.first


def _accuracy_gap(history: History, split: str) -> float | None:
    train, held = (curve_of(history, "accuracy", scope) for scope in ("train", split))
    return None if train is None or held is None else train.last - held.last


def _accuracy_drop(history: History, split: str) -> float | None:
    held = curve_of(history, "accuracy", split)
    return None if held is None else float(held.level.max()) - held.last


def metric_disagrees(history: History, split: str, loss: Curve) -> bool | None:
    """Whether most held-out metrics went on improving after the best loss; accuracy decides."""
    since = float(loss.steps[loss.turn])
    accuracy = curve_of(history, "accuracy", split)
    if accuracy is not None:
        return _improves(accuracy, since, True)
    votes = [
        _improves(found, since, higher)
        for scope in history.over("metric")
        if scope.startswith(f"{split}/")
        and (higher := higher_is_better(scope)) is not None
        and (found := curve_of(history, "metric", scope)) is not None
    ]
    return 2 * sum(votes) > len(votes) if votes else None


def _improves(found: Curve, since: float, higher: bool) -> bool:
    """Whether the last level is better than at a step by 2 sigmas and a twentieth of its range.

    Half a percent of the level where that is larger. It must go on: the second half of the way
    must have brought something too.
    """
    sign = 1 if higher else -1
    place = min(int(np.searchsorted(found.steps, since)), len(found.level) - 1)
    halfway = (place + len(found.level)) // 2
    gain = float(found.last - found.level[place]) * sign
    sigmas = found.sigmas(gain, place, -1)
    least = max(0.005 * abs(found.last), 0.05 * found.spread)
    lately = found.sigmas(float(found.last - found.level[halfway]) * sign, halfway, -1)
    goes_on = len(found.level) - place < 8 or lately is None or lately > 1
    return gain > least and (sigmas is None or sigmas > 2) and goes_on
