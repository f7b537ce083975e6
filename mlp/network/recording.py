"""What is recorded of a training, and where each number is taken.

Epochs count from 1; step 0 is before training. All losses include the L2 penalty.

- `loss`, `accuracy` (train): mean over the epoch's batches, while the weights move and units are
  dropped; (val): after the epoch, in evaluation mode.
- Gradients: of the last full batch of the epoch, of the loss with its penalty (so L2 is in every
  gradient, whether clipped or not), before clipping. The global norm is over all that is learned:
  kernels, biases, and normalization. `gradient_zero_share` and the like are of the kernel.
- `update_norm`: what that same step took off the kernel, clipping, momentum and weight decay
  included; `update_ratio` divides it by the kernel's norm at the epoch's end.
- `gradient_snr`: norm of the mean over norm of the standard deviation, of up to 5 gradients spread
  over the epoch, before clipping; noise alone gives about 0. Not known with one batch.
- Weights: at the end of the epoch.
- Activations, `input_rms`, `probe_loss`: on the probe batch, in evaluation mode. It is the same
  every time: the first 256 training samples, or a sixteenth of them if that is fewer, but 128 at
  least (so that a pass over it costs little beside an epoch). The activation of a layer is what its
  activation function gives; a shortcut is added after that and shows in the next layer's
  `input_rms`.
- `dead_share` is known for the relu family only, `saturated_share` for tanh and sigmoid.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import hypot, isfinite, nan, sqrt

import numpy as np

from traindx.mlp.history import Name, Series
from traindx.mlp.network import statistics
from traindx.mlp.network.activations import ACTIVATIONS, Activation, Array
from traindx.mlp.network.layers import Layer
from traindx.mlp.network.network import MLP

PROBE = 128, 256, 16
"""Fewest and most samples of the probe batch, and the part of all between them."""
SNR_BATCHES = 5


def probe_size(samples: int) -> int:
    """How many of so many training samples are watched."""
    fewest, most, part = PROBE
    return min(samples, most, max(fewest, samples // part))


class Recorder:
    """Series that grow."""

    def __init__(self) -> None:
        self.points: dict[Name, list[tuple[float, float]]] = defaultdict(list)

    def add(self, quantity: str, scope: str, step: float, value: float) -> None:
        self.points[quantity, scope].append((step, value))

    def series(self) -> dict[Name, Series]:
        """All that was recorded; a quantity's layers in the order they were added."""
        return {
            name: Series(*np.array(points, np.float64).T.copy())
            for name, points in self.points.items()
        }


class LayerRecorder(Recorder):
    """Records the layers of a network, on top of what a run records by itself."""

    def __init__(self, network: MLP, x: Array, y: Array) -> None:
        super().__init__()
        self.network = network
        self.x, self.y = x[: probe_size(len(x))], y[: probe_size(len(x))]
        self.x_rms = statistics.norm(self.x) / sqrt(self.x.size)
        largest = max(*network.sizes, len(self.x))
        self.ones = np.ones(largest, network.spec.precision)
        self.zeros = np.empty(max(layer.kernel.size for layer in network.layers), np.bool_)
        self.sum = np.zeros_like(network.parameters.values)
        self.squares: list[list[float]] = []
        self.weight_norms: dict[str, float] = {}

    def probe(self, step: float) -> None:
        """Weights, and the probe batch's loss and activations."""
        z = self.network.forward(self.x)
        losses = self.network.objective.losses(z, self.y)
        self.add("probe_loss", "train", step, float(losses.mean()) + self.network.penalty())
        self.layers(step, z)

    def layers(self, step: float, z: Array) -> None:
        """Weights and activations, after a forward pass in evaluation mode that gave z."""
        rms, left = self.x_rms, self.x
        for layer in self.network.layers:
            if layer.input is not left:
                rms = statistics.norm(layer.input) / sqrt(layer.input.size)
            self.add("input_rms", layer.name, step, rms)
            found = dict(self._of_forward(layer, z))
            self._add(layer.name, step, found.items())
            self.weight_norms[layer.name] = found["weight_norm"]
            rms, left = found["activation_rms"], layer.active

    def _of_forward(self, layer: Layer, z: Array) -> Iterator[statistics.Statistic]:
        yield from statistics.of_weights(layer.kernel, self.ones)
        if layer.bias is not None:
            yield "bias_norm", statistics.norm(layer.bias)
        active, function = self._output(layer, z)
        yield from statistics.of_activations(active, function, self.ones)

    def _output(self, layer: Layer, z: Array) -> tuple[Array, Activation | None]:
        if layer.name != "output":
            return layer.active, layer.function
        objective = self.network.objective
        return objective.apply(z), ACTIVATIONS.get(objective.output)

    def gradients(self, step: float) -> None:
        """After the backward pass of a training step, before anything is done to the gradients."""
        parameters, kernels = self.network.parameters, []
        for layer in self.network.layers:
            found = dict(self._of_backward(layer))
            self._add(layer.name, step, found.items())
            kernels.append(found["gradient_norm"])
        others = statistics.norm(parameters.gradients[parameters.kernels.stop :])
        self.add("gradient_norm", "", step, hypot(others, *kernels))

    def _of_backward(self, layer: Layer) -> Iterator[statistics.Statistic]:
        yield from statistics.of_gradient(layer.kernel_gradient, self.zeros)
        yield "delta_norm", statistics.norm(layer.delta)
        if layer.bias_gradient is not None:
            yield "bias_gradient_norm", statistics.norm(layer.bias_gradient)

    def updates(self, step: float, update: Array) -> None:
        """After `probe` of the same epoch; `update` is what the recorded step took off."""
        for layer in self.network.layers:
            size = statistics.norm(self.network.parameters.view(layer.key, update))
            self.add("update_norm", layer.name, step, size)
            weight = self.weight_norms[layer.name]
            if weight:
                self.add("update_ratio", layer.name, step, size / weight)

    def sample_gradient(self) -> None:
        """Count this step's gradient towards the signal-to-noise ratio."""
        self.sum += self.network.parameters.gradients
        gradients = (layer.kernel_gradient.reshape(-1) for layer in self.network.layers)
        self.squares.append([float(g @ g) for g in gradients])

    def signal_to_noise(self, step: float) -> None:
        """Of the gradients counted since the last time."""
        if len(self.squares) > 1:
            for layer, squares in zip(
                self.network.layers, zip(*self.squares, strict=True), strict=True
            ):
                mean = statistics.norm(self.network.parameters.view(layer.key, self.sum))
                snr = _signal_to_noise(mean / len(squares), sum(squares), len(squares))
                if snr is not None:
                    self.add("gradient_snr", layer.name, step, snr)
        self.sum[:] = 0
        self.squares.clear()

    def _add(self, scope: str, step: float, found: Iterable[statistics.Statistic]) -> None:
        for quantity, value in found:
            self.add(quantity, scope, step, value)


def _signal_to_noise(mean: float, squares: float, count: int) -> float | None:
    """Norm of the mean over norm of the standard deviation, unbiased; None without noise."""
    noise = (squares - count * mean * mean) / (count - 1)
    if noise <= 1e-12 * squares:
        return None
    return sqrt(max(0.0, mean * mean - noise / count) / noise) if isfinite(noise) else nan
