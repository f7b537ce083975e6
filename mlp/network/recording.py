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
from collections.abc import Iterable, Mapping, Sequence
from math import hypot, isfinite, nan, sqrt

import numpy as np

from traindx.mlp.history import Name, Series
from traindx.mlp.network.activations import ACTIVATIONS, Activation, Array
from traindx.mlp.network.layers import Layer
from traindx.mlp.network.network import MLP
from traindx.mlp.tensors import Kernels, Output, Outputs, norm, norms

PROBE = 96, 256, 32
"""Fewest and most samples of the probe batch, and the part of all between them."""
SNR_BATCHES = 3


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
        self.x_rms = _rms(self.x)
        layers, precision = network.layers, network.spec.precision
        self.kernels = Kernels(layer.kernel.shape for layer in layers)
        self.biased = [layer for layer in layers if layer.bias is not None]
        self.outputs = Outputs(len(self.x), network.sizes[1:], precision)
        self.sum = np.empty_like(network.parameters.values)
        self.squares: list[list[float]] = []
        self.weight_norms: list[float] = []

    def probe(self, step: float) -> None:
        """Weights, and the probe batch's loss and activations."""
        z = self.network.forward(self.x)
        losses = self.network.objective.losses(z, self.y)
        self.add("probe_loss", "train", step, float(losses.mean()) + self.network.penalty())
        self.layers(step, self.network.objective.apply(z))

    def layers(self, step: float, out: Array) -> None:
        """Weights and activations, after a forward pass of the probe batch; `out` is the output."""
        layers = self.network.layers
        weights = self.kernels.weights(self.network.parameters.values)
        actives = [*(layer.active for layer in layers[:-1]), out]
        outputs = self.outputs.measures(actives)
        self._inputs(step, outputs)
        for layer, found, active, output in zip(layers, weights, actives, outputs, strict=True):
            self._add(layer.name, step, found)
            self._add(layer.name, step, output.activation())
            self._add(layer.name, step, _shares(active, output, self._function(layer)))
        self._norms("bias_norm", step, self.biased, (layer.bias for layer in self.biased))
        self.weight_norms = [found["weight_norm"] for found in weights]

    def _inputs(self, step: float, outputs: list[Output]) -> None:
        rms, left = self.x_rms, self.x
        for layer, output in zip(self.network.layers, outputs, strict=True):
            found = rms if layer.input is left else _rms(layer.input)
            self.add("input_rms", layer.name, step, found)
            rms, left = output.rms, layer.active

    def _function(self, layer: Layer) -> Activation | None:
        output = ACTIVATIONS.get(self.network.objective.output)
        return output if layer.name == "output" else layer.function

    def gradients(self, step: float) -> None:
        """After the backward pass of a training step, before anything is done to the gradients."""
        layers, gradients = self.network.layers, self.network.parameters.gradients
        kernels = self.kernels.gradients(gradients)
        for layer, found in zip(layers, kernels, strict=True):
            self._add(layer.name, step, found)
        self._norms("delta_norm", step, layers, (layer.delta for layer in layers))
        biases = (layer.bias_gradient for layer in self.biased)
        self._norms("bias_gradient_norm", step, self.biased, biases)
        others = norms([gradients[self.kernels.whole.stop :]])
        total = hypot(*others, *(found["gradient_norm"] for found in kernels))
        self.add("gradient_norm", "", step, total)

    def updates(self, step: float, update: Array) -> None:
        """After `probe` of the same epoch; `update` is what the recorded step took off."""
        sizes = zip(self.kernels.norms(update), self.weight_norms, strict=True)
        for layer, (size, weight) in zip(self.network.layers, sizes, strict=True):
            self.add("update_norm", layer.name, step, size)
            if weight:
                self.add("update_ratio", layer.name, step, size / weight)

    def sample_gradient(self) -> None:
        """Count this step's gradient towards the signal-to-noise ratio."""
        gradients = self.network.parameters.gradients
        # The squares first, while the gradients are where the backward pass left them.
        kernels = (gradients[place] for place in self.kernels.places)
        squares = [float(np.dot(kernel, kernel)) for kernel in kernels]
        if self.squares:
            self.sum += gradients
        else:
            self.sum[:] = gradients
        self.squares.append(squares)

    def signal_to_noise(self, step: float) -> None:
        """Of the gradients counted since the last time."""
        count = len(self.squares)
        if count > 1:
            sizes = zip(self.kernels.norms(self.sum), zip(*self.squares, strict=True), strict=True)
            for layer, (mean, squares) in zip(self.network.layers, sizes, strict=True):
                snr = _signal_to_noise(mean / count, sum(squares), count)
                if snr is not None:
                    self.add("gradient_snr", layer.name, step, snr)
        self.squares.clear()

    def _norms(
        self, quantity: str, step: float, layers: Sequence[Layer], arrays: Iterable[Array | None]
    ) -> None:
        sizes = norms(array for array in arrays if array is not None)
        for layer, size in zip(layers, sizes, strict=True):
            self.add(quantity, layer.name, step, size)

    def _add(self, scope: str, step: float, found: Mapping[str, float]) -> None:
        points = self.points
        for quantity, value in found.items():
            points[quantity, scope].append((step, value))


def _rms(x: Array) -> float:
    return norm(x) / sqrt(x.size)


def _shares(active: Array, output: Output, function: Activation | None) -> dict[str, float]:
    """What is known of a relu and of a bounded function; NaN if a number is not finite."""
    if function and function.rectifies:
        return {"dead_share": output.zero_share}
    if function and function.flat:
        bottom, top = function.flat
        inside = np.count_nonzero((active >= bottom) & (active <= top))
        known = isfinite(output.rms)
        return {"saturated_share": 1 - inside / active.size if known else nan}
    return {}


def _signal_to_noise(mean: float, squares: float, count: int) -> float | None:
    """Norm of the mean over norm of the standard deviation, unbiased; None without noise."""
    noise = (squares - count * mean * mean) / (count - 1)
    if noise <= 1e-12 * squares:
        return None
    return sqrt(max(0.0, mean * mean - noise / count) / noise) if isfinite(noise) else nan
