"""What the monitors of the settings say: which activation, loss, rate and scale belong together."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from traindx.engine.facts import Fact
from traindx.mlp.history import History, Series
from traindx.mlp.monitors.batch import batch
from traindx.mlp.monitors.budget import budget
from traindx.mlp.monitors.class_balance import class_balance
from traindx.mlp.monitors.hidden_stack import hidden_stack
from traindx.mlp.monitors.initializer import initializer
from traindx.mlp.monitors.input_scale import input_scale
from traindx.mlp.monitors.loss_function import loss_function
from traindx.mlp.monitors.numeric_precision import numeric_precision
from traindx.mlp.monitors.optimizer import optimizer
from traindx.mlp.monitors.output_layer import output_layer
from traindx.mlp.monitors.regularization import regularization
from traindx.mlp.monitors.shuffling import shuffling
from traindx.mlp.monitors.target_scale import target_scale
from traindx.mlp.settings import Distribution, Layer, Settings

MONITORS: list[Callable[[History], Iterable[Fact]]] = [
    batch,
    budget,
    class_balance,
    hidden_stack,
    initializer,
    input_scale,
    loss_function,
    numeric_precision,
    optimizer,
    output_layer,
    regularization,
    shuffling,
    target_scale,
]


def of(**settings: Any) -> History:
    """A history without series, with these settings."""
    return History({}, Settings(**settings))


def one(facts: Iterable[Fact]) -> Any:
    """The only fact there is."""
    (fact,) = facts
    return fact


def numbers(least: float, largest: float, **more: Any) -> Distribution:
    """Numbers spread evenly over a range."""
    mean, std = (least + largest) / 2, (largest - least) / math.sqrt(12)
    return Distribution(**{"min": least, "max": largest, "mean": mean, "std": std} | more)


@pytest.mark.parametrize("watch", MONITORS, ids=lambda m: m.__name__)
def test_a_monitor_without_settings_says_nothing(
    watch: Callable[[History], Iterable[Fact]],
) -> None:
    assert list(watch(of())) == []


LABELS = {"min": 0, "max": 9, "integers": True}
FITTING: list[dict[str, Any]] = [
    {"task": "binary", "output_activation": "sigmoid", "output_units": 1, "loss": "bce"},
    {"task": "binary", "output_activation": "softmax", "output_units": 2, "loss": "cce"},
    {
        "task": "binary",
        "output_activation": "linear",
        "output_units": 1,
        "loss": "bcewithlogitsloss",
    },
    {"task": "binary", "output_activation": "linear", "output_units": 1, "loss": "hinge"},
    {"task": "multiclass", "output_activation": "softmax", "output_units": 10, "loss": "cce"},
    {
        "task": "multiclass",
        "output_activation": "linear",
        "output_units": 10,
        "loss": "CrossEntropyLoss",
    },
    {
        "task": "multiclass",
        "output_activation": "log_softmax",
        "output_units": 10,
        "loss": "NLLLoss",
    },
    {"task": "multilabel", "output_activation": "sigmoid", "output_units": 5, "loss": "bce"},
    {"task": "regression", "output_activation": "linear", "output_units": 1, "loss": "mse"},
    {"task": "regression", "output_activation": "linear", "output_units": 3, "loss": "HuberLoss"},
    {
        "task": "regression",
        "output_activation": "sigmoid",
        "output_units": 784,
        "loss": "bce",
        "target": numbers(0, 1),
    },
    {
        "task": "regression",
        "output_activation": "tanh",
        "output_units": 2,
        "loss": "mse",
        "target": numbers(-1, 1),
    },
    {
        "task": "regression",
        "output_activation": "softplus",
        "output_units": 1,
        "loss": "poisson",
        "target": numbers(0, 40),
    },
]


@pytest.mark.parametrize(
    "settings", FITTING, ids=lambda s: f"{s['task']}-{s['output_activation']}-{s['loss']}"
)
def test_what_belongs_together_is_left_alone(settings: dict[str, Any]) -> None:
    assert one(output_layer(of(**settings))).problem == "none"
    assert one(output_layer(of(**settings))).fits is True
    assert one(loss_function(of(**settings))).problem == "none"
    assert one(loss_function(of(**settings))).fits is True


OUTPUTS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "softmax_one_unit",
        "wrong",
        {"task": "binary", "output_activation": "softmax", "output_units": 1},
    ),
    (
        "sigmoid_many_classes",
        "wrong",
        {"task": "multiclass", "output_activation": "sigmoid", "output_units": 1},
    ),
    (
        "one_unit_many_classes",
        "wrong",
        {"task": "multiclass", "output_activation": "linear", "output_units": 1},
    ),
    ("relu_output", "wrong", {"task": "binary", "output_activation": "relu", "output_units": 1}),
    (
        "relu_output",
        "wrong",
        {"task": "regression", "output_activation": "relu", "target": numbers(-5, 5)},
    ),
    (
        "relu_output",
        "mild",
        {"task": "regression", "output_activation": "relu", "target": numbers(0, 5)},
    ),
    ("softmax_regression", "wrong", {"task": "regression", "output_activation": "softmax"}),
    ("softmax_multilabel", "wrong", {"task": "multilabel", "output_activation": "softmax"}),
    (
        "bounded_for_regression",
        "wrong",
        {"task": "regression", "output_activation": "sigmoid", "target": numbers(0, 50)},
    ),
    (
        "bounded_for_regression",
        "wrong",
        {"task": "regression", "output_activation": "tanh", "target": numbers(-20, 20)},
    ),
    ("bounded_for_regression", "mild", {"task": "regression", "output_activation": "sigmoid"}),
    (
        "linear_with_cross_entropy",
        "wrong",
        {"task": "multiclass", "output_activation": "linear", "loss": "cce", "from_logits": False},
    ),
    (
        "unbounded_for_cross_entropy",
        "wrong",
        {"task": "binary", "output_activation": "leaky_relu", "loss": "bce"},
    ),
    ("tanh_output", "wrong", {"task": "binary", "output_activation": "tanh", "loss": "bce"}),
    ("tanh_output", "mild", {"task": "binary", "output_activation": "tanh", "loss": "mse"}),
    (
        "sigmoid_with_cross_entropy",
        "mild",
        {"task": "multiclass", "output_activation": "sigmoid", "output_units": 3, "loss": "cce"},
    ),
    (
        "softmax_binary_crossentropy",
        "mild",
        {"task": "multiclass", "output_activation": "softmax", "output_units": 3, "loss": "bce"},
    ),
    (
        "sigmoid_for_exclusive_classes",
        "mild",
        {"task": "multiclass", "output_activation": "sigmoid", "output_units": 3, "loss": "bce"},
    ),
    (
        "unbounded_for_classes",
        "mild",
        {"task": "binary", "output_activation": "linear", "output_units": 1, "loss": "mse"},
    ),
    (
        "double_activation",
        "wrong",
        {"task": "multiclass", "output_activation": "softmax", "loss": "CrossEntropyLoss"},
    ),
    (
        "double_activation",
        "wrong",
        {"task": "binary", "output_activation": "sigmoid", "loss": "bce", "from_logits": True},
    ),
]


@pytest.mark.parametrize(
    ("problem", "severity", "settings"),
    OUTPUTS,
    ids=[f"{p}-{i}" for i, (p, *_) in enumerate(OUTPUTS)],
)
def test_an_output_that_does_not_fit_is_told_by_its_word(
    problem: str, severity: str, settings: dict[str, Any]
) -> None:
    fact = one(output_layer(of(**settings)))
    assert (fact.problem, fact.severity, fact.fits) == (problem, severity, False)


def test_two_softmax_layers_in_a_row_are_one_too_many() -> None:
    layers = (
        Layer(name="out", kind="Dense", units=10, activation="softmax"),
        Layer(name="softmax", kind="Softmax"),
    )
    fact = one(output_layer(of(layers=layers, loss="cce", task="multiclass")))
    assert fact.double


def test_raw_scores_under_a_loss_that_may_take_them_are_not_judged() -> None:
    fact = one(
        output_layer(of(output_activation="linear", loss="cross_entropy", task="multiclass"))
    )
    assert (fact.fits, fact.problem) == (None, "none")


@pytest.mark.parametrize("task", ["language_model", "reinforcement", "preference", None])
def test_an_output_whose_task_says_nothing_is_not_judged(task: str | None) -> None:
    fact = one(output_layer(of(output_activation="linear", output_units=9, task=task)))
    assert fact.problem == "none"


LOSSES: list[tuple[str, str, dict[str, Any]]] = [
    ("regression_loss_for_classes", "wrong", {"task": "multiclass", "loss": "mae"}),
    (
        "regression_loss_for_classes",
        "mild",
        {"task": "binary", "loss": "mse", "output_activation": "sigmoid"},
    ),
    (
        "classification_loss_for_regression",
        "wrong",
        {"task": "regression", "loss": "bce", "target": numbers(-3, 3)},
    ),
    (
        "categorical_for_binary",
        "wrong",
        {"task": "binary", "loss": "categorical_crossentropy", "output_units": 1},
    ),
    ("categorical_for_multilabel", "wrong", {"task": "multilabel", "loss": "cce"}),
    ("binary_loss_for_classes", "wrong", {"task": "multiclass", "loss": "bce", "output_units": 1}),
    ("binary_loss_for_classes", "mild", {"task": "multiclass", "loss": "bce", "output_units": 4}),
    ("negative_targets", "wrong", {"task": "binary", "loss": "bce", "target": numbers(-1, 1)}),
    (
        "negative_targets",
        "wrong",
        {"task": "regression", "loss": "poisson", "target": numbers(-9, 9)},
    ),
    ("targets_out_of_range", "wrong", {"task": "binary", "loss": "bce", "target": numbers(1, 2)}),
    (
        "targets_out_of_range",
        "wrong",
        {"task": "multiclass", "loss": "cce", "output_units": 9, "target": Distribution(**LABELS)},
    ),
    (
        "nll_without_log_softmax",
        "wrong",
        {"task": "multiclass", "loss": "nll", "output_activation": "softmax"},
    ),
]


@pytest.mark.parametrize(
    ("problem", "severity", "settings"),
    LOSSES,
    ids=[f"{p}-{i}" for i, (p, *_) in enumerate(LOSSES)],
)
def test_a_loss_that_does_not_fit_is_told_by_its_word(
    problem: str, severity: str, settings: dict[str, Any]
) -> None:
    fact = one(loss_function(of(**settings)))
    assert (fact.problem, fact.severity, fact.fits) == (problem, severity, False)


def test_class_numbers_up_to_the_last_output_are_in_range() -> None:
    target = Distribution(**LABELS)
    history = of(task="multiclass", loss="cce", output_units=10, target=target)
    assert one(loss_function(history)).problem == "none"


def test_an_unknown_loss_is_not_judged() -> None:
    fact = one(loss_function(of(loss="my_own", task="regression")))
    assert (fact.name, fact.fits, fact.problem) == ("my_own", None, "none")


@pytest.mark.parametrize(
    ("target", "units", "task"),
    [
        (Distribution(one_hot=True), 10, "multiclass"),
        (numbers(0, 1, integers=True), 1, "binary"),
        (numbers(-3.5, 2.5, integers=False), 1, "regression"),
        (numbers(0, 9, integers=True), 10, "multiclass"),
    ],
)
def test_the_task_shows_in_the_targets(target: Distribution, units: int, task: str) -> None:
    history = of(target=target, output_units=units, output_activation="softmax", loss="cce")
    assert one(output_layer(history)).task == task


def stack(*activations: str | None, kind: str = "Dense") -> tuple[Layer, ...]:
    """Hidden layers with these activations, and a linear output."""
    hidden = [
        Layer(name=f"h{i}", kind=kind, units=8, activation=a) for i, a in enumerate(activations)
    ]
    return (*hidden, Layer(name="out", kind="Dense", units=1, activation="linear"))


@pytest.mark.parametrize(
    ("activations", "linear"),
    [
        (("linear", "linear"), True),
        (("linear", "relu"), False),
        ((), False),
        (("linear", None), None),
        (("relu", None), False),
    ],
)
def test_a_stack_is_linear_if_nothing_in_it_bends(
    activations: tuple[str | None, ...], linear: bool | None
) -> None:
    assert one(hidden_stack(of(layers=stack(*activations)))).linear is linear


def test_pooling_and_norms_do_not_bend_but_an_activation_layer_does() -> None:
    dense, out = stack("linear")
    flat = (dense, Layer(name="p", kind="MaxPooling2D"), Layer(name="n", kind="BatchNorm"), out)
    bent = (dense, Layer(name="r", kind="LeakyReLU"), out)
    assert one(hidden_stack(of(layers=flat))).linear is True
    assert one(hidden_stack(of(layers=flat))).has_normalization is True
    assert one(hidden_stack(of(layers=bent))).linear is False
    assert one(hidden_stack(of(layers=bent))).activation == "leaky_relu"


def test_recurrent_layers_bend_and_token_tables_are_no_layers() -> None:
    assert one(hidden_stack(of(layers=stack(None, kind="LSTM")))).linear is False
    table = Layer(name="e", kind="Embedding", units=16, activation="linear")
    assert one(hidden_stack(of(layers=(table, *stack())))).layers == 0


@pytest.mark.parametrize("odd", ["softmax", "exponential", "hard_sigmoid", "linear"])
def test_an_activation_that_does_not_belong_inside_is_named(odd: str) -> None:
    fact = one(hidden_stack(of(layers=stack("relu", odd))))
    assert (fact.unusual, fact.unusual_activation) == (True, odd)
    assert one(hidden_stack(of(layers=stack("relu", "tanh")))).unusual is False


def test_initializers_that_make_all_units_alike() -> None:
    zeros = Layer(name="a", kind="Dense", units=8, fan_in=50, initializer="Zeros")
    wide = Layer(
        name="b", kind="Dense", units=8, fan_in=50, initializer="RandomNormal", init_std=5.0
    )
    he = Layer(name="c", kind="Dense", units=8, fan_in=50, initializer="HeNormal")
    found = list(initializer(of(layers=(zeros, wide, he))))
    assert [f.constant for f in found] == [True, False, False]
    assert [f.suits for f in found] == [False, False, True]
    assert found[1].std_ratio == pytest.approx(25)


# Scales


@pytest.mark.parametrize(
    ("data", "normalised"),
    [
        (numbers(0, 255), False),
        (numbers(0, 1), True),
        (numbers(-1, 1), True),
        (Distribution(mean=0, std=1, min=-9, max=30), True),
        (Distribution(mean=0.1, std=0.3, min=0, max=1, feature_std_max=0.5), True),
        (numbers(0, 1e-4), False),
        (Distribution(mean=2, std=3, min=0, max=900, feature_std_max=400), False),
        (Distribution(min=0, max=1000), False),
        (Distribution(features=3), None),
    ],
)
def test_inputs_are_expected_at_size_one(data: Distribution, normalised: bool | None) -> None:
    assert one(input_scale(of(input=data))).normalised is normalised


def test_bytes_of_an_image_are_recognised() -> None:
    assert one(input_scale(of(input=numbers(0, 255)))).bytes is True
    assert one(input_scale(of(input=numbers(0, 255)))).excess == pytest.approx(2.17, abs=0.01)
    assert one(input_scale(of(input=numbers(0, 1)))).bytes is False


def test_token_numbers_are_not_unnormalised() -> None:
    layers = (Layer(name="e", kind="Embedding", units=16), *stack("relu"))
    fact = one(input_scale(of(input=numbers(0, 20_000, integers=True), layers=layers)))
    assert (fact.tokens, fact.normalised, fact.excess) == (True, True, None)


def test_class_labels_have_no_scale_and_numbers_have() -> None:
    labels = one(target_scale(of(target=numbers(0, 999), task="multiclass")))
    prices = one(target_scale(of(target=numbers(0, 1e6), task="regression")))
    assert (labels.normalised, labels.excess) == (None, None)
    assert prices.normalised is False
    assert prices.excess > 5


# The optimizer


@pytest.mark.parametrize(
    ("settings", "high", "low"),
    [
        ({"optimizer": "Adam", "learning_rate": 1e-3}, False, False),
        ({"optimizer": "Adam", "learning_rate": 0.009999999776}, False, False),
        ({"optimizer": "Adam", "learning_rate": 0.010000000707}, False, False),
        ({"optimizer": "Adam", "learning_rate": 0.1}, True, False),
        ({"optimizer": "Adam", "learning_rate": 1e-5}, False, True),
        ({"optimizer": "AdamW", "learning_rate": 2e-5, "task": "language_model"}, False, False),
        ({"optimizer": "AdamW", "learning_rate": 3e-3, "task": "language_model"}, False, False),
        ({"optimizer": "AdamW", "learning_rate": 5e-7, "task": "preference"}, False, False),
        ({"optimizer": "adamw_torch", "learning_rate": 1e-5, "pretrained": True}, False, False),
        ({"optimizer": "SGD", "learning_rate": 0.1}, False, False),
        ({"optimizer": "SGD", "learning_rate": 1.0}, True, False),
        ({"optimizer": "SGD", "learning_rate": 1e-5}, False, True),
        ({"optimizer": "Adadelta", "learning_rate": 1e-3}, False, True),
        ({"optimizer": "Adadelta", "learning_rate": 1.0}, False, False),
    ],
)
def test_a_rate_is_held_against_what_its_optimizer_usually_gets(
    settings: dict[str, Any], high: bool, low: bool
) -> None:
    fact = one(optimizer(of(**settings)))
    assert (fact.rate_high, fact.rate_low) == (high, low)


def test_a_rate_that_only_the_log_knows_is_its_peak() -> None:
    rates = Series(np.arange(3.0), np.array([0.0, 0.02, 0.01]))
    history = History({("learning_rate", ""): rates}, Settings(optimizer="sgd"))
    assert one(optimizer(history)).learning_rate == 0.02


def test_a_rate_of_zero_has_no_logarithm() -> None:
    fact = one(optimizer(of(optimizer="sgd", learning_rate=0.0)))
    assert (fact.rate_zero, fact.log10_vs_usual) == (True, None)


def test_an_optimizer_nobody_knows_has_no_usual_rate() -> None:
    fact = one(optimizer(of(optimizer="MyOpt", learning_rate=3.0)))
    assert (fact.name, fact.usual, fact.rate_high) == ("my_opt", None, False)


# The rest


def test_a_prior_is_told_by_its_entropy() -> None:
    fact = one(class_balance(of(class_shares=(0.9, 0.1))))
    assert fact.log_prior == pytest.approx(0.3251, abs=1e-4)
    assert fact.ratio == pytest.approx(9)
    assert one(class_balance(of(class_shares=(1.0, 0.0)))).ratio is None


def test_updates_follow_from_samples_batch_and_accumulation() -> None:
    history = of(samples=1001, batch_size=10, accumulation=2, epochs=3, parameters=500)
    assert one(batch(history)).updates_per_epoch == 51
    assert one(batch(history)).size == 20
    assert one(budget(history)).parameters_per_sample == pytest.approx(0.4995, abs=1e-4)


@pytest.mark.parametrize(("axis", "updates", "epochs"), [("epoch", 400, 4), ("step", 4, 0.04)])
def test_what_was_run_is_read_from_the_history(axis: Any, updates: float, epochs: float) -> None:
    loss = {("loss", "train"): Series(np.arange(1.0, 5.0), np.ones(4))}
    fact = one(budget(History(loss, Settings(steps_per_epoch=100), axis)))
    assert (fact.updates, fact.epochs_run) == (updates, epochs)


@pytest.mark.parametrize(
    ("settings", "strong"),
    [
        ({"dropout": 0.5}, False),
        ({"dropout": 0.8}, True),
        ({"l2": 1e-4}, False),
        ({"l2": 0.5}, True),
        ({"weight_decay": 0.1}, False),
        ({"layers": (Layer(name="d", kind="dropout", dropout=0.9),)}, True),
    ],
)
def test_strong_regularization(settings: dict[str, Any], strong: bool) -> None:
    assert one(regularization(of(**settings))).strong is strong


@pytest.mark.parametrize(
    ("said", "name", "half", "limited"),
    [
        ("float32", "float32", False, False),
        ("mixed_float16", "mixed_float16", True, True),
        ("bf16-mixed", "mixed_bfloat16", True, False),
        ("fp16", "float16", True, True),
        ("16-mixed", "mixed_float16", True, True),
    ],
)
def test_precisions_by_their_long_names(said: str, name: str, half: bool, limited: bool) -> None:
    fact = one(numeric_precision(of(precision=said)))
    assert (fact.name, fact.half, fact.range_limited) == (name, half, limited)


def test_shuffling_is_told_as_it_is() -> None:
    assert one(shuffling(of(shuffle=False))).shuffle is False
