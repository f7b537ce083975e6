"""Output activations, losses, and what is known of each pair of them.

A pair that belongs together is computed from the logits and never overflows. Any other pair is
computed as a plain program would: first the output, clipped to [1e-7, 1 - 1e-7] before a logarithm
is taken, and no slope flows where it was clipped. So wrong pairs fail here as they do elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.network.activations import ACTIVATIONS, Array, sigmoid

CLIP = 1e-7


@dataclass(frozen=True)
class Loss:
    """Losses (samples,) of outputs (samples, units), and the slope of each, (samples, units)."""

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    sides: Callable[[Array, Array], NDArray[np.bool_]] | None = None
    """Changes where the slope has a jump."""


def softmax(z: Array) -> Array:
    exponential = np.exp(z - z.max(axis=1, keepdims=True))
    shares: Array = exponential / exponential.sum(axis=1, keepdims=True)
    return shares


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    logarithms: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logarithms


def _mean(losses: Array) -> Array:
    """Over the units."""
    mean: Array = losses.mean(axis=1)
    return mean


def _inside(p: Array) -> NDArray[np.bool_]:
    return (p > CLIP) & (p < 1 - CLIP)


def _clipped(p: Array) -> Array:
    return np.clip(p, CLIP, 1 - CLIP)


def _binary(p: Array, y: Array) -> Array:
    p = _clipped(p)
    return -_mean(y * np.log(p) + (1 - y) * np.log1p(-p))


def _binary_slope(p: Array, y: Array) -> Array:
    q = _clipped(p)
    slope: Array = (q - y) / (q * (1 - q)) * _inside(p) / p.shape[1]
    return slope


def _binary_logits(z: Array, y: Array) -> Array:
    return _mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


def _huber(o: Array, y: Array) -> Array:
    distance = np.abs(o - y)
    return _mean(np.where(distance < 1, 0.5 * distance**2, distance - 0.5))


CROSS_ENTROPY_FROM_LOGITS = Loss(
    lambda z, y: -(y * _log_softmax(z)).sum(axis=1),
    lambda z, y: softmax(z) * y.sum(axis=1, keepdims=True) - y,
)
BINARY_FROM_LOGITS = Loss(_binary_logits, lambda z, y: (sigmoid(z) - y) / z.shape[1])

LOSSES = {
    "cross_entropy": Loss(
        lambda p, y: -(y * np.log(_clipped(p))).sum(axis=1),
        lambda p, y: -y / _clipped(p) * _inside(p),
        sides=lambda p, y: _inside(p),
    ),
    "cross_entropy_from_logits": CROSS_ENTROPY_FROM_LOGITS,
    "binary_cross_entropy": Loss(_binary, _binary_slope, sides=lambda p, y: _inside(p)),
    "binary_cross_entropy_from_logits": BINARY_FROM_LOGITS,
    "mse": Loss(lambda o, y: _mean((o - y) ** 2), lambda o, y: 2 * (o - y) / o.shape[1]),
    "mae": Loss(
        lambda o, y: _mean(np.abs(o - y)),
        lambda o, y: np.sign(o - y) / o.shape[1],
        sides=lambda o, y: o > y,
    ),
    "huber": Loss(_huber, lambda o, y: np.clip(o - y, -1, 1) / o.shape[1]),
}
"""Losses of the output. Regression losses are means over the units."""

FROM_LOGITS = {
    ("softmax", "cross_entropy"): CROSS_ENTROPY_FROM_LOGITS,
    ("sigmoid", "binary_cross_entropy"): BINARY_FROM_LOGITS,
}
"""Pairs that belong together, as losses of the logits."""


@dataclass(frozen=True)
class Objective:
    """What the last pre-activation is turned into, and how that is judged."""

    output: str
    loss: str
    classes: int = 2

    @property
    def stable(self) -> Loss | None:
        return FROM_LOGITS.get((self.output, self.loss))

    def apply(self, z: Array) -> Array:
        """The network's output."""
        return softmax(z) if self.output == "softmax" else ACTIVATIONS[self.output].function(z)

    def losses(self, z: Array, y: Array) -> Array:
        """The loss of each sample, without any penalty."""
        if self.stable:
            return self.stable.value(z, y)
        return LOSSES[self.loss].value(self.apply(z), y)

    def delta(self, z: Array, y: Array) -> Array:
        """The slope of the mean loss at the last pre-activation, (samples, units)."""
        if self.stable:
            return self.stable.slope(z, y) / len(z)
        output = self.apply(z)
        return self._back(z, output, LOSSES[self.loss].slope(output, y) / len(z))

    def _back(self, z: Array, output: Array, slope: Array) -> Array:
        if self.output == "softmax":
            along: Array = (slope * output).sum(axis=1, keepdims=True)
            return output * (slope - along)
        return slope * ACTIVATIONS[self.output].slope(z, output)

    def sides(self, z: Array, y: Array) -> NDArray[np.bool_]:
        """Where the last pre-activation lies with regard to jumps of the slope."""
        sides = None if self.stable else LOSSES[self.loss].sides
        kink = self.output != "softmax" and ACTIVATIONS[self.output].kink
        parts = [z > 0] if kink else []
        return np.concatenate(
            [*parts, *([sides(self.apply(z), y)] if sides else [])] or [z[:0] > 0]
        )

    def correct(self, z: Array, y: Array) -> NDArray[np.bool_]:
        """Which samples are put into the right class."""
        if y.shape[1] > 1:
            right: NDArray[np.bool_] = z.argmax(axis=1) == y.argmax(axis=1)
            return right
        zero = self.output == "tanh" or (self.output == "linear" and "from_logits" in self.loss)
        nearest = np.ceil(self.apply(z) - (0 if zero else 0.5))
        guess: NDArray[np.bool_] = np.clip(nearest, 0, self.classes - 1) == y
        return guess[:, 0]
