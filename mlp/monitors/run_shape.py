"""What kind of run was recorded, and how much of it."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import held_out
from traindx.mlp.history import History, Series
from traindx.mlp.monitors import monitor

KINDS = {
    "adversarial": ("generator_loss", "discriminator_loss"),
    "preference": ("reward_margin", "chosen_logp", "rejected_logp"),
    "reinforcement": ("reward", "reward_std", "zero_reward_share", "policy_entropy"),
}
"""The quantities that only such a run records."""
HELD_OUT = ("val", "test")
UNKNOWN = "left out, meaning unknown: "
"""How the readers begin to speak of such columns."""


class RunShape(Fact):
    """How much of a run was recorded."""

    signal: ClassVar[str] = "any loss, metric or reward"
    absent: ClassVar[tuple[str, ...]] = ("left_out",)

    axis: str
    points: int
    """Of the training loss; of the longest series, where there is none."""
    val_points: int
    """Of the held-out loss."""
    has_validation: bool
    """Whether there are two held-out losses or more."""
    val_per_train: float
    """Held-out losses for each training loss; 0 where there are none."""
    val_scores: int
    """Of the longest held-out accuracy or metric."""
    has_train: bool
    train_points: int
    """Of the training loss; 0 where there is none."""
    left_out: str | None
    """The columns of which a reader does not know what they mean, as it names them."""
    resumed: bool
    """Whether the first step is more than 10 intervals above the usual first one."""
    epochs: float | None
    """How many epochs were run, where they were counted."""
    run_kind: str
    """supervised, reinforcement, adversarial or preference."""


@monitor
def run_shape(history: History) -> Iterator[RunShape]:
    train = history.get("loss", "train")
    longest = train or max(history.series.values(), key=len, default=None)
    if longest is not None and len(longest):
        val = history.get("loss", "val") or history.get("loss", "test")
        yield RunShape(
            axis=history.axis,
            points=len(longest),
            val_points=0 if val is None else len(val),
            val_per_train=len(val) / len(train) if val and train else 0.0,
            has_validation=held_out(history) is not None,
            val_scores=_scores(history),
            has_train=train is not None,
            train_points=len(train) if train is not None else 0,
            left_out=_left_out(history),
            resumed=_resumed(longest),
            epochs=_epochs(history, longest),
            run_kind=run_kind(history),
        )


def _scores(history: History) -> int:
    """The points of the longest accuracy or metric that is not of training."""
    scores = {**history.over("accuracy"), **history.over("metric")}
    held = (s for scope, s in scores.items() if scope.partition("/")[0] in HELD_OUT)
    return max(map(len, held), default=0)


def _left_out(history: History) -> str | None:
    notes = (note.partition(UNKNOWN) for note in history.notes)
    return next((titles for before, found, titles in notes if found and not before), None)


def run_kind(history: History) -> str:
    """By what was recorded, else by the task."""
    recorded = {quantity for quantity, _ in history}
    for kind, quantities in KINDS.items():
        if recorded & set(quantities):
            return kind
    task = history.settings.task
    return task if task in KINDS else "supervised"


def _resumed(found: Series) -> bool:
    if len(found) < 2:
        return False
    return bool(found.steps[0] > 10 * np.median(np.diff(found.steps[:1000])) + 1)


def _epochs(history: History, longest: Series) -> float | None:
    epochs = history.get("epoch")
    if epochs is not None and np.isfinite(epochs.values[-1]):
        return float(epochs.values[-1])
    if history.axis == "epoch":
        return float(longest.steps[-1] - min(longest.steps[0], 1) + 1)
    per_epoch = history.settings.steps_per_epoch
    return float(longest.steps[-1]) / per_epoch if per_epoch else None
