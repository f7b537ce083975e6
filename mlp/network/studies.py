"""Studies of initialization: how large activations and gradients are, layer by layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.network.activations import Array
from traindx.mlp.network.network import MLP
from traindx.mlp.network.spec import Initializer

Numbers = NDArray[np.float64]
INITIALIZERS: Mapping[str, Initializer] = {
    "he": Initializer(name="he"),
    "xavier": Initializer(name="xavier"),
    "lecun": Initializer(name="lecun"),
    "zero": Initializer(name="constant", value=0.0),
    "too small": Initializer(name="normal", std=0.01),
    "too large": Initializer(name="normal", std=1.0),
}
"""The sweep of the studies, by label."""


class Axes(Protocol):
    """What is needed of matplotlib's axes."""

    def plot(self, *args: Any, **kwargs: Any) -> Any: ...
    def set(self, **kwargs: Any) -> Any: ...
    def legend(self) -> Any: ...


@dataclass(frozen=True, eq=False)
class ActivationScales:
    """Activations before training, by initializer: arrays over the layers, the input side first."""

    activation: str
    rms: Mapping[str, Numbers]
    std: Mapping[str, Numbers]
    silent: Mapping[str, Numbers]
    """Share of activations that are exactly zero."""


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """Gradients before training, by initializer and depth: arrays over the hidden layers.

    `weights` are the kernels' gradient norms divided by the norm of what enters the layer, and
    `deltas` those of the signal at its pre-activations; both compare layers of unlike width.
    """

    activation: str
    weights: Mapping[str, Mapping[int, Numbers]]
    deltas: Mapping[str, Mapping[int, Numbers]]

    def ratio(self, initializer: str, depth: int) -> float:
        """Of the first layer's to the last one's: near 1 is sound, 0 has vanished."""
        norms = self.weights[initializer][depth]
        return float(norms[0] / norms[-1]) if norms[-1] else 0.0


def activation_scales(
    depth: int = 10,
    width: int = 100,
    activation: str = "relu",
    initializers: Mapping[str, Initializer | str] = INITIALIZERS,
    samples: int = 500,
    seed: int = 0,
) -> ActivationScales:
    """Send standard-normal inputs (samples, width) through untrained stacks of `depth` layers.

    The lesson of Glorot and Bengio 2010 and He et al. 2015: the spread of the weights decides
    whether the signal keeps its size, fades, or grows from layer to layer.
    """
    actives = {
        label: _actives(_stack(depth, width, activation, each, seed), samples, seed)
        for label, each in initializers.items()
    }
    return ActivationScales(
        activation,
        {label: np.array([np.sqrt((a * a).mean()) for a in of]) for label, of in actives.items()},
        {label: np.array([a.std() for a in of]) for label, of in actives.items()},
        {label: np.array([(a == 0).mean() for a in of]) for label, of in actives.items()},
    )


def gradient_norms_by_depth(
    depths: tuple[int, ...] = (2, 5, 10, 20),
    width: int = 64,
    activation: str = "sigmoid",
    initializers: Mapping[str, Initializer | str] = INITIALIZERS,
    samples: int = 256,
    seed: int = 0,
) -> GradientNorms:
    """Gradients of untrained stacks of several depths, on standard-normal inputs, random classes.

    Each layer multiplies the signal that comes back by its weights and its activation's slope
    (at most a quarter for sigmoid), so that a wrong size fades or grows with the depth.
    """
    found = {
        label: {
            depth: _norms(_stack(depth, width, activation, each, seed), samples, seed)
            for depth in depths
        }
        for label, each in initializers.items()
    }
    return GradientNorms(
        activation,
        {label: {d: norms[0] for d, norms in by.items()} for label, by in found.items()},
        {label: {d: norms[1] for d, norms in by.items()} for label, by in found.items()},
    )


def _stack(
    depth: int, width: int, activation: str, initializer: Initializer | str, seed: int
) -> MLP:
    return MLP(
        [width] * (depth + 1) + [10],
        task="multiclass",
        seed=seed,
        activation=activation,
        initializer=initializer,
    )


def _inputs(network: MLP, samples: int, seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal((samples, network.sizes[0]))


def _actives(network: MLP, samples: int, seed: int) -> list[Array]:
    network.forward(_inputs(network, samples, seed))
    return [layer.active for layer in network.layers[:-1]]


def _norms(network: MLP, samples: int, seed: int) -> tuple[Numbers, Numbers]:
    z = network.forward(_inputs(network, samples, seed))
    y = network.targets(np.random.default_rng(seed).integers(0, 10, samples))
    network.backward(network.objective.delta(z, y))
    hidden = network.layers[:-1]
    sizes = [float(np.linalg.norm(layer.input)) or 1.0 for layer in hidden]
    weights = [np.linalg.norm(layer.kernel_gradient) for layer in hidden]
    return np.array(weights) / sizes, np.array([np.linalg.norm(layer.delta) for layer in hidden])


def plot_activation_scales(scales: ActivationScales, axes: Axes | None = None) -> Axes:
    """Root mean square by layer on a logarithmic scale, one line an initializer.

    Raises ImportError, saying what to install, where axes are wanted and matplotlib is missing.
    """
    axes = axes or _axes()
    for label, rms in scales.rms.items():
        _line(axes, rms, label)
    axes.set(title=f"Activations of {scales.activation} layers before training")
    return _labelled(axes, "root mean square")


def plot_gradient_norms(
    norms: GradientNorms, depth: int | None = None, axes: Axes | None = None
) -> Axes:
    """Gradient norms by layer on a logarithmic scale, one line an initializer.

    Of the deepest stack, if no depth is given. Raises ImportError as `plot_activation_scales`.
    """
    axes = axes or _axes()
    depth = depth or max(depth for by in norms.weights.values() for depth in by)
    for label, by in norms.weights.items():
        _line(axes, by[depth], label)
    axes.set(title=f"Gradients of {depth} {norms.activation} layers before training")
    return _labelled(axes, "gradient norm / input norm")


def _line(axes: Axes, values: Numbers, label: str) -> None:
    """Where a value is zero the line has a gap: a logarithm has no place for it."""
    axes.plot(
        np.arange(1, len(values) + 1), np.where(values > 0, values, np.nan), "o-", label=label
    )


def _labelled(axes: Axes, quantity: str) -> Axes:
    axes.set(xlabel="layer", ylabel=quantity, yscale="log")
    axes.legend()
    return axes


def _axes() -> Axes:
    try:
        pyplot = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ImportError(
            "plots need matplotlib, which is not installed: pip install 'traindx[plots]'"
        ) from error
    _, axes = pyplot.subplots()
    drawn: Axes = axes
    return drawn
