"""Activations of hidden layers, each with its slope."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Numbers of a network; those of a float32 network too, which only running tells apart."""

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Fixed point of mean 0 and variance 1 (Klambauer et al. 2017)."""
GELU_SCALE, GELU_CUBIC = 0.7978845608028654, 0.044715
"""The tanh form of GELU (Hendrycks and Gimpel 2016); the first is sqrt(2/pi)."""


@dataclass(frozen=True)
class Activation:
    """A function of the pre-activation z, and its slope given z and the function's value."""

    function: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    kink: bool = False
    """Whether the slope jumps at zero."""
    rectifies: bool = False
    """Whether it belongs to the relu family, where a unit can die."""
    flat: tuple[float, float] | None = None
    """Below the first and above the second value of a bounded function, its slope is under a fifth
    of the steepest (the same place for tanh and sigmoid)."""
    initializer: str = "xavier"
    """The one that keeps the size of the signal."""


def sigmoid(z: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * z))  # no exponential that could overflow


def _step(z: Array, a: Array) -> Array:
    return (z > 0).astype(z.dtype)


def _gelu_tanh(z: Array) -> Array:
    return np.tanh(GELU_SCALE * z * (1 + GELU_CUBIC * z * z))


def _gelu_slope(z: Array, a: Array) -> Array:
    t = _gelu_tanh(z)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBIC * z * z)


def _elu(z: Array) -> Array:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _selu(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))


def _selu_slope(z: Array, a: Array) -> Array:
    return np.where(z > 0, SELU_SCALE, a + SELU_SCALE * SELU_ALPHA).astype(z.dtype, copy=False)


ACTIVATIONS = {
    "relu": Activation(
        lambda z: np.maximum(z, 0), _step, kink=True, rectifies=True, initializer="he"
    ),
    "leaky_relu": Activation(
        lambda z: np.maximum(z, 0.01 * z),
        lambda z, a: np.where(z > 0, z.dtype.type(1), z.dtype.type(0.01)),
        kink=True,
        rectifies=True,
        initializer="he",
    ),
    "elu": Activation(
        _elu, lambda z, a: np.where(z > 0, z.dtype.type(1), a + 1), rectifies=True, initializer="he"
    ),
    "selu": Activation(_selu, _selu_slope, kink=True, rectifies=True, initializer="lecun"),
    "gelu": Activation(
        lambda z: 0.5 * z * (1 + _gelu_tanh(z)), _gelu_slope, rectifies=True, initializer="he"
    ),
    "softplus": Activation(lambda z: np.logaddexp(0, z), lambda z, a: sigmoid(z), initializer="he"),
    "tanh": Activation(np.tanh, lambda z, a: 1 - a * a, flat=(-0.9, 0.9)),
    "sigmoid": Activation(sigmoid, lambda z, a: a * (1 - a), flat=(0.05, 0.95)),
    "linear": Activation(lambda z: z, lambda z, a: np.ones_like(z)),
}
