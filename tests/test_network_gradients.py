"""Every gradient agrees with finite differences."""

import numpy as np
import pytest

from traindx.mlp.network import MLP, gradient_check
from traindx.mlp.network.activations import ACTIVATIONS
from traindx.mlp.network.objectives import LOSSES

OUTPUTS = ("softmax", "sigmoid", "linear", "relu", "tanh")
CLASS_LOSSES = [name for name in LOSSES if "entropy" in name]


def network(sizes=(4, 6, 5, 3), task="regression", seed=0, **options):
    """Random biases: with zero ones, a silent layer puts what follows exactly at a kink."""
    made = MLP(sizes, task=task, seed=seed, **options)
    rng = np.random.default_rng(seed)
    for layer in made.layers:
        if layer.bias is not None:
            layer.bias[:] = 0.3 * rng.standard_normal(layer.bias.shape)
    return made


def batch(samples=7, classes=3):
    rng = np.random.default_rng(1)
    return rng.standard_normal((samples, 4)), rng.integers(0, classes, samples)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_differences(activation, output, loss):
    x, y = batch()
    made = network(activation=activation, output=output, loss=loss)
    found = gradient_check(made, x, y, parameters=25)
    assert found.passed(1e-5), found


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_gradients_agree_with_normalization_shortcuts_and_penalty(
    normalization, residual, activation
):
    x, y = batch(samples=12)
    made = network(
        (4, 6, 6, 6, 3),
        task="multiclass",
        activation=activation,
        normalization=normalization,
        residual=residual,
        l2=0.3,
        dropout=0.5,
    )
    found = gradient_check(made, x, y, parameters=120)
    assert found.passed(1e-5), found
    assert found.checked > 60


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "tanh", "linear"])
@pytest.mark.parametrize("loss", [n for n in LOSSES if n.startswith("binary") or "m" in n])
def test_gradients_agree_with_one_output_unit(output, loss):
    x, y = batch(classes=2)
    found = gradient_check(network((4, 5, 1), output=output, loss=loss, task="binary"), x, y)
    assert found.passed(1e-5), found


def test_a_wrong_gradient_is_found_and_named(monkeypatch):
    x, y = batch()
    made = network(activation="tanh")
    assert gradient_check(made, x, y).passed()
    wrong = ACTIVATIONS["tanh"].__class__(np.tanh, lambda z, a: 1 - a)
    monkeypatch.setitem(ACTIVATIONS, "tanh", wrong)
    found = gradient_check(network(activation="tanh"), x, y)
    assert not found.passed()
    assert found.largest_error > 0.01
    assert found.where.startswith("dense_")
    assert found.gradient != pytest.approx(found.difference, rel=1e-3)


def test_kinks_are_left_out_and_counted():
    x, y = batch(samples=3)
    made = MLP([4, 6, 5, 3], task="multiclass")
    made.layers[0].bias[:] = -10.0  # all units off: what follows lies exactly at the kink
    found = gradient_check(made, x, y, parameters=1000)
    assert found.at_kinks == 5  # the biases of dense_2
    assert found.passed(1e-5), found


def test_a_float32_network_is_checked_in_double_and_left_alone():
    x, y = batch()
    made = network(task="multiclass", precision="float32")
    before = made.parameters.values.copy()
    assert gradient_check(made, x, y).passed(1e-5)
    assert made.parameters.values.dtype == np.float32
    np.testing.assert_array_equal(made.parameters.values, before)


def test_batch_statistics_are_not_touched_by_a_check():
    x, y = batch()
    made = network(task="multiclass", normalization="batch")
    gradient_check(made, x, y)
    assert not made.layers[0].norm.mean.any()
