"""A validation loss that was computed from probabilities, as if they were logits.

A second softmax over the probabilities p of C classes gives the loss ln(sum exp p) - p[label]. Of
answers that are sure, p is 1 for one class and 0 for the rest: then the loss is ln(e + C - 1) less
1 where the answer is right, so that loss and accuracy add up to the same number all along.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import median_of, sound
from traindx.mlp.history import Array, History, Series
from traindx.mlp.monitors import monitor

MOST_CLASSES = 40
"""Of more, the sums for one class more or less lie too near to each other."""
SCATTER, NEAR = 0.02, 0.012
"""How far the sums may lie apart, and their middle from that of a number of classes."""
LIVELY = 0.005
"""With an accuracy that moves less, the sums stand still whatever they are sums of."""


class SquashedValidation(Fact):
    """The sum of validation loss and accuracy over the second half of the run."""

    signal: ClassVar[str] = "the validation loss and accuracy of every epoch"
    absent: ClassVar[tuple[str, ...]] = ("classes",)

    classes: int | None
    """Of how many classes a second softmax would give that sum; None if of none."""
    total: float
    floor: float
    """The least loss that a second softmax allows: the sum less 1."""


@monitor
def squashed_validation(history: History) -> Iterator[SquashedValidation]:
    loss, accuracy = (sound(history, quantity, "val") for quantity in ("loss", "accuracy"))
    if loss is None or accuracy is None:
        return
    losses, answers = _together(loss, accuracy)
    if len(losses) >= 8:
        total = median_of(losses + answers)
        classes = _classes(total) if _make_up(losses, answers) else None
        yield SquashedValidation(classes=classes, total=total, floor=total - 1)


def _together(loss: Series, accuracy: Series) -> tuple[Array, Array]:
    """The values at the steps that both have, of the second half of them."""
    if np.array_equal(loss.steps, accuracy.steps):
        half = len(loss) // 2
        return loss.values[half:], accuracy.values[half:]
    _, at, there = np.intersect1d(loss.steps, accuracy.steps, return_indices=True)
    half = len(at) // 2
    return loss.values[at[half:]], accuracy.values[there[half:]]


def _make_up(losses: Array, answers: Array) -> bool:
    """Whether one falls by what the other rises."""
    apart, moved = float(np.std(losses + answers)), float(np.std(answers))
    return apart < min(SCATTER, 0.7 * moved) and moved > LIVELY


def _classes(total: float) -> int | None:
    counts = np.arange(2, MOST_CLASSES + 1)
    away = np.abs(np.log(np.e + counts - 1) - total)
    return int(counts[np.argmin(away)]) if away.min() < NEAR else None
