"""Whether the loss suits the task and the targets.

Problems, in the order in which they are looked for (the first one is told):

| word | what is meant |
|---|---|
| classification_loss_for_regression | a loss of probabilities or margins for numbers |
| regression_loss_for_classes | a distance between numbers for classes |
| categorical_for_binary | a categorical cross-entropy over a single output: always zero |
| categorical_for_multilabel | ... for labels that do not exclude each other |
| binary_loss_for_classes | a binary loss for more than two exclusive classes |
| negative_targets | the loss takes a logarithm or a count, and some targets are negative |
| targets_out_of_range | targets beyond 1 in a cross-entropy, or labels beyond the last output |
| nll_without_log_softmax | the negative log-likelihood is given what is no log-probability |
| none | nothing is known to be wrong |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from traindx.engine.facts import Fact
from traindx.mlp.architecture import loss_name, output_activation, output_units, task_of
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.output_layer import (
    BINARY,
    CATEGORICAL,
    KNOWN,
    LOG_LOSSES,
    MARGIN,
    SQUARES,
)
from traindx.mlp.settings import Settings, Task
from traindx.mlp.signals import SETTINGS

Severity = Literal["none", "mild", "wrong"]


class LossFunction(Fact):
    """The loss, and the first thing that is wrong with it."""

    signal: ClassVar[str] = SETTINGS

    name: str
    task: str | None
    fits: bool | None
    """None where the task or the loss is not known well enough to tell."""
    problem: str
    """One word of this module's table."""
    severity: Severity


@dataclass(frozen=True)
class _Loss:
    name: str
    task: Task | None
    units: int | None
    activation: str | None
    least: float | None
    largest: float | None
    integers: bool | None


Answer = tuple[str, Severity] | None


@monitor
def loss_function(history: History) -> Iterator[LossFunction]:
    """One fact if the loss is known."""
    loss = _loss(history.settings)
    if loss is None:
        return
    checks = (_task_mismatch, _class_mismatch, _direction, _percentages, _targets, _likelihood)
    problem, severity = next((a for check in checks if (a := check(loss))), ("none", "none"))
    known = loss.task is not None and loss.name in KNOWN
    yield LossFunction(
        name=loss.name,
        task=loss.task,
        fits=False if problem != "none" else True if known else None,
        problem=problem,
        severity=severity,
    )


def _loss(settings: Settings) -> _Loss | None:
    name, target = loss_name(settings), settings.target
    if name is None:
        return None
    return _Loss(
        name=name,
        task=task_of(settings),
        units=output_units(settings),
        activation=output_activation(settings),
        least=target.min if target else None,
        largest=target.max if target else None,
        integers=target.integers if target else None,
    )


def _task_mismatch(loss: _Loss) -> Answer:
    if loss.task == "regression" and loss.name in LOG_LOSSES | MARGIN | {"nll"}:
        return None if _shares(loss) else ("classification_loss_for_regression", "wrong")
    if loss.task in ("binary", "multiclass", "multilabel") and loss.name in SQUARES:
        soft = loss.name == "mse" and loss.activation in ("sigmoid", "softmax")
        return "regression_loss_for_classes", "mild" if soft else "wrong"
    return None


def _shares(loss: _Loss) -> bool:
    """Cross-entropy against shares (pixels of an autoencoder, soft labels) is a fair loss."""
    within = loss.least is not None and loss.least >= 0 and (loss.largest or 0) <= 1
    return within and loss.name in LOG_LOSSES and (loss.units != 1 or loss.name in BINARY)


def _class_mismatch(loss: _Loss) -> Answer:
    if loss.name in CATEGORICAL and loss.units == 1 and loss.task in ("binary", "multiclass", None):
        return "categorical_for_binary", "wrong"
    if loss.name in CATEGORICAL and loss.task == "multilabel":
        return "categorical_for_multilabel", "wrong"
    if loss.name in BINARY | {"hinge", "squared_hinge"} and loss.task == "multiclass":
        return "binary_loss_for_classes", "wrong" if loss.units == 1 else "mild"
    return None


def _direction(loss: _Loss) -> Answer:
    """A cosine compares directions, and of a single number there are only two."""
    return ("cosine_of_one_number", "wrong") if loss.name == "cosine" and loss.units == 1 else None


def _percentages(loss: _Loss) -> Answer:
    """A share of what is zero is without bound."""
    if loss.name != "mape" or loss.least is None or loss.largest is None:
        return None
    return ("percentage_of_zero", "wrong") if loss.least <= 0 <= loss.largest else None


def _targets(loss: _Loss) -> Answer:
    counted = loss.name in LOG_LOSSES | {"poisson", "msle"}
    if counted and loss.least is not None and loss.least < 0:
        return "negative_targets", "wrong"
    if loss.name not in LOG_LOSSES or loss.largest is None or loss.largest <= 1:
        return None
    labels = loss.name in CATEGORICAL and loss.integers is not False
    beyond = loss.units is None or loss.largest >= loss.units
    return None if labels and not (beyond and loss.units) else ("targets_out_of_range", "wrong")


def _likelihood(loss: _Loss) -> Answer:
    raw = loss.name == "nll" and loss.activation not in (None, "log_softmax")
    return ("nll_without_log_softmax", "wrong") if raw else None
