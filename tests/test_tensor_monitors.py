"""What the monitors of layers say, and the mistakes that they must not make."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from traindx.engine.facts import Fact
from traindx.mlp.history import Array, History, Series
from traindx.mlp.layers import grid, onset
from traindx.mlp.monitors.activation_scale import activation_scale
from traindx.mlp.monitors.constant_units import constant_units
from traindx.mlp.monitors.dead_units import dead_units
from traindx.mlp.monitors.exploding_gradients import exploding_gradients
from traindx.mlp.monitors.frozen_layer import frozen_layer
from traindx.mlp.monitors.gradient_noise import gradient_noise
from traindx.mlp.monitors.initialization import initialization
from traindx.mlp.monitors.output_range import output_range
from traindx.mlp.monitors.saturated_units import saturated_units
from traindx.mlp.monitors.symmetric_units import symmetric_units
from traindx.mlp.monitors.update_ratio import update_ratio
from traindx.mlp.monitors.vanishing_gradients import vanishing_gradients
from traindx.mlp.monitors.weight_health import weight_growth, weight_health
from traindx.mlp.monitors.zero_gradients import zero_gradients
from traindx.mlp.settings import Distribution, Layer, Settings

MONITORS: list[Callable[[History], Iterable[Fact]]] = [
    activation_scale,
    constant_units,
    dead_units,
    exploding_gradients,
    frozen_layer,
    gradient_noise,
    initialization,
    output_range,
    saturated_units,
    symmetric_units,
    update_ratio,
    vanishing_gradients,
    weight_growth,
    weight_health,
    zero_gradients,
]
QUANTITIES = [
    *("weight_norm", "weight_mean", "weight_std", "weight_nonfinite_share"),
    *("gradient_norm", "bias_gradient_norm", "delta_norm", "gradient_snr"),
    *("epoch_update_norm", "update_norm", "update_ratio", "input_rms"),
    *("activation_mean", "activation_std", "activation_rms", "activation_min", "activation_max"),
    *("activation_sample_std", "dead_share", "constant_share", "saturated_share"),
]
POINTS = 21


def run(values: Mapping[str, Mapping[str, ArrayLike]], **settings: Any) -> History:
    """A history from quantity and scope; a number stands for a series of that number."""
    steps = np.arange(float(POINTS))
    series = {
        (quantity, scope): Series(steps, np.broadcast_to(np.asarray(v, float), POINTS).copy())
        for quantity, scopes in values.items()
        for scope, v in scopes.items()
    }
    return History(series, Settings(**settings))


def network(*activations: str, kind: str = "dense", units: int = 20) -> tuple[Layer, ...]:
    """Layers called a, b, c ... with these activations."""
    return tuple(
        Layer(name=chr(97 + i), kind=kind, units=units, activation=activation, fan_in=units)
        for i, activation in enumerate(activations)
    )


def one(facts: Iterable[Fact]) -> Any:
    """The only fact there is."""
    (fact,) = facts
    return fact


@pytest.mark.parametrize("watch", MONITORS, ids=lambda m: m.__name__)
def test_a_monitor_without_data_says_nothing(watch: Callable[[History], Iterable[Fact]]) -> None:
    assert list(watch(History({}))) == []
    assert list(watch(run({"loss": {"train": 1.0}}, layers=network("relu", "linear")))) == []


@pytest.mark.parametrize("watch", MONITORS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("value", [0.0, 1e-300, 1e300, math.nan, math.inf])
def test_no_number_brings_a_monitor_down(
    watch: Callable[[History], Iterable[Fact]], value: float
) -> None:
    layers = network("relu", "tanh", "linear")
    values = {quantity: {"a": value, "b": 1.0, "c": value} for quantity in QUANTITIES}
    for fact in watch(run(values, layers=layers)):
        assert all(math.isfinite(v) for v in fact.slots.values() if isinstance(v, float))


@pytest.mark.parametrize("watch", MONITORS, ids=lambda m: m.__name__)
def test_what_comes_after_a_loss_that_broke_is_left_out(
    watch: Callable[[History], Iterable[Fact]],
) -> None:
    rng = np.random.default_rng(1)
    values: dict[str, dict[str, Array]] = {
        q: {name: rng.uniform(0.1, 1, POINTS) for name in "abc"} for q in QUANTITIES
    }
    layers = network("relu", "tanh", "linear")
    loss = np.where(np.arange(POINTS) < 10, 1.0, np.nan)
    whole = run(values | {"loss": {"train": loss}}, layers=layers)
    spoilt = {q: {n: np.r_[v[:10], v[10:] * 1e6] for n, v in s.items()} for q, s in values.items()}
    assert list(watch(whole)) == list(watch(run(spoilt | {"loss": {"train": loss}}, layers=layers)))


def test_isolated_overflows_of_a_loss_scaler_do_not_mask_the_run() -> None:
    norms = np.ones(POINTS)
    norms[[0, 7]] = np.inf
    found = grid(run({"gradient_norm": {"a": norms, "b": 1.0}}), "gradient_norm")
    assert found is not None
    assert len(found.steps) == POINTS - 2


def test_layers_recorded_at_different_steps_meet_where_both_were() -> None:
    steps = np.arange(10.0)
    series = {
        ("weight_norm", "a"): Series(steps, np.ones(10)),
        ("weight_norm", "b"): Series(steps[::2], np.ones(5)),
    }
    found = grid(History(series), "weight_norm")
    assert found is not None
    assert found.steps.tolist() == [0, 2, 4, 6, 8]


def test_an_onset_is_where_the_last_stretch_begins() -> None:
    steps = np.arange(5.0)
    assert onset(np.array([True, False, True, True, True]), steps) == 2
    assert onset(np.array([True, True, True, True, False]), steps) is None
    assert onset(np.ones(5, bool), steps) == 0


# Dead units


def test_a_dead_layer_does_not_hide_among_living_ones() -> None:
    shares = {"a": 0.0, "b": np.where(np.arange(POINTS) < 6, 0.2, 1.0), "c": 0.0}
    layers = network("relu", "relu", "relu", "softmax")
    facts = {f.layer: f for f in dead_units(run({"dead_share": shares}, layers=layers))}
    assert facts["b"].all_dead
    assert facts["b"].since == 6
    assert facts["b"].severity == 1
    assert facts["a"].severity == facts["c"].severity == 0


def test_one_bad_batch_is_no_dead_layer() -> None:
    shares = np.full(POINTS, 0.03)
    shares[-1] = 0.5
    fact = one(dead_units(run({"dead_share": {"a": shares}}, layers=network("relu", "linear"))))
    assert fact.fraction == 0.03
    assert fact.peak == 0.5
    assert fact.since is None


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "linear", "softmax"])
def test_only_rectifiers_die(activation: str) -> None:
    history = run({"dead_share": {"a": 1.0}}, layers=network(activation, "linear"))
    assert list(dead_units(history)) == []


def test_dropout_and_pooling_have_no_units_and_an_activation_layer_is_its_layers() -> None:
    layers = (
        Layer(name="dense", kind="Dense", units=8, activation="linear"),
        Layer(name="act", kind="Activation", activation="relu"),
        Layer(name="drop", kind="Dropout", dropout=0.5),
        Layer(name="out", kind="Dense", units=1, activation="sigmoid"),
    )
    shares = {"dense": 0.0, "act": 0.4, "drop": 0.4, "out": 0.0}
    fact = one(dead_units(run({"dead_share": shares}, layers=layers)))
    assert (fact.layer, fact.fraction, fact.position) == ("dense", 0.4, 0)


def test_a_rectified_output_that_died_is_not_called_hidden() -> None:
    facts = list(
        dead_units(run({"dead_share": {"a": 0.0, "b": 1.0}}, layers=network(*["relu"] * 2)))
    )
    assert [f.hidden for f in facts] == [True, False]


# Saturation


def test_an_output_that_is_sure_of_itself_is_no_fault() -> None:
    layers = network("tanh", "relu", "sigmoid")
    found = saturated_units(run({"saturated_share": dict.fromkeys("abc", 0.9)}, layers=layers))
    facts = {fact.layer: fact for fact in found}
    assert set(facts) == {"a", "c"}
    assert facts["a"].severity > 2 / 3
    assert facts["c"].severity == 0


# Update ratio


def test_one_runaway_and_one_frozen_layer_do_not_average_out() -> None:
    ratios = {"a": 0.003, "b": 10.0, "c": 0.003, "d": 0.0, "e": 0.003}
    *layers, overall = update_ratio(run({"update_ratio": ratios}))
    assert [round(f.log10_median, 1) for f in layers] == [-2.5, 1, -2.5, -16, -2.5]
    assert (overall.layer_least, overall.layer_largest) == ("d", "b")
    assert [f.severity for f in layers if f.layer in "bd"] == [1, 1]


def test_step_updates_are_taken_before_those_of_an_epoch() -> None:
    values = {"update_norm": {"a": 0.01}, "epoch_update_norm": {"a": 1.0}, "weight_norm": {"a": 10}}
    fact, _ = update_ratio(run(values))
    assert fact.basis == "step"
    assert fact.log10_median == pytest.approx(-3)
    assert fact.log10_epoch is None


def test_the_step_is_estimated_between_a_straight_and_a_random_walk() -> None:
    updates = np.r_[0.0, np.ones(POINTS - 1)]
    values = {"epoch_update_norm": {"a": updates}, "weight_norm": {"a": 1.0}}
    fact, _ = update_ratio(run(values, steps_per_epoch=10_000))
    assert fact.basis == "epoch"
    assert fact.log10_epoch == pytest.approx(0)
    assert fact.log10_median == pytest.approx(-3)


def test_weights_that_start_at_zero_have_a_finite_ratio() -> None:
    weights = np.r_[0.0, np.ones(POINTS - 1)]
    fact, _ = update_ratio(run({"update_norm": {"a": 1e-3}, "weight_norm": {"a": weights}}))
    assert fact.log10_median == pytest.approx(-3)


# Frozen layers


def test_a_layer_that_stands_still_is_told_with_its_gradient() -> None:
    updates = {"a": 0.0, "b": np.where(np.arange(POINTS) < 5, 0.1, 0.0), "c": 0.1}
    values = {"update_norm": updates, "gradient_norm": {"a": 1.0, "b": 0.0, "c": 1.0}}
    a, b, c = frozen_layer(run(values))
    assert (a.frozen, a.whole_run, a.grad_nonzero) == (True, True, True)
    assert (b.frozen, b.whole_run, b.since, b.grad_nonzero) == (True, False, 5, False)
    assert (c.frozen, c.since, c.grad_nonzero) == (False, None, None)


def test_equal_weight_norms_are_a_standstill() -> None:
    weights = {"a": 3.0, "b": np.linspace(3, 4, POINTS)}
    assert [f.frozen for f in frozen_layer(run({"weight_norm": weights}))] == [True, False]


# Vanishing and exploding gradients


def signal(*strengths: float, scale: float = 1.0, **more: Any) -> History:
    """Layers of twenty units whose learning signal has these strengths, first to last."""
    names = [chr(97 + i) for i in range(len(strengths))]
    gradients = {n: s * scale for n, s in zip(names, strengths, strict=True)}
    layers = network(*["tanh"] * len(names))
    return run(
        {"gradient_norm": gradients, "input_rms": dict.fromkeys(names, 1.0)} | more, layers=layers
    )


def test_gradients_vanish_towards_the_input_and_not_towards_the_output() -> None:
    fading, growing = signal(1e-4, 1e-3, 1e-2, 1e-1), signal(1e-1, 1e-2, 1e-3, 1e-4)
    assert one(vanishing_gradients(fading)).severity > 2 / 3
    assert one(vanishing_gradients(growing)).severity == 0
    assert one(exploding_gradients(growing)).severity > 2 / 3
    assert one(exploding_gradients(fading)).severity == 0


def test_a_zigzag_is_no_trend() -> None:
    fact = one(vanishing_gradients(signal(0.1, 10, 0.1, 10, 0.1, 10, 0.1, 10)))
    assert fact.log10_ratio == pytest.approx(-2)
    assert abs(fact.per_layer) < 0.01
    assert fact.severity == 0


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_vanishing_does_not_depend_on_the_scale_of_the_loss(scale: float) -> None:
    fact = one(vanishing_gradients(signal(1e-3, 1e-2, 1.0, scale=scale)))
    assert fact.log10_ratio == pytest.approx(-3)


def test_a_converged_network_does_not_vanish() -> None:
    fall = np.logspace(0, -9, POINTS)
    first = np.where(fall > 1e-4, 0.5 * fall, 0.0)
    history = run(
        {"gradient_norm": {"a": first, "b": fall}, "input_rms": {"a": 1.0, "b": 1.0}},
        layers=network("relu", "linear"),
    )
    fact = one(vanishing_gradients(history))
    assert fact.severity == 0
    assert fact.zero_layers == 0
    assert one(zero_gradients(history)).remaining == pytest.approx(0, abs=1e-6)


def test_large_inputs_do_not_pass_for_a_large_signal() -> None:
    inputs = {"a": 200.0, "b": 1.0}
    history = run(
        {"gradient_norm": {"a": 2.0, "b": 1.0}, "input_rms": inputs},
        layers=network("relu", "linear"),
    )
    assert one(vanishing_gradients(history)).ratio == pytest.approx(0.01)


def test_layers_without_any_gradient_are_counted() -> None:
    assert one(vanishing_gradients(signal(0, 0, 1))).zero_layers == 2
    assert list(vanishing_gradients(signal(0, 0, 0))) == []


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_exploding_is_growth_and_no_absolute_norm(scale: float) -> None:
    steady = one(exploding_gradients(run({"gradient_norm": {"": np.full(POINTS, scale)}})))
    growing = np.r_[np.ones(12), np.logspace(0, 6, POINTS - 12)] * scale
    rising = one(exploding_gradients(run({"gradient_norm": {"": growing}})))
    assert steady.severity == 0
    assert rising.severity > 2 / 3
    assert rising.since is not None


def test_severity_of_an_explosion_rises_with_the_growth() -> None:
    found = []
    for growth in (1, 3, 9.99, 10.01, 11, 30, 100, 1000):
        norms = np.r_[np.ones(10), np.full(POINTS - 10, growth)]
        found.append(one(exploding_gradients(run({"gradient_norm": {"": norms}}))).severity)
    assert found == sorted(found)
    assert found[0] == 0 < found[-1]


def test_one_spike_is_no_explosion() -> None:
    norms = np.ones(POINTS)
    norms[10] = 1e5
    fact = one(exploding_gradients(run({"gradient_norm": {"": norms}})))
    assert fact.severity == 0
    assert fact.growth == pytest.approx(1)
    assert fact.growth_first == pytest.approx(1e5)


def test_a_norm_that_grew_until_it_broke_is_an_explosion() -> None:
    norms = np.r_[np.ones(15), 10, 100, 1000, np.inf, np.nan, np.nan]
    fact = one(exploding_gradients(run({"gradient_norm": {"": norms}})))
    assert fact.nonfinite_after
    assert fact.norm == 1000
    assert fact.severity >= 2 / 3


def test_zero_gradients_everywhere_are_told_with_their_onset() -> None:
    dying = np.where(np.arange(POINTS) < 4, 1.0, 0.0)
    fact = one(zero_gradients(run({"gradient_norm": {"a": dying, "b": dying}})))
    assert (fact.all, fact.since, fact.from_start, fact.output_layer) == (True, 4, False, True)
    fact = one(zero_gradients(run({"gradient_norm": {"a": 0.0, "b": 1.0}})))
    assert (fact.all, fact.from_start, fact.share_of_layers) == (False, True, 0.5)
    fact = one(zero_gradients(run({"gradient_norm": {"a": 1.0, "b": 1.0}})))
    assert (fact.since, fact.share_of_layers, fact.remaining) == (None, 0, 1)


# Weights


def started(std: float, shape: tuple[int, int], activation: str = "relu") -> History:
    fan_in, units = shape
    layers = (
        Layer(name="a", kind="dense", units=units, fan_in=fan_in, activation=activation),
        Layer(name="b", kind="dense", units=1, fan_in=units, activation="linear"),
    )
    norms = {"a": std * np.sqrt(fan_in * units) or 0.0}
    return run(
        {"weight_std": {"a": std}, "weight_norm": norms, "weight_mean": {"a": 0.0}}, layers=layers
    )


@pytest.mark.parametrize("shape", [(784, 128), (64, 10), (10, 1000)])
def test_he_is_healthy_whatever_the_shape(shape: tuple[int, int]) -> None:
    fact = one(weight_health(started(np.sqrt(2 / shape[0]), shape)))
    assert fact.suited_ratio == pytest.approx(1)
    assert fact.std_ratio == pytest.approx(1)
    assert fact.severity == 0


@pytest.mark.parametrize("factor", [1e-6, 0.01, 100, 1e9])
def test_a_wrong_initial_scale_can_be_red(factor: float) -> None:
    fact = one(weight_health(started(factor * np.sqrt(2 / 100), (100, 100))))
    assert fact.severity > 2 / 3


def test_constant_weights_are_the_worst_start() -> None:
    fact = one(weight_health(started(0.0, (100, 100))))
    assert fact.constant
    assert fact.zero
    assert fact.severity == 1


def test_a_layer_of_nan_is_not_outvoted() -> None:
    weights = {"a": 1.0, "b": np.nan, "c": 1.0}
    facts = list(weight_health(run({"weight_norm": weights})))
    assert [f.nonfinite for f in facts] == [False, True, False]
    assert facts[1].severity == 1


def test_symmetry_lasts_where_the_next_layer_is_symmetric_too() -> None:
    layers = network("tanh", "tanh", "linear")
    stds = {"a": 0.0, "b": 0.0, "c": 0.3}
    a, b = symmetric_units(run({"weight_std": stds, "weight_norm": stds}, layers=layers))
    assert (a.symmetric, a.lasting) == (True, True)
    assert (b.symmetric, b.lasting) == (True, False)


def test_the_start_of_the_network_names_its_oddest_layers() -> None:
    layers = network("relu", "relu", "linear")
    fact = one(initialization(run({"weight_std": {"a": 0.3, "b": 0.003, "c": 30}}, layers=layers)))
    assert (fact.layer_least, fact.layer_largest, fact.layers) == ("b", "c", 3)
    assert fact.std_ratio_least < 0.1 < 10 < fact.std_ratio_largest


def test_weights_that_grow_are_measured_from_their_first_size() -> None:
    weights = np.r_[0.0, np.linspace(1, 10, POINTS - 1)]
    fact = one(weight_growth(run({"weight_norm": {"a": weights}})))
    assert fact.largest_growth == pytest.approx(10)


# Outputs


@pytest.mark.parametrize(("spread", "constant"), [(0.0, True), (1e-3, False)])
def test_an_output_that_does_not_depend_on_the_input(spread: float, constant: bool) -> None:
    values = {"activation_sample_std": {"a": 1.0, "b": spread}, "activation_mean": {"a": 0, "b": 5}}
    assert one(output_range(run(values, layers=network("relu", "linear")))).constant is constant


def test_targets_out_of_reach() -> None:
    values = {"activation_min": {"a": 0.0}, "activation_max": {"a": 1.0}}
    target = Distribution(mean=22.0, std=9.0, min=-5.0, max=50.0)
    history = run(values, layers=network("sigmoid"), target=target, task="regression")
    fact = one(output_range(history))
    assert fact.reaches_target is False
    assert fact.negative_targets_unreachable is True


def test_the_size_of_the_signal_is_followed_through_the_hidden_layers() -> None:
    layers = network("relu", "relu", "relu", "linear")
    sizes = {"a": 1.0, "b": 0.1, "c": 0.01, "d": 7.0}
    *by_layer, depth = activation_scale(run({"activation_rms": sizes}, layers=layers))
    assert [f.output for f in by_layer] == [False, False, False, True]
    assert depth.log10_ratio_start == pytest.approx(-2)
    assert (depth.largest, depth.layers) == (1, 3)


def test_noise_is_told_of_the_noisiest_layer() -> None:
    fact = one(gradient_noise(run({"gradient_snr": {"a": 2.0, "b": 0.01, "c": 1.0}})))
    assert (fact.snr, fact.layer_least) == (1, "b")
