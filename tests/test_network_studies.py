"""Studies of initialization give the numbers of the papers."""

import sys

import numpy as np
import pytest

from traindx.mlp.network import (
    activation_scales,
    gradient_norms_by_depth,
    plot_activation_scales,
    plot_gradient_norms,
)
from traindx.mlp.network.initializers import draw, spread
from traindx.mlp.network.spec import Initializer


@pytest.mark.parametrize("name", ["he", "xavier", "lecun", "orthogonal", "normal", "uniform"])
@pytest.mark.parametrize("shape", [(300, 200), (200, 300)])
def test_initial_weights_have_the_spread_asked_for(name, shape):
    initializer = Initializer(name=name, scale=2.0)
    kernel = draw(initializer, shape, np.random.default_rng(0))
    assert kernel.shape == shape
    assert kernel.std() == pytest.approx(spread(initializer, *shape), rel=0.02)
    assert abs(kernel.mean()) < 0.05 * kernel.std()


def test_orthogonal_weights_keep_lengths():
    kernel = draw(Initializer(name="orthogonal"), (5, 9), np.random.default_rng(0))
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(5), atol=1e-12)


def test_the_right_initializer_keeps_the_signal_and_the_wrong_ones_do_not():
    rms = activation_scales(depth=10, width=100, activation="relu").rms
    growth = {label: of[-1] / of[0] if of[0] else 0.0 for label, of in rms.items()}
    assert 0.4 < growth["he"] < 2.5
    assert growth["xavier"] < 0.15  # halves the variance in each of nine layers
    assert growth["too small"] < 1e-9
    assert growth["too large"] > 1e6
    assert not rms["zero"].any()


def test_tanh_saturates_instead_of_exploding():
    scales = activation_scales(activation="tanh")
    assert scales.rms["too large"][-1] > 0.85
    assert scales.silent["zero"].tolist() == [1.0] * 10


def test_gradients_vanish_with_the_depth_of_sigmoid_layers():
    norms = gradient_norms_by_depth((2, 5, 10), activation="sigmoid")
    ratios = [norms.ratio("xavier", depth) for depth in (2, 5, 10)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] < 1e-4
    assert [len(norms.weights["he"][depth]) for depth in (2, 5, 10)] == [2, 5, 10]


def test_gradients_of_relu_layers_keep_their_size_with_he():
    norms = gradient_norms_by_depth((10,), activation="relu")
    assert 0.1 < norms.ratio("he", 10) < 2
    assert norms.ratio("too large", 10) > 1e3
    assert norms.ratio("zero", 10) == 0


class Canvas:
    """Axes that remember what was drawn on them."""

    def __init__(self):
        self.lines, self.settings = {}, {}

    def plot(self, x, y, style, label):
        self.lines[label] = (x, y)

    def set(self, **settings):
        self.settings |= settings

    def legend(self):
        self.settings["legend"] = True


def test_plots_draw_a_line_for_each_initializer():
    canvas = Canvas()
    scales = activation_scales(depth=3)
    assert plot_activation_scales(scales, canvas) is canvas
    assert set(canvas.lines) == set(scales.rms)
    assert np.isnan(canvas.lines["zero"][1]).all()
    canvas = Canvas()
    plot_gradient_norms(gradient_norms_by_depth((2, 4)), axes=canvas)
    assert canvas.lines["he"][0].tolist() == [1, 2, 3, 4]
    assert canvas.settings["yscale"] == "log"


def test_plots_without_matplotlib_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'traindx\[plots\]'"):
        plot_activation_scales(activation_scales(depth=2))
