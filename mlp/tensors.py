"""What a probe measures on the arrays of a network: plain functions from arrays to numbers.

All are scale-free where the quantity is. NaN is never health: what is not finite is counted, and a
share that cannot be told is NaN, never 0. An array may be of any shape and real dtype.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, nan, prod, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.floating]
Bounds = tuple[float, float]
Counts = tuple[int, int]

FEWEST = 8
"""With fewer samples a healthy ReLU unit is off in all of them too often: 2**-samples."""
SLOPE = 0.1
"""A bounded activation is flat where its slope is below this share of its steepest."""


class NotNumbers(ValueError):
    """An array that cannot be measured; says what it is and what was wanted."""


@dataclass(frozen=True)
class Digits:
    """What a precision can tell apart."""

    eps: float
    least_square: float
    """A sum of squares below this has lost digits to underflow."""
    ones: Real
    """A matrix times a vector of ones is a sum: it reads memory twice as fast as np.sum."""

    @property
    def cancels(self) -> float:
        """Below this share of the mean square, a variance from sums of squares is not exact.

        Above it, at most a quarter of the digits are lost: 1e-12 of it in float64.
        """
        return sqrt(sqrt(self.eps))


DIGITS = {
    np.dtype(kind): Digits(
        float(np.finfo(kind).eps), float(np.finfo(kind).tiny) * 1e16, np.ones(256, kind)
    )
    for kind in (np.float32, np.float64)
}


def norm(array: ArrayLike) -> float:
    """Euclidean norm of all entries, without overflow or underflow (1e-200 to 1e200 are exact).

    Infinity or NaN if any entry is.
    """
    with np.errstate(all="ignore"):
        return _norm(_flat(array))


def norms(arrays: Iterable[Real]) -> list[float]:
    """`norm` of each of several arrays of float32 or float64."""
    with np.errstate(all="ignore"):
        return [_norm(array.reshape(-1)) for array in arrays]


def global_norm(arrays: Iterable[ArrayLike | None] | ArrayLike) -> float:
    """Norm over several arrays (or of one); None, a parameter without gradient, counts nothing."""
    return norm(np.array([norm(array) for array in several(arrays)] or [0.0]))


def nonfinite_share(array: ArrayLike) -> float:
    """Share of entries that are NaN or infinite."""
    flat = _flat(array)
    with np.errstate(all="ignore"):
        if np.isfinite(np.dot(flat, flat)):
            return 0.0
    return float(1 - np.count_nonzero(np.isfinite(flat)) / len(flat))


def zero_share(array: ArrayLike) -> float:
    """Share of entries that are exactly zero; NaN if any is not finite."""
    flat = _flat(array)
    share = float(np.count_nonzero(flat == 0) / len(flat))
    return share if nonfinite_share(flat) == 0 else float("nan")


def update_ratio(update: ArrayLike, weights: ArrayLike) -> float:
    """norm(update) / norm(weights); infinite where weights are zero and the update is not."""
    moved, size = norm(update), norm(weights)
    if size == 0:
        return float("inf") if moved > 0 else 0.0 * moved
    return moved / size


def dead_share(outputs: ArrayLike, channels_last: bool = True) -> float:
    """Share of units of the ReLU family that are active for no sample.

    `outputs` has the shape (samples, units), or for a convolution (samples, height, width,
    channels), or (samples, channels, height, width) with `channels_last=False`.
    A leaky unit is dead when it is negative for every sample. NaN if there are fewer than eight
    samples (and positions), or if no unit is finite.
    """
    units = by_unit(outputs, channels_last)
    return _dead(len(units), units.max(axis=0))


def constant_share(outputs: ArrayLike, channels_last: bool = True) -> float:
    """Share of units that give the same for every sample (to rounding); NaN as `dead_share`."""
    units = by_unit(outputs, channels_last)
    return _constant(len(units), units.min(axis=0), units.max(axis=0))


def saturated_share(outputs: ArrayLike, activation: str) -> float | None:
    """Share of (sample, unit) outputs where the activation is flat; None if it is unbounded.

    Flat is where the slope is less than a tenth of its steepest: |tanh| > .949, sigmoid outside of
    .026 to .974. An entry that is not finite is neither flat nor steep and is left out.
    """
    flat_parts = FLAT.get(activation)
    if flat_parts is None:
        return None
    values = _flat(outputs)
    share = float(np.count_nonzero(flat_parts(values)) / len(values))
    lost = nonfinite_share(values)
    return share if lost == 0 else _finite_saturated(values, flat_parts)


def sample_std(outputs: ArrayLike) -> float:
    """Standard deviation over samples, averaged over units: 0 if the input does not matter."""
    array = _real(outputs)
    samples = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    # Against the first sample: what is constant becomes exactly zero, and no digits are lost.
    with np.errstate(all="ignore"):
        apart = samples - samples[0]
        mean = np.ones(len(apart), apart.dtype) @ apart / len(apart)
        square = np.einsum("ij,ij->j", apart, apart) / len(apart) - mean**2
    return float(np.sqrt(np.maximum(square, 0)).mean())


def by_unit(outputs: ArrayLike, channels_last: bool = True) -> Real:
    """Outputs as (samples and positions, units)."""
    array = _real(outputs)
    if array.ndim < 2:
        return array.reshape(-1, 1)
    if array.ndim > 2 and not channels_last:
        array = np.moveaxis(array, 1, -1)
    return array.reshape(-1, array.shape[-1])


def fans(shape: Sequence[int], output_axis: int = -1) -> tuple[int, int]:
    """(fan_in, fan_out) of a kernel.

    `output_axis` is -1 for (in, out) and (height, width, in, out), 0 for torch's (out, in) and
    (out, in, height, width). Raises NotNumbers for fewer than two axes: a bias has no fan.
    """
    if len(shape) < 2:
        raise NotNumbers(f"a kernel has two axes or more, not the shape {tuple(shape)}")
    input_axis = 1 if output_axis == 0 else -2
    size = int(np.prod(shape))
    return size // max(1, shape[output_axis]), size // max(1, shape[input_axis])


def expected_std(activation: str | None, fan_in: float, fan_out: float) -> float:
    """The initial standard deviation that keeps the signal's size through this activation.

    sqrt(2 / fan_in) for the ReLU family (He et al. 2015), sqrt(1 / fan_in) for SELU (LeCun et al.
    1998, Klambauer et al. 2017), else sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010).
    """
    if activation == "selu":
        return sqrt(1 / fan_in)
    rectified = activation in (
        "relu",
        "relu6",
        "leaky_relu",
        "prelu",
        "elu",
        "gelu",
        "silu",
        "mish",
    )
    return sqrt(2 / fan_in) if rectified else sqrt(2 / (fan_in + fan_out))


def scale_ratio(std: float, fan_in: float, fan_out: float) -> float:
    """How far an initial spread lies outside of what He, Xavier and LeCun give; 1 if within.

    Torch's default for linear layers, sqrt(1 / (3 fan_in)), counts as usual too.
    """
    least = sqrt(min(1 / (3 * fan_in), 2 / (fan_in + fan_out)))
    largest = sqrt(2 / fan_in)
    return std / least if std < least else std / largest if std > largest else 1.0


def depth_statistic(gradients: Sequence[ArrayLike], inputs: Sequence[ArrayLike]) -> Real:
    """norm(dW_l) / norm(A_(l-1)) of each layer: the learning signal, whatever width and input.

    `gradients` are the kernels' gradients and `inputs` what entered those layers, first to last.
    NaN where a layer's input is zero. Raises NotNumbers if the two are not equally many.
    """
    if len(gradients) != len(inputs):
        raise NotNumbers(f"{len(gradients)} gradients but {len(inputs)} layer inputs; one of each")
    above = np.array([norm(gradient) for gradient in gradients])
    below = np.array([norm(entered) for entered in inputs])
    signal: Real = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return signal


def gradient_snr(batches: ArrayLike) -> float:
    """norm of the true gradient / norm of one batch's noise, from several batches' gradients.

    `batches` has the shape (batches, ...), all at the same weights. The noise left in the mean is
    taken off (its expected square is the variance over the number of batches). NaN below two
    batches; infinite if they agree exactly.
    """
    rows = _real(batches)
    rows = rows.reshape(len(rows), -1) if rows.ndim else rows.reshape(1, 1)
    if len(rows) < 2:
        return float("nan")
    scale = float(np.abs(rows).max()) or 1.0
    mean = rows.mean(axis=0) / scale
    noise = float(((rows / scale - mean) ** 2).sum()) / (len(rows) - 1)
    signal = max(0.0, float(mean @ mean) - noise / len(rows))
    if noise == 0:
        return float("inf") if signal > 0 else 0.0
    return float(np.sqrt(signal / noise))


def symmetric_share(weights: ArrayLike, output_axis: int = -1) -> float:
    """Share of units whose incoming weights are those of another unit; NaN if not finite."""
    kernel = np.moveaxis(_real(weights), output_axis, -1) if np.ndim(weights) > 1 else None
    if kernel is None or kernel.shape[-1] < 2:
        return 0.0
    columns = kernel.reshape(-1, kernel.shape[-1])
    # A fixed random direction tells different columns apart with certainty for all that matters.
    marks = np.sort(np.random.default_rng(0).standard_normal(len(columns)) @ columns)
    if not np.isfinite(marks).all():
        return float("nan")
    near = np.diff(marks) <= 1e-12 * max(float(np.abs(marks).max()), np.finfo(float).tiny)
    return float(np.mean(np.append(near, False) | np.append(False, near)))


def weight_measures(weights: ArrayLike) -> dict[str, float]:
    """weight_norm, weight_mean, weight_std, weight_max and weight_nonfinite_share of a kernel."""
    flat = _flat(weights)
    with np.errstate(all="ignore"):
        return _weights(flat, _bounds(flat))


def gradient_measures(gradient: ArrayLike) -> dict[str, float]:
    """gradient_norm, gradient_zero_share and gradient_nonfinite_share of a kernel's gradient."""
    flat = _flat(gradient)
    with np.errstate(all="ignore"):
        return _gradient(flat, int(np.count_nonzero(flat == 0)))


def activation_measures(
    outputs: ArrayLike, activation: str | None = None, channels_last: bool = True
) -> dict[str, float]:
    """All `activation_*` quantities of a layer's output, its dead, constant and saturated share."""
    units = by_unit(outputs, channels_last)
    samples, width = units.shape
    (found,) = Outputs(samples, [width], units.dtype).measures([units])
    measures = found.activation()
    if np.ndim(outputs) > 2:
        measures["activation_sample_std"] = sample_std(outputs)
    whole = isfinite(found.rms)
    measures["constant_share"] = found.constant_share if whole else constant_share(units)
    if samples < 2:
        measures["constant_share"] = nan
    if activation is None or activation in RECTIFIED:
        seen = whole and found.least >= 0 and samples >= FEWEST
        measures["dead_share"] = found.zero_share if seen else dead_share(units)
    saturated = saturated_share(units, activation) if activation else None
    return measures if saturated is None else measures | {"saturated_share": saturated}


class Kernels:
    """Tensors that lie one after another at the front of a flat array, measured together.

    What numpy can do for all of them at once takes one call. It holds room for that, so two threads
    need one each. `values` is always the flat array, of any length from that of the tensors on.
    """

    def __init__(self, shapes: Iterable[Sequence[int]]) -> None:
        ends = np.cumsum([0, *map(prod, shapes)])
        self.starts = ends[:-1]
        self.whole = slice(0, int(ends[-1]))
        self.places = [slice(*both) for both in pairwise(ends.tolist())]
        self.zeros = np.empty(self.whole.stop, np.bool_)

    def norms(self, values: Real) -> list[float]:
        """The Euclidean norm of each."""
        return norms(values[place] for place in self.places)

    def weights(self, values: Real) -> list[dict[str, float]]:
        """As `weight_measures` of each."""
        whole = values[self.whole]
        with np.errstate(all="ignore"):
            least = np.minimum.reduceat(whole, self.starts).tolist()
            largest = np.maximum.reduceat(whole, self.starts).tolist()
            bounds = zip(least, largest, strict=True)
            return [_weights(whole[p], b) for p, b in zip(self.places, bounds, strict=True)]

    def gradients(self, values: Real) -> list[dict[str, float]]:
        """As `gradient_measures` of each."""
        whole, zeros = values[self.whole], self.zeros
        with np.errstate(all="ignore"):
            np.equal(whole, 0, out=zeros)
            return [_gradient(whole[p], int(np.count_nonzero(zeros[p]))) for p in self.places]


class Output(NamedTuple):
    """What is measured of a layer's outputs; NaN where it cannot be told for what is not finite."""

    mean: float
    std: float
    rms: float
    least: float
    largest: float
    sample_std: float
    """A unit's standard deviation over the samples, averaged over the units."""
    nonfinite_share: float
    constant_share: float
    """Of units that give the same for every sample (to rounding)."""
    zero_share: float
    """Of units that give zero for every sample."""

    def activation(self) -> dict[str, float]:
        """As a History names them."""
        return {
            "activation_mean": self.mean,
            "activation_std": self.std,
            "activation_rms": self.rms,
            "activation_min": self.least,
            "activation_max": self.largest,
            "activation_sample_std": self.sample_std,
            "activation_nonfinite_share": self.nonfinite_share,
            "constant_share": self.constant_share,
        }


class Outputs:
    """Outputs of layers on the same samples, (samples, units) each, measured together.

    It holds room for its sums, so two threads need one each.
    """

    def __init__(self, samples: int, units: Sequence[int], precision: object) -> None:
        ends = np.cumsum([0, *units])
        self.samples, self.starts = samples, ends[:-1]
        self.places = [slice(*both) for both in pairwise(ends.tolist())]
        self.ones: Real = np.ones(samples, precision)  # type: ignore[call-overload]
        self.means = np.empty((2, ends[-1]), self.ones.dtype)
        """Of each unit's outputs, and of their squares."""

    def measures(self, outputs: Sequence[Real]) -> list[Output]:
        """Of each layer."""
        with np.errstate(all="ignore"):
            for output, place in zip(outputs, self.places, strict=True):
                np.matmul(self.ones, output, out=self.means[0, place])
                np.einsum("ij,ij->j", output, output, out=self.means[1, place])
            self.means *= 1 / self.samples
            means, squares = np.add.reduceat(self.means, self.starts, axis=1).tolist()
            every = zip(outputs, means, squares, *self._units(outputs), strict=True)
            return [_output(*each) for each in every]

    def _units(self, outputs: Sequence[Real]) -> tuple[list[float], list[Counts]]:
        """Of each layer: the sum of its units' deviations, and how many are constant and zero.

        Only units whose variance looks like nothing are looked at closely.
        """
        mean, square = self.means
        variances = square - mean * mean
        doubtful = variances <= DIGITS[mean.dtype].cancels * square
        counts = [(0, 0)] * len(outputs)
        if np.count_nonzero(doubtful):
            every = zip(outputs, self.places, strict=True)
            counts = [_closely(o, variances[p], doubtful[p]) for o, p in every]
        np.sqrt(variances, out=variances)
        return np.add.reduceat(variances, self.starts).tolist(), counts


def several(arrays: Iterable[ArrayLike | None] | ArrayLike) -> list[ArrayLike]:
    """A list of arrays from one array or several; None among them is left out."""
    if isinstance(arrays, np.ndarray) and arrays.dtype != object:
        return [arrays]
    if arrays is None or np.isscalar(arrays):
        raise NotNumbers(f"cannot measure {arrays!r}; give arrays, one for each layer")
    return [array for array in arrays if array is not None]  # type: ignore[union-attr]


RECTIFIED = {"relu", "relu6", "leaky_relu", "prelu", "gelu", "silu", "mish"}
_SIGMOID = float(np.sqrt(1 - SLOPE)) / 2
FLAT: dict[str, Callable[[Real], NDArray[np.bool_]]] = {
    "tanh": lambda a: np.abs(a) > np.sqrt(1 - SLOPE),
    "sigmoid": lambda a: np.abs(a - 0.5) > _SIGMOID,
    "softsign": lambda a: np.abs(a) > 1 - np.sqrt(SLOPE),
    "hard_tanh": lambda a: np.abs(a) >= 1,
    "hard_sigmoid": lambda a: np.abs(a - 0.5) >= 0.5,
}


def _real(array: ArrayLike) -> Real:
    """The array as floating point. Raises NotNumbers for None, text, complex or empty arrays."""
    if array is None:
        raise NotNumbers("cannot measure None; give an array of real numbers")
    found = np.asarray(array)
    if found.dtype.kind not in "fiub":
        raise NotNumbers(f"cannot measure an array of {found.dtype}; give real numbers")
    if found.size == 0:
        raise NotNumbers(f"cannot measure an empty array of shape {found.shape}")
    precise = found.dtype in (np.float32, np.float64)
    return found if precise else found.astype(np.float64)


def _flat(array: ArrayLike) -> Real:
    return _real(array).reshape(-1)


def _norm(flat: Real) -> float:
    """Of an array that may be empty."""
    square = float(np.dot(flat, flat))
    if DIGITS[flat.dtype].least_square < square < inf:
        return sqrt(square)
    return _scaled_norm(flat)


def _bounds(flat: Real) -> Bounds:
    return float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))


def _weights(flat: Real, bounds: Bounds) -> dict[str, float]:
    size, mean = _norm(flat), _mean(flat)
    least, largest = bounds
    return {
        "weight_norm": size,
        "weight_mean": mean,
        "weight_std": _std(flat, size / sqrt(len(flat)), mean, largest - least),
        "weight_max": max(largest, -least),
        "weight_nonfinite_share": _nonfinite_given(flat, size),
    }


def _gradient(flat: Real, zeros: int) -> dict[str, float]:
    size = _norm(flat)
    return {
        "gradient_norm": size,
        "gradient_zero_share": zeros / len(flat),
        "gradient_nonfinite_share": _nonfinite_given(flat, size),
    }


def _output(output: Real, mean: float, square: float, deviations: float, counts: Counts) -> Output:
    """From the sums over its units of mean, mean square and standard deviation, and from counts."""
    if not DIGITS[output.dtype].least_square < square < inf:
        return _extreme(output)
    units, flat = output.shape[1], output.reshape(-1)
    least, largest = _bounds(flat)
    rms, mean = sqrt(square / units), mean / units
    return Output(
        mean=mean,
        std=_std(flat, rms, mean, largest - least),
        rms=rms,
        least=least,
        largest=largest,
        sample_std=deviations / units,
        nonfinite_share=0.0,
        constant_share=counts[0] / units,
        zero_share=counts[1] / units,
    )


def _extreme(output: Real) -> Output:
    """Of an output that is zero or has lost digits or numbers to underflow, overflow or NaN."""
    flat = output.reshape(-1)
    rms, mean, (least, largest) = _norm(flat) / sqrt(len(flat)), _mean(flat), _bounds(flat)
    known, size = isfinite(rms), max(largest, -least) or 1.0
    return Output(
        mean=mean,
        std=_std(flat, rms, mean, largest - least),
        rms=rms,
        least=least,
        largest=largest,
        sample_std=sample_std(output / size) * size if known else nan,
        nonfinite_share=0.0 if known else nonfinite_share(flat),
        constant_share=constant_share(output) if known else nan,
        zero_share=float(np.mean(~output.any(axis=0))) if known else nan,
    )


def _closely(output: Real, variances: Real, doubtful: NDArray[np.bool_]) -> tuple[int, int]:
    """How many units are constant, how many zero; sets the variances of the doubtful aright."""
    count = int(np.count_nonzero(doubtful))
    columns = output[:, doubtful] if count else output[:0]
    if not np.count_nonzero(columns):
        variances[doubtful] = 0
        return count, count
    least, largest = columns.min(axis=0), columns.max(axis=0)
    size, extent = np.maximum(largest, -least), largest - least
    variances[doubtful] = columns.var(axis=0) * (extent > 0)
    still = np.count_nonzero(extent <= 8 * DIGITS[output.dtype].eps * size)
    return int(still), int(np.count_nonzero(size == 0))


def _scaled_norm(flat: Real) -> float:
    """The norm by way of its largest entry, in double precision."""
    largest = max(float(flat.max(initial=0)), -float(flat.min(initial=0)))
    if largest == 0 or not np.isfinite(largest):
        return abs(largest)
    scaled = flat.astype(np.float64) / largest
    return float(np.sqrt(np.dot(scaled, scaled)) * largest)


def _dead(samples: int, peaks: Real) -> float:
    finite = np.isfinite(peaks)
    if samples < FEWEST or not finite.any():
        return float("nan")
    return float(np.mean(peaks[finite] <= 0))


def _constant(samples: int, least: Real, largest: Real) -> float:
    finite = np.isfinite(least) & np.isfinite(largest)
    if samples < 2 or not finite.any():
        return float("nan")
    least, largest = least[finite], largest[finite]
    rounding = 8 * np.finfo(least.dtype).eps * np.maximum(np.abs(least), np.abs(largest))
    return float(np.mean(largest - least <= rounding))


def _mean(flat: Real) -> float:
    total = _sum(flat)
    if isfinite(total) or not np.isfinite(flat).all():
        return total / len(flat)
    return float((flat / len(flat)).sum())


def _sum(flat: Real) -> float:
    """By way of a product with ones, as far as whole rows of them go."""
    ones = DIGITS[flat.dtype].ones
    rows = len(flat) // len(ones)
    if rows < 8:
        return float(np.add.reduce(flat))
    end = rows * len(ones)
    total = float(np.add.reduce(flat[:end].reshape(rows, -1) @ ones))
    return total + float(np.add.reduce(flat[end:])) if end < len(flat) else total


def _std(flat: Real, rms: float, mean: float, extent: float) -> float:
    """From rms and mean where that loses no digits, else by a second pass; extent is max - min."""
    if extent == 0:
        return 0.0
    share = 1 - (mean / rms) ** 2 if isfinite(rms) and rms else nan
    if share <= DIGITS[flat.dtype].cancels:
        return _norm(flat - mean) / sqrt(len(flat))
    return rms * sqrt(share)


def _nonfinite_given(flat: Real, size: float) -> float:
    return 0.0 if isfinite(size) else nonfinite_share(flat)


def _finite_saturated(values: Real, flat_parts: Callable[[Real], NDArray[np.bool_]]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.mean(flat_parts(finite))) if len(finite) else float("nan")
