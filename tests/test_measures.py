"""What a probe measures, and the mistakes that a measure must not make."""

from itertools import pairwise

import numpy as np
import pytest

from traindx.mlp import tensors
from traindx.mlp.canonical import canonical, takes_logits, usual_rate

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e30, 1e200])
def test_a_norm_neither_overflows_nor_underflows(scale: float) -> None:
    assert tensors.norm(scale * np.array([3.0, 4.0])) == pytest.approx(5 * scale, rel=1e-12)


def test_a_float32_norm_does_not_overflow() -> None:
    assert tensors.norm(np.full(4, 1e30, np.float32)) == pytest.approx(2e30, rel=1e-6)


@pytest.mark.parametrize("order", [(640.0, np.nan), (np.nan, 640.0)], ids=["last", "first"])
def test_a_nan_is_never_health_wherever_it_stands(order: tuple[float, float]) -> None:
    arrays = [np.array([value]) for value in order]
    assert np.isnan(tensors.global_norm(arrays))
    assert [tensors.nonfinite_share(a) for a in arrays].count(1.0) == 1


def test_all_nan_outputs_are_not_read_as_alive() -> None:
    lost = np.full((32, 4), np.nan)
    assert np.isnan(tensors.dead_share(lost))
    assert np.isnan(tensors.constant_share(lost))
    assert np.isnan(tensors.saturated_share(lost, "tanh") or 0.0)
    assert tensors.activation_measures(lost, "relu")["activation_nonfinite_share"] == 1


def test_nonfinite_entries_are_counted() -> None:
    assert tensors.nonfinite_share([1.0, np.inf, np.nan, 2.0]) == 0.5
    assert tensors.nonfinite_share([1e200, 2.0]) == 0


@pytest.mark.parametrize(
    "bad",
    [None, "text", np.array([1j]), np.array([]), np.array([None, 1.0])],
    ids=["none", "text", "complex", "empty", "objects"],
)
def test_what_is_no_array_of_numbers_is_refused_by_name(bad: object) -> None:
    with pytest.raises(tensors.NotNumbers, match="cannot measure"):
        tensors.norm(bad)  # type: ignore[arg-type]


def test_one_array_stands_for_a_list_of_one() -> None:
    assert tensors.global_norm(np.array([3.0, 4.0])) == 5


def test_a_parameter_without_gradient_counts_nothing() -> None:
    assert tensors.global_norm([np.array([3.0]), None, np.array(4.0)]) == 5
    assert tensors.global_norm([None]) == 0


def test_a_unit_that_fires_now_and_then_is_not_dead() -> None:
    outputs = np.zeros((100, 3))
    outputs[::20, 0] = 1.0
    outputs[0, 1] = 1e-3
    assert tensors.dead_share(outputs) == pytest.approx(1 / 3)


def test_one_sample_cannot_tell_who_is_dead() -> None:
    assert np.isnan(tensors.dead_share(np.zeros((1, 10))))


def test_a_leaky_unit_that_is_always_negative_is_dead() -> None:
    assert tensors.dead_share(np.full((32, 2), -0.01)) == 1


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_convolution_has_as_many_units_as_channels(channels_last: bool) -> None:
    outputs = np.zeros((8, 5, 5, 4))
    outputs[3, 2, 2, 0] = 1.0
    shaped = outputs if channels_last else np.moveaxis(outputs, -1, 1)
    assert tensors.dead_share(shaped, channels_last) == 0.75


def test_a_constant_unit_is_constant_to_rounding() -> None:
    outputs = np.column_stack([np.full(16, 0.1) + 1e-17, np.linspace(0, 1, 16)])
    assert tensors.constant_share(outputs) == 0.5


def test_a_wide_output_is_saturated_only_if_its_activation_is_bounded() -> None:
    large = np.full((16, 4), 50.0)
    assert tensors.saturated_share(large, "relu") is None
    assert tensors.saturated_share(large, "leaky_relu") is None
    assert tensors.saturated_share(np.tanh(large), "tanh") == 1


@pytest.mark.parametrize(("activation", "middle"), [("tanh", 0.0), ("sigmoid", 0.5)])
def test_a_bounded_activation_in_its_linear_middle_is_not_saturated(
    activation: str, middle: float
) -> None:
    assert tensors.saturated_share(np.full((16, 4), middle) + 1e-3, activation) == 0


def test_flat_is_where_the_slope_is_below_a_tenth() -> None:
    z = np.linspace(-8, 8, 4001)
    assert tensors.saturated_share(np.tanh(z), "tanh") == pytest.approx(
        np.mean(1 - np.tanh(z) ** 2 < 0.1), abs=1e-3
    )
    s = 1 / (1 + np.exp(-z))
    assert tensors.saturated_share(s, "sigmoid") == pytest.approx(
        np.mean(s * (1 - s) < 0.025), abs=1e-3
    )


@pytest.mark.parametrize("axis", [-1, 0])
def test_fan_in_counts_inputs_in_either_layout(axis: int) -> None:
    assert tensors.fans((784, 128) if axis == -1 else (128, 784), axis) == (784, 128)
    kernel = (3, 3, 16, 32) if axis == -1 else (32, 16, 3, 3)
    assert tensors.fans(kernel, axis) == (144, 288)


def test_a_bias_has_no_fan() -> None:
    with pytest.raises(tensors.NotNumbers, match="two axes"):
        tensors.fans((10,))


@pytest.mark.parametrize(("fan_in", "fan_out"), [(784, 128), (64, 10), (10, 1000), (1, 1)])
def test_a_fresh_layer_is_at_its_scale_whatever_its_shape(fan_in: int, fan_out: int) -> None:
    for activation in ("relu", "tanh", "selu"):
        std = tensors.expected_std(activation, fan_in, fan_out)
        assert tensors.scale_ratio(std, fan_in, fan_out) == pytest.approx(1)


@pytest.mark.parametrize("factor", [1e-6, 0.01, 100.0, 1e9])
def test_a_wrong_scale_shows_as_what_it_is(factor: float) -> None:
    std = factor * tensors.expected_std("relu", 100, 100)
    ratio = tensors.scale_ratio(std, 100, 100)
    assert 0.2 < ratio / factor < 3


def test_gradient_snr_is_signal_over_noise_and_not_the_shape_of_one_gradient() -> None:
    noise = RNG.standard_normal((32, 400))
    found = [tensors.gradient_snr(snr + noise) for snr in (0.0, 1.0, 100.0)]
    assert found[0] < 0.1
    assert found[1] == pytest.approx(1, rel=0.1)
    assert found[2] == pytest.approx(100, rel=0.1)


def test_gradient_snr_knows_random_signs_from_agreement() -> None:
    gradient = np.abs(RNG.standard_normal(400))
    flipped = gradient * RNG.choice([-1.0, 1.0], (32, 400))
    assert tensors.gradient_snr(flipped) < 0.1
    assert tensors.gradient_snr(np.tile(gradient, (4, 1))) == np.inf
    assert np.isnan(tensors.gradient_snr(gradient[None]))


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_gradient_snr_has_no_scale(scale: float) -> None:
    batches = 1 + RNG.standard_normal((8, 50))
    expected = tensors.gradient_snr(batches)
    assert tensors.gradient_snr(batches * scale) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("widths", [(20, 20, 20, 3), (1000, 30, 400, 2)], ids=["even", "uneven"])
def test_the_depth_statistic_finds_a_signal_that_fades(widths: tuple[int, ...]) -> None:
    """The kernel's gradient is input times signal: the statistic gives the signal back."""
    inputs = [RNG.standard_normal((64, n)) * 3**i for i, n in enumerate(widths[:-1])]
    strengths = [1e-4, 1e-2, 1.0]
    signals = [
        s * np.outer(np.ones(64), RNG.standard_normal(n)) / np.sqrt(n)
        for s, n in zip(strengths, widths[1:], strict=True)
    ]
    gradients = [a.T @ d for a, d in zip(inputs, signals, strict=True)]
    found = tensors.depth_statistic(gradients, inputs)
    assert all(below < above / 10 for below, above in pairwise(found))


def test_the_depth_statistic_wants_one_input_for_each_gradient() -> None:
    with pytest.raises(tensors.NotNumbers, match="2 gradients but 1"):
        tensors.depth_statistic([np.ones(1), np.ones(1)], [np.ones(1)])


@pytest.mark.parametrize(
    ("update", "weights", "expected"),
    [(1e-3, 1.0, 1e-3), (0.0, 0.0, 0.0), (1.0, 0.0, np.inf)],
)
def test_update_ratio(update: float, weights: float, expected: float) -> None:
    found = tensors.update_ratio(np.full(3, update), np.full(3, weights))
    assert found == pytest.approx(expected)


def test_an_update_ratio_of_nan_weights_is_nan() -> None:
    assert np.isnan(tensors.update_ratio([1.0], [np.nan]))


def test_symmetric_units_are_those_with_a_twin() -> None:
    kernel = RNG.standard_normal((20, 6))
    assert tensors.symmetric_share(kernel) == 0
    kernel[:, 3] = kernel[:, 1]
    assert tensors.symmetric_share(kernel) == pytest.approx(1 / 3)
    assert tensors.symmetric_share(np.full((20, 6), 0.1)) == 1
    assert tensors.symmetric_share(kernel[:, :1]) == 0


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_moments_are_numpys(kind: type) -> None:
    weights = (100 * RNG.standard_normal((50, 30)) + 300).astype(kind)
    found = tensors.weight_measures(weights)
    assert found["weight_norm"] == pytest.approx(np.linalg.norm(weights), rel=1e-5)
    assert found["weight_mean"] == pytest.approx(weights.mean(), rel=1e-5)
    assert found["weight_std"] == pytest.approx(weights.std(), rel=1e-4)
    assert found["weight_max"] == np.abs(weights).max()
    assert found["weight_nonfinite_share"] == 0


def test_a_spread_far_from_zero_keeps_its_digits() -> None:
    weights = 1e6 + RNG.standard_normal(1000)
    assert tensors.weight_measures(weights)["weight_std"] == pytest.approx(weights.std(), rel=1e-6)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_kernels_measured_together_are_as_each_by_itself(kind: type) -> None:
    flat = RNG.standard_normal(50 * 30 + 7 + 640 + 3).astype(kind)
    flat[:5], flat[1500:1507] = 0.0, 3.0
    kernels = tensors.Kernels([(50, 30), (7,), (64, 10)])
    parts = [flat[place] for place in kernels.places]
    assert kernels.weights(flat) == [tensors.weight_measures(part) for part in parts]
    assert kernels.gradients(flat) == [tensors.gradient_measures(part) for part in parts]
    assert kernels.norms(flat) == [tensors.norm(part) for part in parts]
    assert kernels.weights(flat)[1]["weight_std"] == 0


OUTPUTS = {
    "relu": np.maximum(RNG.standard_normal((64, 9)) - np.arange(9) / 2, 0),
    "far from zero": 1e4 + RNG.standard_normal((64, 3)),
    "barely moving": np.tile(RNG.standard_normal(4), (64, 1)) * (1 + 1e-9 * RNG.random((64, 4))),
    "constant and zero": np.tile([0.0, 3.0, -2.0], (64, 1)),
    "tiny": 1e-200 * RNG.standard_normal((64, 3)),
    "huge": -1e200 * RNG.random((64, 3)),
}


def test_outputs_measured_together_are_numpys() -> None:
    every = list(OUTPUTS.values())
    found = tensors.Outputs(64, [o.shape[1] for o in every], np.float64).measures(every)
    for name, output, one in zip(OUTPUTS, every, found, strict=True):
        size = np.abs(output).max()
        scaled, exact = output / size, {"rel": 1e-10}
        still = np.ptp(scaled, axis=0) <= 8 * np.finfo(float).eps
        deviation = np.where(still, 0, (scaled - scaled.mean(axis=0)).std(axis=0)).mean()
        assert one.mean / size == pytest.approx(scaled.mean(), **exact), name
        assert one.std / size == pytest.approx(scaled.std(), **exact), name
        assert one.rms / size == pytest.approx(np.sqrt((scaled**2).mean()), **exact), name
        assert (one.least, one.largest) == (output.min(), output.max()), name
        assert one.sample_std / size == pytest.approx(deviation, **exact), name
        assert (one.constant_share, one.zero_share) == (still.mean(), (~output.any(axis=0)).mean())


@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf])
def test_one_layer_that_is_lost_does_not_hide_the_others(lost: float) -> None:
    broken, whole = RNG.standard_normal((16, 4)), np.maximum(RNG.standard_normal((16, 5)), 0)
    broken[3, 2] = lost
    found = tensors.Outputs(16, [4, 5], np.float64).measures([broken, whole])
    (alone,) = tensors.Outputs(16, [5], np.float64).measures([whole])
    assert found[1] == alone
    assert found[0].nonfinite_share == pytest.approx(1 / 64)
    assert np.isnan([found[0].constant_share, found[0].zero_share, found[0].std]).all()


def test_float32_outputs_whose_squares_overflow_are_still_measured() -> None:
    outputs = (1e30 * RNG.standard_normal((32, 4))).astype(np.float32)
    (found,) = tensors.Outputs(32, [4], np.float32).measures([outputs])
    exact = outputs.astype(np.float64)
    assert found.std == pytest.approx(exact.std(), rel=1e-5)
    assert found.sample_std == pytest.approx(exact.std(axis=0).mean(), rel=1e-5)
    assert (found.constant_share, found.nonfinite_share) == (0, 0)


def test_outputs_that_do_not_depend_on_the_input_have_no_sample_std() -> None:
    outputs = np.tile(RNG.standard_normal(7), (32, 1))
    assert tensors.sample_std(outputs) == 0
    wavering = RNG.standard_normal((32, 3, 3, 2)) + 1e4
    expected = wavering.reshape(32, -1).std(axis=0).mean()
    assert tensors.sample_std(wavering) == pytest.approx(expected)


def test_a_zero_gradient_is_counted_as_zeros() -> None:
    assert tensors.gradient_measures([0.0, 0.0, 1.0, 0.0])["gradient_zero_share"] == 0.75
    assert np.isnan(tensors.zero_share([0.0, np.nan]))


def test_a_zero_dimensional_weight_can_be_measured() -> None:
    assert tensors.weight_measures(np.array(-2.0))["weight_norm"] == 2


@pytest.mark.parametrize(
    ("group", "name", "word"),
    [
        ("loss", "sparse_categorical_crossentropy", "cross_entropy"),
        ("loss", "nn.CrossEntropyLoss()", "cross_entropy"),
        ("loss", "BCEWithLogitsLoss", "binary_cross_entropy"),
        ("loss", "tf.keras.losses.MeanSquaredError", "mse"),
        ("loss", "mean_squared_error", "mse"),
        ("loss", "HuberLoss", "huber"),
        ("loss", "MyOwn", "my_own"),
        ("activation", "LeakyReLU", "leaky_relu"),
        ("activation", "<function relu at 0x7f00>", "relu"),
        ("activation", "swish", "silu"),
        ("activation", "None", "linear"),
        ("optimizer", "torch.optim.AdamW", "adamw"),
        ("optimizer", "RMSprop", "rmsprop"),
        ("optimizer", "GradientDescentOptimizer", "sgd"),
        ("initializer", "GlorotUniform", "xavier"),
        ("initializer", "kaiming_normal_", "he"),
        ("initializer", "RandomNormal", "normal"),
        ("kind", "Conv2D", "conv"),
        ("kind", "dense_12", "dense"),
        ("kind", "BatchNormalization", "norm"),
    ],
)
def test_one_thing_has_one_name(group: str, name: str, word: str) -> None:
    assert canonical(group, name) == word


def test_a_loss_may_say_by_its_name_that_it_takes_logits() -> None:
    assert takes_logits("nn.CrossEntropyLoss") is True
    assert takes_logits("BCELoss") is False
    assert takes_logits("binary_crossentropy") is None


def test_adadelta_is_usually_given_a_thousand_times_what_adam_is() -> None:
    assert usual_rate("adadelta") == 1.0
    assert usual_rate("adam") == 1e-3
    assert usual_rate("unheard_of") is None
