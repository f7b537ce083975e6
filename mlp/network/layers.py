"""Layers: a product with weights, and what may follow it, forward and backward."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from traindx.mlp.network.activations import ACTIVATIONS, Activation, Array

EPSILON = 1e-5
MOMENTUM = 0.9
"""Of the running statistics of batch normalization, per training step."""


class Parameters:
    """All numbers of a network that are learned, in one array, and their gradients in another.

    `kernels` is the part of both that holds the kernels: they come first.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], precision: str) -> None:
        """Shapes by name, kernels first: `dense_1/kernel`, ..., `dense_1/bias`, ..."""
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())])
        self.shapes = dict(shapes)
        self.places = {
            name: slice(int(a), int(b)) for name, a, b in zip(shapes, ends, ends[1:], strict=False)
        }
        self.values: Array = np.zeros(ends[-1], precision)
        self.gradients: Array = np.zeros(ends[-1], precision)
        last = max(p.stop for name, p in self.places.items() if name.endswith("/kernel"))
        self.kernels = slice(0, last)

    def view(self, name: str, of: Array | None = None) -> Array:
        """One tensor, as a window on `values` (or another array like it)."""
        whole = self.values if of is None else of
        return whole[self.places[name]].reshape(self.shapes[name])

    def gradient(self, name: str) -> Array:
        return self.view(name, self.gradients)

    def __contains__(self, name: str) -> bool:
        return name in self.places


class Normalization(Protocol):
    """Brings pre-activations (samples, units) to a common mean and spread."""

    def forward(self, z: Array, training: bool) -> Array: ...
    def backward(self, delta: Array) -> Array: ...
    @property
    def state(self) -> tuple[Array, ...]: ...


class BatchNormalization:
    """Over the samples of a batch (Ioffe and Szegedy 2015); running means in evaluation."""

    def __init__(self, name: str, parameters: Parameters) -> None:
        self.gamma, self.beta = (parameters.view(f"{name}/{p}") for p in ("gamma", "beta"))
        self.slopes = tuple(parameters.gradient(f"{name}/{p}") for p in ("gamma", "beta"))
        self.gamma[:] = 1
        self.mean, self.variance = np.zeros_like(self.gamma), np.ones_like(self.gamma)

    @property
    def state(self) -> tuple[Array, ...]:
        return self.mean, self.variance

    def forward(self, z: Array, training: bool) -> Array:
        mean, variance = (z.mean(axis=0), z.var(axis=0)) if training else self.state
        if training:
            self.mean += (1 - MOMENTUM) * (mean - self.mean)
            self.variance += (1 - MOMENTUM) * (variance - self.variance)
        self.scale: Array = 1 / np.sqrt(variance + EPSILON)
        self.normal: Array = (z - mean) * self.scale
        out: Array = self.gamma * self.normal + self.beta
        return out

    def backward(self, delta: Array) -> Array:
        return _back(self, delta, axis=0)


class LayerNormalization:
    """Over the units of a sample (Ba et al. 2016)."""

    def __init__(self, name: str, parameters: Parameters) -> None:
        self.gamma, self.beta = (parameters.view(f"{name}/{p}") for p in ("gamma", "beta"))
        self.slopes = tuple(parameters.gradient(f"{name}/{p}") for p in ("gamma", "beta"))
        self.gamma[:] = 1

    @property
    def state(self) -> tuple[Array, ...]:
        return ()

    def forward(self, z: Array, training: bool) -> Array:
        self.scale: Array = 1 / np.sqrt(z.var(axis=1, keepdims=True) + EPSILON)
        self.normal: Array = (z - z.mean(axis=1, keepdims=True)) * self.scale
        out: Array = self.gamma * self.normal + self.beta
        return out

    def backward(self, delta: Array) -> Array:
        return _back(self, delta, axis=1)


def _back(norm: BatchNormalization | LayerNormalization, delta: Array, axis: int) -> Array:
    """Through (z - mean) / std, where mean and std depend on z along the axis."""
    gamma, beta = norm.slopes
    np.einsum("ij,ij->j", delta, norm.normal, out=gamma)
    np.sum(delta, axis=0, out=beta)
    delta = delta * norm.gamma
    along = (delta * norm.normal).mean(axis=axis, keepdims=True)
    back: Array = norm.scale * (delta - delta.mean(axis=axis, keepdims=True) - norm.normal * along)
    return back


NORMALIZATIONS: dict[str, type[BatchNormalization] | type[LayerNormalization]] = {
    "batch": BatchNormalization,
    "layer": LayerNormalization,
}


@dataclass(eq=False)
class Layer:
    """Dense, then normalization, activation, dropout and shortcut, as far as it has them.

    After `forward` and `backward` it holds what they met: `input`, `pre` (what the activation
    got), `active` (what it made of it) and `delta` (the slope of the loss at input @ kernel).
    """

    name: str
    parameters: Parameters
    activation: str
    normalization: str | None = None
    dropout: float = 0.0
    shortcut: bool = False

    def __post_init__(self) -> None:
        p, bias = self.parameters, f"{self.name}/bias"
        self.kernel, self.kernel_gradient = p.view(self.key), p.gradient(self.key)
        self.bias = p.view(bias) if bias in p else None
        self.bias_gradient = p.gradient(bias) if bias in p else None
        kind = NORMALIZATIONS.get(self.normalization or "")
        self.norm: Normalization | None = kind(self.name, p) if kind else None
        self.function: Activation = ACTIVATIONS[self.activation]

    @property
    def key(self) -> str:
        return f"{self.name}/kernel"

    def forward(self, x: Array, training: bool, rng: np.random.Generator | None) -> Array:
        """What leaves the layer; units are dropped only in training, and with a generator."""
        self.input, z = x, x @ self.kernel
        if self.bias is not None:
            z += self.bias
        self.pre = self.norm.forward(z, training) if self.norm else z
        self.active = out = self.function.function(self.pre)
        self.mask: Array | None = None
        if training and rng is not None and self.dropout:
            kept = rng.random(out.shape) >= self.dropout
            self.mask = (kept / (1 - self.dropout)).astype(out.dtype, copy=False)
            out = out * self.mask
        return out + x if self.shortcut else out

    def backward(self, slope: Array, first: bool = False) -> Array | None:
        """The slope at the layer's input (for the first layer nobody needs it)."""
        delta = slope if self.mask is None else slope * self.mask
        if self.activation != "linear":
            delta = delta * self.function.slope(self.pre, self.active)
        if self.norm:
            delta = self.norm.backward(delta)
        self.delta = delta
        np.matmul(self.input.T, delta, out=self.kernel_gradient)
        if self.bias_gradient is not None:
            np.add.reduce(delta, axis=0, out=self.bias_gradient)
        if first:
            return None
        back = delta @ self.kernel.T
        return back + slope if self.shortcut else back

    def states(self) -> Iterator[Array]:
        """What changes in training without being learned."""
        yield from self.norm.state if self.norm else ()
