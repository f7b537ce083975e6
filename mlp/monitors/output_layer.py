"""Whether the output layer's activation suits the task, the loss and the targets.

Problems, in the order in which they are looked for (the first one is told):

| word | what is meant |
|---|---|
| softmax_one_unit | softmax over a single unit is 1 whatever goes in |
| double_activation | the loss, or a second layer, applies the activation once more |
| sigmoid_many_classes | one sigmoid unit for more than two classes |
| one_unit_many_classes | one unit of another kind for more than two classes |
| relu_output | ReLU: no negative outputs, no gradient where it is off, no probability |
| softmax_regression | outputs that sum to one, for numbers that do not |
| softmax_multilabel | outputs that exclude each other, for labels that do not |
| bounded_for_regression | targets lie outside of what the activation can give |
| linear_with_cross_entropy | a loss of probabilities is given raw scores |
| unbounded_for_cross_entropy | ... is given what another unbounded activation makes of them |
| tanh_output | negative "probabilities" |
| sigmoid_with_cross_entropy | sigmoids, that do not compete, under a categorical cross-entropy |
| softmax_binary_crossentropy | softmax, whose outputs compete, under a binary cross-entropy |
| sigmoid_for_exclusive_classes | sigmoids for classes that exclude each other |
| unbounded_for_classes | classes fitted as numbers, without an activation |
| unusual_output | an activation that hardly ever stands at an output |
| none | nothing is known to be wrong |
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from traindx.engine.facts import Fact
from traindx.mlp.architecture import (
    loss_name,
    output_activation,
    output_units,
    stages,
    task_of,
)
from traindx.mlp.canonical import takes_logits
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Settings, Task
from traindx.mlp.signals import SETTINGS

Severity = Literal["none", "mild", "wrong"]
RELU = {"relu", "relu6"}
UNBOUNDED = {"linear", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish", "softplus"}
RANGES: dict[str, tuple[float, float]] = {
    "sigmoid": (0, 1),
    "hard_sigmoid": (0, 1),
    "tanh": (-1, 1),
    "hard_tanh": (-1, 1),
    "softsign": (-1, 1),
    "softplus": (0, float("inf")),
    "exponential": (0, float("inf")),
    "relu": (0, float("inf")),
    "relu6": (0, 6),
}
LOG_LOSSES = {"cross_entropy", "binary_cross_entropy", "focal", "categorical_focal", "kl"}
CATEGORICAL = {"cross_entropy", "categorical_focal", "kl"}
BINARY = {"binary_cross_entropy", "focal"}
MARGIN = {"hinge", "squared_hinge", "categorical_hinge"}
SQUARES = {"mse", "mae", "huber", "log_cosh", "mape", "msle"}
KNOWN = LOG_LOSSES | MARGIN | SQUARES | {"nll", "poisson", "multilabel_soft_margin"}
"""Losses of which it is known what they take; any other somebody wrote for the purpose."""


class OutputLayer(Fact):
    """The output layer, and the first thing that is wrong with it."""

    signal: ClassVar[str] = SETTINGS

    activation: str | None
    units: int | None
    loss: str | None
    task: str | None
    fits: bool | None
    """None where too little is known to tell."""
    problem: str
    """One word of this module's table."""
    severity: Severity
    """Whether it hinders (mild) or makes it impossible (wrong) to learn."""
    double: bool


@dataclass(frozen=True)
class Output:
    """What is known of how the network answers."""

    activation: str
    units: int | None
    loss: str | None
    task: Task | None
    logits: bool | None
    """Whether the loss applies the activation itself."""
    least: float | None
    """The smallest target."""
    largest: float | None
    twice: bool
    rectified: bool = False
    """Whether what it is applied to went through a ReLU, and so is never negative."""

    @property
    def classes(self) -> bool:
        """Whether it is to tell classes apart."""
        return self.task in ("binary", "multiclass", "multilabel")

    def outside(self) -> bool | None:
        """Whether targets lie outside of the activation's range; None if that is not known."""
        low, high = RANGES.get(self.activation, (-float("inf"), float("inf")))
        if self.least is None or self.largest is None:
            return None
        slack = 1e-3 * (self.largest - self.least)
        return self.least < low - slack or self.largest > high + slack


Answer = tuple[str, Severity] | None


@monitor
def output_layer(history: History) -> Iterator[OutputLayer]:
    """One fact if the output's activation or number of units is known."""
    settings = history.settings
    activation, units = output_activation(settings), output_units(settings)
    if activation is None and units is None:
        return
    output = None if activation is None else output_of(settings, activation)
    problem, severity = judged(output) if output else ("none", "none")
    yield OutputLayer(
        activation=activation,
        units=units,
        loss=loss_name(settings),
        task=task_of(settings),
        fits=False if problem != "none" else _fits(output),
        problem=problem,
        severity=severity,
        double=problem == "double_activation",
    )


def output_of(settings: Settings, activation: str) -> Output:
    """What the settings tell of the output."""
    found, target = stages(settings), settings.target
    applied = found[-1].applied if found else ()
    said = takes_logits(settings.loss) if settings.loss is not None else None
    return Output(
        activation=activation,
        units=output_units(settings),
        loss=loss_name(settings),
        task=task_of(settings),
        logits=settings.from_logits if settings.from_logits is not None else said,
        least=target.min if target else None,
        largest=target.max if target else None,
        twice=any(applied.count(a) > 1 for a in ("softmax", "sigmoid", "log_softmax")),
        rectified=len(applied) > 1 and applied[-2] in RELU,
    )


def judged(output: Output) -> tuple[str, Severity]:
    """The first problem of the table, and how bad it is."""
    return next((found for check in CHECKS if (found := check(output))), ("none", "none"))


def _fits(output: Output | None) -> bool | None:
    """Nothing is wrong with it; None if the task is not known, or whether the loss takes logits."""
    if output is None or output.task is None or output.loss is None:
        return None
    raw = output.activation == "linear" and (output.loss in LOG_LOSSES or output.loss not in KNOWN)
    return None if raw and output.logits is None else True


def _structure(o: Output) -> Answer:
    if o.activation in ("softmax", "log_softmax") and o.units == 1:
        return "softmax_one_unit", "wrong"
    squashed = o.activation in ("softmax", "sigmoid")
    # A log-softmax under a cross-entropy that applies its own changes nothing but the cost.
    if o.twice or (squashed and o.logits and o.loss in LOG_LOSSES):
        return "double_activation", "wrong"
    if o.task == "multiclass" and o.units == 1:
        sigmoid = o.activation == "sigmoid"
        return ("sigmoid_many_classes" if sigmoid else "one_unit_many_classes"), "wrong"
    return None


def _rectified(o: Output) -> Answer:
    if o.activation not in RELU or o.task in (None, "reinforcement", "adversarial"):
        return None
    return "relu_output", "mild" if o.task == "regression" and not o.outside() else "wrong"


def _rectified_logits(o: Output) -> Answer:
    squashed = o.activation in ("softmax", "sigmoid", "log_softmax")
    return ("rectified_logits", "wrong") if squashed and o.rectified else None


def _for_numbers(o: Output) -> Answer:
    if o.task != "regression":
        return None
    if o.activation in ("softmax", "log_softmax"):
        return "softmax_regression", "wrong"
    if o.activation in RANGES and o.outside() is not False:
        return "bounded_for_regression", "wrong" if o.outside() else "mild"
    return None


def _for_labels(o: Output) -> Answer:
    multi = o.task == "multilabel" and o.activation in ("softmax", "log_softmax")
    return ("softmax_multilabel", "wrong") if multi else None


def _under_log_loss(o: Output) -> Answer:
    if o.loss not in LOG_LOSSES or o.logits or o.task == "language_model":
        return None
    if o.activation == "linear":
        return ("linear_with_cross_entropy", "wrong") if o.logits is False else None
    if o.activation in ("tanh", "hard_tanh", "softsign"):
        return "tanh_output", "wrong"
    if o.activation in UNBOUNDED | {"exponential"}:
        return "unbounded_for_cross_entropy", "wrong"
    return None


def _in_competition(o: Output) -> Answer:
    several = (o.units or 2) > 1
    if o.activation == "sigmoid" and o.loss in CATEGORICAL and several and o.task != "multilabel":
        # Frameworks divide the outputs by their sum first, so that it does learn, if less well.
        return "sigmoid_with_cross_entropy", "mild"
    if o.activation == "softmax" and o.loss in BINARY and several:
        return "softmax_binary_crossentropy", "mild"
    if o.activation == "sigmoid" and o.task == "multiclass":
        return "sigmoid_for_exclusive_classes", "mild"
    return None


def _beyond_labels(o: Output) -> Answer:
    """Two classes called -1 and 1, and an output that ends at 0."""
    if o.task != "binary" or o.units != 1 or o.logits or o.activation not in RANGES:
        return None
    return ("labels_out_of_range", "wrong") if o.outside() else None


def _classes_as_numbers(o: Output) -> Answer:
    if not o.classes or o.loss in MARGIN or o.logits:
        return None
    if o.loss in SQUARES and o.activation in UNBOUNDED:
        return "unbounded_for_classes", "mild"
    if o.activation in ("tanh", "hard_tanh", "softsign") and (o.least is None or o.least >= 0):
        return "tanh_output", "mild"
    unusual = {"exponential", "hard_sigmoid", "softsign", "log_sigmoid", "elu", "selu"}
    return ("unusual_output", "mild") if o.activation in unusual else None


CHECKS: tuple[Callable[[Output], Answer], ...] = (
    _structure,
    _rectified,
    _rectified_logits,
    _for_numbers,
    _for_labels,
    _under_log_loss,
    _in_competition,
    _beyond_labels,
    _classes_as_numbers,
)
