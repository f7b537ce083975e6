"""Initial weights: the spread that each initializer asks for, and the draw."""

from collections.abc import Callable
from math import sqrt

import numpy as np

from traindx.mlp.network.activations import Array
from traindx.mlp.network.spec import Initializer

SPREADS: dict[str, Callable[[Initializer, int, int], float]] = {
    "he": lambda i, fan_in, fan_out: sqrt(2 / fan_in),
    "xavier": lambda i, fan_in, fan_out: sqrt(2 / (fan_in + fan_out)),
    "lecun": lambda i, fan_in, fan_out: sqrt(1 / fan_in),
    "orthogonal": lambda i, fan_in, fan_out: sqrt(1 / max(fan_in, fan_out)),
    "constant": lambda i, fan_in, fan_out: 0.0,
    "normal": lambda i, fan_in, fan_out: i.std,
    "uniform": lambda i, fan_in, fan_out: i.limit / sqrt(3),
}
"""Standard deviation by initializer (He et al. 2015, Glorot and Bengio 2010, LeCun et al. 1998)."""


def spread(initializer: Initializer, fan_in: int, fan_out: int) -> float:
    """The standard deviation asked for."""
    return initializer.scale * SPREADS[initializer.name](initializer, fan_in, fan_out)


def draw(initializer: Initializer, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A kernel of shape (fan_in, fan_out)."""
    fan_in, fan_out = shape
    if initializer.name == "constant":
        return np.full(shape, initializer.scale * initializer.value)
    if initializer.name == "uniform":
        return initializer.scale * rng.uniform(-initializer.limit, initializer.limit, shape)
    if initializer.name == "orthogonal":
        return initializer.scale * _orthogonal(fan_in, fan_out, rng)
    return spread(initializer, fan_in, fan_out) * rng.standard_normal(shape)


def _orthogonal(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Orthonormal rows or columns, whichever are fewer (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q *= np.sign(np.diag(r))  # makes the draw uniform
    return q if fan_in >= fan_out else q.T
