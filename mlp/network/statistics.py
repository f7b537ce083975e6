"""Numbers that describe a layer's arrays, each array read as few times as it takes.

Norms and sums go through BLAS (a matrix times a vector of ones is a sum), which reads memory about
twice as fast as numpy's reductions. A spread computed from sums of squares loses all digits where
it is small against the mean; it is then computed again the slow way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.network.activations import Activation, Array

Statistic = tuple[str, float]


@dataclass(frozen=True)
class Digits:
    """What a precision can tell apart."""

    eps: float
    least_square: float
    """A sum of squares below this has lost digits to underflow."""

    @property
    def cancels(self) -> float:
        """Below this share of the mean square, a variance from sums of squares is rounding."""
        return sqrt(self.eps)


DIGITS = {
    np.dtype(kind): Digits(float(np.finfo(kind).eps), float(np.finfo(kind).tiny) * 1e16)
    for kind in (np.float32, np.float64)
}


def norm(x: Array) -> float:
    """Euclidean norm, also where the squares are too large or too small to be numbers."""
    flat = x.reshape(-1)
    squares = float(flat @ flat)
    if DIGITS[x.dtype].least_square < squares < inf:
        return sqrt(squares)
    largest = float(np.abs(flat).max()) if squares == squares else nan
    if largest == 0 or not isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(flat / largest))


def nonfinite_share(x: Array, total: float) -> float:
    """Share of numbers that are not finite; none, if a norm or sum of all of them is."""
    return 0.0 if isfinite(total) else 1 - np.count_nonzero(np.isfinite(x)) / x.size


def of_weights(kernel: Array, ones: Array) -> Iterator[Statistic]:
    """`ones` has the length of the kernel's rows or more."""
    size, length = norm(kernel), kernel.size
    mean = float(np.add.reduce(ones[: len(kernel)] @ kernel)) / length
    least, largest = float(kernel.min()), float(kernel.max())
    yield "weight_norm", size
    yield "weight_mean", mean
    yield "weight_std", _spread(kernel, size * size / length, mean, largest - least)
    yield "weight_max", max(largest, -least)
    yield "weight_nonfinite_share", nonfinite_share(kernel, size)


def _spread(x: Array, mean_square: float, mean: float, extent: float) -> float:
    if extent == 0:
        return 0.0
    variance = mean_square - mean * mean
    return sqrt(variance) if variance > DIGITS[x.dtype].cancels * mean_square else float(x.std())


def of_gradient(gradient: Array, zeros: NDArray[np.bool_]) -> Iterator[Statistic]:
    """`zeros` is room for as many truth values as the gradient has numbers, or more."""
    size = norm(gradient)
    room = zeros[: gradient.size]
    np.equal(gradient.reshape(-1), 0, out=room)
    yield "gradient_norm", size
    yield "gradient_zero_share", np.count_nonzero(room) / gradient.size
    yield "gradient_nonfinite_share", nonfinite_share(gradient, size)


def of_activations(active: Array, function: Activation | None, ones: Array) -> Iterator[Statistic]:
    """Of a layer's output (samples, units) on the probe batch; `function` as far as it is known.

    Where a number is not finite, shares of units cannot be told and are NaN.
    """
    samples, units = active.shape
    means = ones[:samples] @ active / samples
    squares = np.einsum("ij,ij->j", active, active) / samples
    mean, mean_square = (float(np.add.reduce(m)) / units for m in (means, squares))
    low, high = float(active.min()), float(active.max())
    still, silent, spread = _units(active, means, squares)
    known = 1.0 if isfinite(mean_square) else nan
    yield "activation_mean", mean
    yield "activation_std", _spread(active, mean_square, mean, high - low)
    yield "activation_rms", sqrt(mean_square)
    yield "activation_min", low
    yield "activation_max", high
    yield "activation_sample_std", spread
    yield "activation_nonfinite_share", nonfinite_share(active, mean_square)
    yield "constant_share", known * still / units
    if function and function.rectifies:
        yield "dead_share", known * silent / units
    if function and function.flat:
        bottom, top = function.flat
        inside = np.count_nonzero((active >= bottom) & (active <= top))
        yield "saturated_share", known * (1 - inside / active.size)


def _units(active: Array, means: Array, squares: Array) -> tuple[int, int, float]:
    """How many units do not vary (but for rounding), how many are zero, and the mean spread.

    The spread is a unit's standard deviation over the samples. Only units whose variance looks
    like nothing are looked at closely.
    """
    digits = DIGITS[active.dtype]
    variances = squares - means * means
    doubtful = variances <= digits.cancels * squares
    still = silent = 0
    if np.count_nonzero(doubtful):
        columns = active[:, doubtful]
        least, largest = columns.min(axis=0), columns.max(axis=0)
        size, extent = np.maximum(largest, -least), largest - least
        still = int(np.count_nonzero(extent <= 8 * digits.eps * size))
        silent = int(np.count_nonzero(size == 0))
        moving = np.count_nonzero(extent)
        variances[doubtful] = columns.var(axis=0) * (extent > 0) if moving else 0
    return still, silent, float(np.add.reduce(np.sqrt(variances))) / len(variances)
