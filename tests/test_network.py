"""The network: what a training does, and what it records."""

import numpy as np
import pytest

from traindx.mlp.history import History
from traindx.mlp.network import MLP, SpecError, TrainingSpec, train, trained
from traindx.mlp.network.data import make
from traindx.mlp.network.digits import digits_pipeline, table
from traindx.mlp.network.layers import Parameters
from traindx.mlp.network.optimizers import Optimizer, Schedule, clip
from traindx.mlp.network.recording import probe_size
from traindx.mlp.network.spec import Clip, OptimizerSpec, ScheduleSpec


def spec(**parts):
    usual = {"data": {"samples": 120}, "network": {"hidden": [8, 8]}, "epochs": 4}
    return TrainingSpec.model_validate(usual | parts)


def of(history: History, quantity: str, scope: str = "train"):
    return history.series[quantity, scope].values


# --- learning -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["two_moons", "spirals", "blobs", "circles", "xor", "sine", "linear", "digits"]
)
def test_every_kind_of_data_is_learned(name):
    history = train(TrainingSpec.model_validate({"data": {"name": name, "noise": 0.05}}))
    loss = of(history, "loss", "val")
    assert loss[-1] < 0.35 * loss[0]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_every_optimizer_learns_with_its_usual_values(optimizer):
    history = train(spec(optimizer=optimizer, epochs=30))
    assert of(history, "loss")[-1] < 0.7 * of(history, "loss")[0]


@pytest.mark.parametrize("part", [{"normalization": "batch"}, {"normalization": "layer"}])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_normalized_networks_learn_in_both_precisions(part, precision):
    network, history = trained(spec(network=part | {"precision": precision}, epochs=15))
    assert network.parameters.values.dtype == precision
    assert of(history, "loss", "val")[-1] < 0.5
    assert network.predict(np.zeros((3, 2))).dtype == precision


def test_mlp_is_usable_by_itself():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3))
    y = (x[:, 0] > 0).astype(int)
    network = MLP([3, 16, 1], activation="tanh", task="binary", seed=1)
    history = network.fit(x[:150], y[:150], validation=(x[150:], y[150:]), epochs=15)
    assert of(history, "accuracy", "val")[-1] > 0.85
    assert network.predict(x).shape == (200, 1)
    loss, accuracy = network.evaluate(x[150:], y[150:])
    assert (loss, accuracy) == (of(history, "loss", "val")[-1], of(history, "accuracy", "val")[-1])


def test_the_digits_example_runs():
    network, history = digits_pipeline(samples=600, epochs=3)
    assert network.sizes == (784, 128, 64, 10)
    assert of(history, "accuracy", "val")[-1] > 0.8
    assert len(table(history).splitlines()) == 4


# --- repeatability --------------------------------------------------------------------------------


def test_two_runs_with_one_seed_are_equal_to_the_bit():
    whole = spec(network={"dropout": 0.3, "normalization": "batch", "hidden": [8]})
    one, two, other = train(whole, seed=3), train(whole, seed=3), train(whole, seed=4)
    assert one == two
    assert one != other


def test_a_change_of_the_optimizer_leaves_data_and_weights_alone():
    one, two = train(spec()), train(spec(optimizer="sgd"))
    assert of(one, "probe_loss")[0] == of(two, "probe_loss")[0]
    assert one.settings.input == two.settings.input


def test_recording_does_not_change_the_run():
    quiet = train(spec(record={"layers": False}, network={"dropout": 0.2}))
    full = train(spec(record={"every": 2}, network={"dropout": 0.2}))
    np.testing.assert_array_equal(of(quiet, "loss", "val"), of(full, "loss", "val"))
    assert ("weight_norm", "output") not in quiet.series
    assert full.series["gradient_norm", ""].steps.tolist() == [2, 4]
    assert full.series["weight_norm", "output"].steps.tolist() == [0, 2, 4]


# --- what is recorded -----------------------------------------------------------------------------


def test_the_global_norm_is_that_of_its_parts():
    history = train(spec(network={"l2": 0.1, "hidden": [8]}))
    layers = history.layers("gradient_norm") | {
        f"{name} bias": series for name, series in history.over("bias_gradient_norm").items()
    }
    together = np.sqrt(sum(series.values**2 for series in layers.values()))
    np.testing.assert_allclose(together, of(history, "gradient_norm", ""), rtol=1e-12)


@pytest.mark.parametrize("l2", [0.0, 0.2])
def test_gradients_are_recorded_before_clipping_and_updates_after_it(l2):
    sgd = {"name": "sgd", "learning_rate": 0.1}
    parts = {"network": {"l2": l2, "hidden": [8]}, "epochs": 1, "batch_size": 84}
    free = train(spec(**parts, optimizer=sgd))
    clipped = train(spec(**parts, optimizer=sgd | {"clip": {"at": 1e-3}}))
    norm = of(free, "gradient_norm", "")[0]
    assert norm == of(clipped, "gradient_norm", "")[0]
    for layer in ("dense_1", "output"):
        update = of(clipped, "update_norm", layer)[0]
        assert update == pytest.approx(of(free, "update_norm", layer)[0] * 1e-3 / norm)
        assert update == pytest.approx(0.1 * of(free, "gradient_norm", layer)[0] * 1e-3 / norm)


def test_the_penalty_is_in_loss_and_gradient_alike():
    network = MLP([2, 4, 1], l2=0.5, seed=0)
    bare = MLP([2, 4, 1], seed=0)
    x, y = np.ones((3, 2)), np.ones(3)
    kernels = network.parameters.values[network.parameters.kernels]
    extra = network.evaluate(x, y)[0] - bare.evaluate(x, y)[0]
    assert extra == pytest.approx(0.25 * kernels @ kernels)
    for each in (network, bare):
        each.backward(each.objective.delta(each.forward(each.inputs(x)), each.targets(y)))
    difference = network.parameters.gradients - bare.parameters.gradients
    np.testing.assert_allclose(difference[network.parameters.kernels], 0.5 * kernels)


def test_statistics_are_those_of_the_arrays():
    network, history = trained(spec(network={"activation": "tanh", "hidden": [8]}, epochs=2))
    kernel = network.layers[0].kernel
    for quantity, value in {
        "weight_norm": np.linalg.norm(kernel),
        "weight_mean": kernel.mean(),
        "weight_std": kernel.std(),
        "weight_max": np.abs(kernel).max(),
        "weight_nonfinite_share": 0.0,
    }.items():
        assert of(history, quantity, "dense_1")[-1] == pytest.approx(value), quantity


def test_activations_are_those_of_the_probe_batch():
    data = np.random.default_rng(0).standard_normal((300, 2))
    network = MLP([2, 9, 1], activation="tanh")
    history = network.fit(data, data[:, 0], epochs=1)
    network.forward(data[: probe_size(len(data))])
    active = network.layers[0].active
    for quantity, value in {
        "activation_mean": active.mean(),
        "activation_std": active.std(),
        "activation_rms": np.sqrt((active**2).mean()),
        "activation_min": active.min(),
        "activation_max": active.max(),
        "activation_sample_std": active.std(axis=0).mean(),
        "saturated_share": (np.abs(active) > 0.9).mean(),
        "constant_share": 0.0,
    }.items():
        assert of(history, quantity, "dense_1")[-1] == pytest.approx(value), quantity
    assert of(history, "input_rms", "output")[-1] == of(history, "activation_rms", "dense_1")[-1]
    assert ("dead_share", "dense_1") not in history.series


@pytest.mark.parametrize(("samples", "watched"), [(50, 50), (1000, 96), (6400, 200), (9999, 256)])
def test_the_probe_batch_is_bounded(samples, watched):
    assert probe_size(samples) == watched


def test_dead_units_are_seen_and_a_last_batch_of_one_is_not_the_one_recorded():
    x = np.random.default_rng(0).standard_normal((129, 2))
    network = MLP([2, 8, 1])
    network.layers[0].bias[:4] = -100.0
    history = network.fit(x, x[:, 0], epochs=2, optimizer="sgd", batch_size=32)
    assert of(history, "dead_share", "dense_1").tolist() == [0.5] * 3
    assert of(history, "gradient_zero_share", "dense_1").tolist() == [0.5] * 2


def test_constant_weights_have_no_spread_and_a_constant_output_no_variation():
    history = train(spec(network={"initializer": {"name": "constant", "value": 0.1}}))
    assert of(history, "weight_std", "dense_2")[0] == 0
    zero = train(spec(network={"initializer": {"name": "constant"}}))
    assert of(zero, "activation_sample_std", "output").tolist() == [0] * 5
    assert zero.settings.layers[0].init_value == 0


def test_a_network_of_kernels_alone_is_recorded_too():
    history = train(spec(network={"bias": False, "hidden": [8]}))
    layers = history.over("gradient_norm")
    together = np.sqrt(sum(series.values**2 for name, series in layers.items() if name))
    np.testing.assert_allclose(together, of(history, "gradient_norm", ""), rtol=1e-12)
    assert not history.over("bias_norm")


def snr(x, y):
    still = {"name": "sgd", "learning_rate": 0.0}
    history = MLP([2, 1]).fit(x, y, optimizer=still, epochs=20)
    return history.get("gradient_snr", "output")


def test_signal_to_noise_tells_a_common_direction_from_noise():
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((320, 2)), rng.standard_normal(320)
    prediction = MLP([2, 1]).predict(x)[:, 0]
    assert np.median(snr(x, prediction + noise).values) < 1
    assert np.median(snr(x, prediction + 10 * x[:, 0] + noise).values) > 2
    assert snr(np.ones((320, 2)), np.ones(320)) is None  # no noise at all: no ratio


def test_settings_are_complete():
    history = train(
        spec(
            data={"name": "blobs", "samples": 100, "features": 4},
            optimizer={"name": "adamw", "clip": {"by": "global_norm", "at": 2.0}},
            schedule={"name": "cosine", "warmup": 1},
        )
    )
    settings = history.settings
    assert settings.task == "multiclass"
    assert settings.classes == 3
    assert sum(settings.class_shares) == pytest.approx(1)
    assert (settings.loss, settings.output_activation) == ("cross_entropy", "softmax")
    assert (settings.optimizer, settings.learning_rate) == ("adamw", 0.003)
    assert (settings.clip_norm, settings.weight_decay, settings.warmup_steps) == (2.0, 0.01, 3)
    assert [layer.name for layer in settings.layers] == ["dense_1", "dense_2", "output"]
    assert settings.layers[0].init_std == pytest.approx(np.sqrt(2 / 4))
    assert settings.parameters == sum(layer.parameters for layer in settings.layers)
    assert (settings.samples, settings.val_samples) == (70, 30)
    assert settings.input.features == 4
    assert settings.target.one_hot


# --- runs that break ------------------------------------------------------------------------------


def test_a_run_that_overflows_is_recorded_and_ends():
    history = train(
        spec(
            data={"name": "sine", "samples": 120},
            network={"activation": "linear"},
            optimizer={"name": "sgd", "learning_rate": 30.0},
            epochs=60,
        )
    )
    loss = of(history, "loss")
    assert np.isfinite(of(history, "probe_loss")[0])
    assert not np.isfinite(loss[-5:]).any()
    assert len(loss) < 60
    assert of(history, "weight_nonfinite_share", "dense_1")[-1] == 1
    assert of(history, "gradient_nonfinite_share", "dense_1")[-1] == 1


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_rows_of_nan_break_the_run_from_the_start(precision):
    history = train(
        spec(
            data={"spoil": [{"kind": "nan_rows", "share": 0.1}]},
            network={"precision": precision},
            epochs=20,
        )
    )
    assert np.isnan(of(history, "loss")).all()
    assert history.settings.input.nonfinite_share == pytest.approx(0.1, abs=0.02)


WRONG_PAIRS = {
    "softmax on one unit": (
        {"output": "softmax", "outputs": 1, "loss": "binary_cross_entropy"},
        lambda loss: loss[0] == loss[-1] and 5 < loss[0] < 12,
    ),
    "softmax twice": (
        {"output": "softmax", "loss": "cross_entropy_from_logits"},
        lambda loss: loss[-1] > 0.3132,
    ),
    "sigmoid twice": (
        {"output": "sigmoid", "loss": "binary_cross_entropy_from_logits"},
        lambda loss: loss[-1] > 0.49,
    ),
    "relu": (
        {"output": "relu", "loss": "binary_cross_entropy"},
        lambda loss: loss[0] > 0.8,
    ),
    "linear": (
        {"output": "linear", "loss": "binary_cross_entropy"},
        lambda loss: loss[0] > 0.8,
    ),
}


@pytest.mark.parametrize("pair", WRONG_PAIRS)
def test_wrong_outputs_fail_as_they_do_elsewhere(pair):
    network, holds = WRONG_PAIRS[pair]
    loss = of(train(spec(network=network | {"hidden": [16]}, epochs=20)), "loss")
    assert np.isfinite(loss).all()
    assert holds(loss), loss


def test_classes_may_be_taken_for_numbers():
    parts = {
        "data": {"name": "blobs"},
        "network": {"outputs": 1, "output": "linear", "loss": "mse"},
    }
    history = train(TrainingSpec.model_validate(parts | {"epochs": 10}))
    assert of(history, "accuracy", "val")[-1] > 0.5
    assert history.settings.output_units == 1


def test_a_frozen_layer_keeps_its_weights_and_has_its_gradients():
    history = train(spec(network={"frozen": ["dense_1"]}))
    assert len(set(of(history, "weight_norm", "dense_1"))) == 1
    assert of(history, "update_norm", "dense_1").tolist() == [0] * 4
    assert (of(history, "gradient_norm", "dense_1") > 0).all()
    assert history.settings.layers[0].trainable is None


def test_gradients_that_are_never_cleared_add_up():
    sgd = {"name": "sgd", "learning_rate": 0.01}
    kept = train(spec(optimizer=sgd | {"zero_grad": False}))
    cleared = train(spec(optimizer=sgd))
    assert of(kept, "gradient_norm", "")[-1] > 3 * of(cleared, "gradient_norm", "")[-1]


# --- early stopping -------------------------------------------------------------------------------


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_early_stopping_gives_back_the_best_weights(normalization):
    whole = spec(
        data={"noise": 0.6, "samples": 60, "spoil": [{"kind": "shuffle_labels", "share": 0.6}]},
        network={"hidden": [64], "normalization": normalization},
        optimizer={"name": "adam", "learning_rate": 0.03},
        epochs=300,
        early_stopping={"patience": 7},
    )
    network, history = trained(whole)
    loss = of(history, "loss", "val")
    assert len(loss) < 300
    assert loss.argmin() == len(loss) - 8
    data = make(whole.data, np.random.default_rng(0).spawn(3)[0])
    assert network.evaluate(data.x_val, data.y_val)[0] == pytest.approx(loss.min(), rel=1e-12)
    assert loss[-1] > loss.min()


# --- optimizers, clipping, schedules --------------------------------------------------------------


def parameters(values=(1.0, -2.0), gradients=(0.5, -0.25)):
    made = Parameters({"output/kernel": (2, 1)}, "float64")
    made.values[:], made.gradients[:] = values, gradients
    return made


g, w = np.array([0.5, -0.25]), np.array([1.0, -2.0])
TWO_STEPS = {
    "sgd": ({}, w - 0.1 * g - 0.1 * g),
    "momentum": ({"momentum": 0.5}, w - 0.1 * g - 0.1 * 1.5 * g),
    "nesterov": ({"momentum": 0.5}, w - 0.1 * 1.5 * g - 0.1 * (0.5 * 1.5 + 1) * g),
    "rmsprop": (
        {"beta_2": 0.5, "epsilon": 0.0},
        w - 0.1 * np.sign(g) / np.sqrt(0.5) - 0.1 * np.sign(g) / np.sqrt(0.75),
    ),
    # A constant gradient: both corrected moments are exact, so each step is the rate.
    "adam": ({"epsilon": 0.0}, w - 0.2 * np.sign(g)),
    "adamw": (
        {"epsilon": 0.0, "weight_decay": 0.5},
        (w * 0.95 - 0.1 * np.sign(g)) * 0.95 - 0.1 * np.sign(g),
    ),
}


@pytest.mark.parametrize("name", TWO_STEPS)
def test_two_steps_are_as_the_formula_says(name):
    options, expected = TWO_STEPS[name]
    made = parameters()
    optimizer = Optimizer(OptimizerSpec(name=name, **options), made)
    optimizer.step(0.1)
    optimizer.step(0.1)
    np.testing.assert_allclose(made.values, expected)


@pytest.mark.parametrize("name", TWO_STEPS)
def test_a_quadratic_is_minimised(name):
    made = parameters(values=(3.0, -2.0))
    optimizer = Optimizer(OptimizerSpec(name=name, weight_decay=0), made)
    for _ in range(400):
        made.gradients[:] = made.values * (1.0, 4.0)
        optimizer.step(0.02)
    assert np.abs(made.values).max() < 0.05


CLIPPED = {
    "value": ([3.0, -4.0, 0.1], [1.0, -1.0, 0.1]),
    "norm": ([3.0, -4.0, 0.1], [0.6, -0.8, 0.1]),
    "global_norm": ([3.0, -4.0, 0.0], [0.6, -0.8, 0.0]),
}


@pytest.mark.parametrize("by", CLIPPED)
def test_clipping_limits_and_leaves_small_gradients_alone(by):
    before, after = CLIPPED[by]
    made = Parameters({"output/kernel": (2, 1), "output/bias": (1,)}, "float64")
    made.gradients[:] = before
    clip(Clip(by=by, at=1.0), made)
    np.testing.assert_allclose(made.gradients, after)
    clip(Clip(by=by, at=5.0), made)
    np.testing.assert_allclose(made.gradients, after)


def rates(epochs=10, **options):
    schedule = Schedule(ScheduleSpec(**options), 1.0, epochs, steps_per_epoch=2)
    return [schedule.rate(step) for step in range(2 * epochs)]


def test_schedules_are_as_their_formulas_say():
    assert rates(name="constant") == [1.0] * 20
    assert rates(name="step", every=5, factor=0.1)[9:11] == [1.0, 0.1]
    assert rates(name="exponential", factor=0.5)[2] == 0.5
    cosine = rates(name="cosine", final=0.1)
    assert cosine[0] == 1.0
    assert cosine[10] == pytest.approx(0.55)
    assert sorted(cosine, reverse=True) == cosine


def test_warmup_rises_to_the_full_rate_and_the_schedule_follows():
    assert rates(warmup=2)[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates(name="exponential", factor=0.5, warmup=2)[6] == 0.5


def test_a_cosine_made_for_a_shorter_run_ends_early():
    schedule = Schedule(ScheduleSpec(name="cosine", epochs=5), 1.0, 10, 2)
    assert schedule.rate(8) > 0
    assert [schedule.rate(step) for step in (10, 19)] == [0, 0]


def test_plateau_drops_the_rate_when_the_loss_stays():
    schedule = Schedule(ScheduleSpec(name="plateau", patience=2, factor=0.1), 1.0, 10, 1)
    for loss in (3.0, 2.0, 1.0):
        schedule.watch(loss)
    assert schedule.rate(3) == 1.0
    schedule.watch(1.0)
    schedule.watch(float("nan"))
    assert schedule.rate(5) == pytest.approx(0.1)


# --- errors ---------------------------------------------------------------------------------------


def test_errors_say_what_is_needed():
    with pytest.raises(SpecError, match=r"activation.*'reluu'"):
        MLP([2, 3, 1], activation="reluu")
    with pytest.raises(SpecError, match="at least inputs and outputs"):
        MLP([2])
    network = MLP([2, 3, 2], task="multiclass")
    with pytest.raises(SpecError, match=r"x: \(samples, 2\) is needed, not \(5, 3\)"):
        network.fit(np.zeros((5, 3)), np.zeros(5))
    with pytest.raises(SpecError, match="classes 0 to 1 are needed"):
        network.fit(np.zeros((5, 2)), np.full(5, 7))
    with pytest.raises(SpecError, match="as many of both"):
        network.fit(np.zeros((5, 2)), np.zeros(4))
    with pytest.raises(SpecError, match="frozen: no layer is called 'dense_9'"):
        train(spec(network={"frozen": ["dense_9"]}))
