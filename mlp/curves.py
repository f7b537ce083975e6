"""Curves: the level and the noise of a series, and what may be said of them.

A series longer than `BINS` points is first reduced to medians of equal bins. The noise is measured
from second differences, which no straight trend enters, and locally, since it shrinks with the
loss. The level is a local straight line whose window grows, point by point, for as long as the
wider one agrees with the narrower within the noise (Lepski's rule): a steep fall stays sharp and
a noisy floor becomes smooth. Every level knows its standard error.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, overload

import numpy as np
from numpy.typing import ArrayLike

from traindx.mlp.history import Array, History, Series, once

BINS: Final = 512
HUGE: Final = 1e100
"""Values are clipped here, so that no square of a finite loss overflows."""
WINDOWS: Final = (3, 5, 9, 17, 33, 65, 129)
ROUNDING: Final = 4 * float(np.finfo(float).eps)
MAD: Final = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A finite series reduced to at most `BINS` + 1 places, with its level and its noise.

    All arrays have one shape, (places,). `points` counts the points before the reduction;
    `least` and `greatest` are exact.
    """

    steps: Array
    values: Array
    """Without isolated outliers."""
    level: Array
    sigma: Array
    """Standard deviation of one value; zero where fewer than four points hide it."""
    error: Array
    """Standard error of the level."""
    points: int
    least: float
    greatest: float
    first: float
    """The level at the start, before the first bin averages it away."""

    @property
    def measured(self) -> bool:
        """Whether there are enough points for the noise to be known."""
        return self.points >= 4

    @property
    def positive(self) -> bool:
        return self.least > 0

    @property
    def one_value(self) -> bool:
        """Whether at least four values are all the same."""
        return self.points >= 4 and self.greatest - self.least < 1e-9

    @cached_property
    def lowest(self) -> int:
        """Where the level is lowest."""
        return int(np.argmin(self.level))

    @cached_property
    def turn(self) -> int:
        """Where the lowest value is, among the levels that are as low as the lowest."""
        error = np.hypot(self.error, self.error[self.lowest])
        low = np.flatnonzero(self.level <= self.best + 2 * error)
        return int(low[np.argmin(self.values[low])])

    @property
    def best(self) -> float:
        return float(self.level[self.lowest])

    @property
    def last(self) -> float:
        return float(self.level[-1])

    @cached_property
    def spread(self) -> float:
        """How far apart the levels are."""
        return max(float(self.level.max()), self.first) - float(self.level.min())

    @property
    def scale(self) -> float:
        """What a fall is measured against: the start of a positive curve, else the spread."""
        return self.first if self.positive else self.spread

    def size(self, level: float) -> float:
        """What a change at a level is measured against: that level, or the spread."""
        return level if self.positive else self.spread

    def share(self, place: int) -> float:
        """The share of the run that lies before a place."""
        length = self.steps[-1] - self.steps[0]
        return float((self.steps[place] - self.steps[0]) / length) if length > 0 else 1.0

    def sigmas(self, change: float, *places: int) -> float | None:
        """A change between the levels at some places, in standard errors."""
        if not self.measured:
            return None
        return sigmas(change, float(np.hypot.reduce(self.error[list(places)])))

    def rise_sigmas(self, start: int = 0) -> float | None:
        """The rise from a place to the end in standard errors: of the two levels, or of the line
        through all that lies between, whichever shows it better."""
        if not self.measured:
            return None
        levels = self.sigmas(self.last - float(self.level[start]), start, -1) or 0.0
        if len(self.level) - start < 8:
            return levels
        between = line(self, start)
        return max(levels, sigmas(between.change, between.error))

    @cached_property
    def rebound_sigmas(self) -> float | None:
        """The rise from the best level, likewise; or of all later values, if none comes back."""
        risen = self.rise_sigmas(self.lowest)
        return None if risen is None else max(risen, self.never_back)

    @cached_property
    def never_back(self) -> float:
        """How far all that came after the best values lies above them, by Welch's t.

        0 if one of at least six comes back to them, or if it is below 4: they were chosen as the
        best of many. Swings that set in with a rise hide it from the noise of single values.
        """
        around = max(1, len(self.values) // 16)
        start, end = max(0, self.lowest - around), self.lowest + around + 1
        best, later = self.values[start:end], self.values[end:]
        if len(best) < 3 or len(later) < 6 or later.min() <= best.max():
            return 0.0
        error = np.hypot(*(np.std(v, ddof=1) / np.sqrt(len(v)) for v in (best, later)))
        found = sigmas(float(later.mean() - best.mean()), float(error))
        return found if found >= 4 else 0.0

    @cached_property
    def fall_sigmas(self) -> float | None:
        """The fall from the start to the best in standard errors, likewise."""
        if not self.measured:
            return None
        levels = self.sigmas(max(0.0, self.first - self.best), 0, self.lowest) or 0.0
        if len(self.level) < 8 or self.best >= self.first:
            return levels
        whole = line(self, 0)
        return max(levels, sigmas(-whole.change, whole.error))

    @cached_property
    def noise(self) -> float | None:
        """The noise of one point relative to its level (to the spread, if not positive)."""
        if not self.measured:
            return None
        size = self.level if self.positive else np.full_like(self.level, self.spread)
        return ratio(median_of(self.sigma / size), 1.0) if (size > 0).all() else 0.0


@dataclass(frozen=True)
class Line:
    """A straight line through a stretch of a curve, per place."""

    slope: float
    slope_error: float
    middle: float
    places: int
    steps: float
    """How long the stretch is, on the axis of the run."""

    @property
    def change(self) -> float:
        """From end to end."""
        return self.slope * (self.places - 1)

    @property
    def error(self) -> float:
        """The standard error of the change."""
        return self.slope_error * (self.places - 1)


def clip(value: float, bound: float = 1e12) -> float:
    """A finite number, whatever the size of the ratio it came from."""
    return float(min(max(value, -bound), bound))


@overload
def ratio(above: float, below: float) -> float | None: ...
@overload
def ratio(above: float, below: float, otherwise: float) -> float: ...
def ratio(above: float, below: float, otherwise: float | None = None) -> float | None:
    """A quotient within ±1e12, or `otherwise` where there is none (0/0 included)."""
    if below == 0:
        return clip(above * np.inf) if above and otherwise is not None else otherwise
    if abs(above) >= 1e12 * abs(below):
        return clip(np.copysign(np.inf, above) * np.copysign(1.0, below))
    return clip(above / below)


def median(values: Array) -> Array:
    """The median along the last axis; several times as fast as numpy's for what is short."""
    points = values.shape[-1]
    if points > 4096:
        return np.asarray(np.median(values, axis=-1))
    ordered = np.sort(values, axis=-1)
    lower: Array = ordered[..., (points - 1) // 2]
    return lower if points % 2 else lower + (ordered[..., points // 2] - lower) / 2


def median_of(values: ArrayLike) -> float:
    """The median of some numbers."""
    return float(median(np.asarray(values, dtype=np.float64)))


def sigmas(change: float, error: float) -> float:
    """A change in standard errors, within ±1e6."""
    return min(max(ratio(change, error, 0.0), -1e6), 1e6)


def part(change: float, whole: float) -> float:
    """A change as a share of another, within ±100; 0/0 is 0."""
    return min(max(ratio(change, whole, 0.0), -100.0), 100.0)


def curve(series: Series) -> Curve:
    """The curve of a series of finite values; kept with the series, for as long as that lives."""
    kept = vars(series)
    if "_curve" not in kept:
        kept["_curve"] = _curve(series)
    found: Curve = kept["_curve"]
    return found


def _curve(series: Series) -> Curve:
    raw = np.clip(series.values, -HUGE, HUGE)
    steps, values = binned(series.steps, raw)
    sigma = noise(values)
    values = without_outliers(values, sigma)
    level, error = smoothed(values, sigma)
    least, greatest = float(raw.min()), float(raw.max())
    level = np.clip(level, least, greatest)
    first = _start(raw, float(level[0]))
    return Curve(steps, values, level, sigma, error, len(raw), least, greatest, first)


def _start(raw: Array, level: float) -> float:
    """Where a long series began, if its first bin has already fallen from there."""
    if len(raw) <= BINS:
        return level
    start = median_of(raw[:5])
    return start if abs(start - level) > 5 * float(noise(raw[:64]).max()) else level


def binned(steps: Array, values: Array, most: int = BINS) -> tuple[Array, Array]:
    """The middles and the medians of equal bins, (at most `most` + 1,) each."""
    size = -(-len(values) // most)
    if size <= 1:
        return steps, values
    full = len(values) // size * size
    medians = np.median(values[:full].reshape(-1, size), axis=1)
    middles = steps[:full].reshape(-1, size)[:, size // 2]
    if full == len(values):
        return middles, medians
    return (
        np.append(middles, steps[(full + len(values)) // 2]),
        np.append(medians, np.median(values[full:])),
    )


def noise(values: Array) -> Array:
    """The local standard deviation of single values, (points,), from their third differences.

    A smooth decay hardly enters those; where there are fewer than eight points, the second order
    has to do. Differences at two spacings are compared, since neighbouring points are often
    averages of overlapping data. At least the rounding of a float64.
    """
    if len(values) < 4:
        return np.zeros_like(values)
    local = _local_median(_bends(values, 1), len(values))
    if len(values) >= 12:
        local = np.maximum(local, _local_median(_bends(values, 2), len(values)))
    return np.maximum(MAD * local, ROUNDING * np.abs(values))


def _bends(values: Array, lag: int) -> Array:
    """Second or third differences, scaled to the standard deviation of one value."""
    bend = values[: -2 * lag] - 2 * values[lag:-lag] + values[2 * lag :]
    if len(values) < 8:
        return np.asarray(np.abs(bend) / np.sqrt(6.0))
    return np.asarray(np.abs(bend[lag:] - bend[:-lag]) / np.sqrt(20.0))


def _local_median(values: Array, points: int) -> Array:
    """Medians of up to eight stretches of at least 16 values, drawn out over all points."""
    stretches = min(8, max(1, len(values) // 16))
    size = len(values) // stretches
    medians = np.sort(values[: stretches * size].reshape(stretches, size), axis=1)[:, size // 2]
    middles = (np.arange(stretches) + 0.5) * size
    return np.interp(np.arange(points), middles, medians)


def without_outliers(values: Array, sigma: Array) -> Array:
    """The values, with isolated ones beyond six sigma put back to the median of their neighbours.

    A median of five leaves monotone stretches as they are, so a steep fall is no outlier; nor is
    the foot of a valley, which lies no farther from the median than its neighbours.
    """
    if len(values) < 5:
        return values
    ranked = np.sort(
        np.stack([values[start : len(values) - 4 + start] for start in range(5)]), axis=0
    )
    away = np.abs(values[2:-2] - ranked[2])
    needle = (away > 6 * sigma[2:-2]) & (away > ranked[3] - ranked[1])
    clean = values.copy()
    clean[2:-2] = np.where(needle, ranked[2], values[2:-2])
    return clean


def smoothed(values: Array, sigma: Array) -> tuple[Array, Array]:
    """The level and its standard error, (points,) each; see the module."""
    points = len(values)
    level, error = values.copy(), sigma.copy()
    bound = sigma.copy()
    growing = np.ones(points, dtype=bool)
    for window in (w for w in WINDOWS if 4 * w <= points):
        if not growing.any():
            break
        wider = straightened(values, window)
        growing &= np.abs(wider - level) <= 3.5 * bound
        level = np.where(growing, wider, level)
        bound = np.where(growing, sigma / np.sqrt(window), bound)
        error = np.where(growing, sigma * _leverage(points, window), error)
    return level, error


def straightened(values: Array, window: int) -> Array:
    """A least-squares line in the nearest `window` (odd) points around each, (points,).

    Away from the ends that is their mean; at the ends it stays within what they hold.
    """
    half = window // 2
    means = np.convolve(values, np.full(window, 1 / window), "valid")
    offsets = np.arange(-half, half + 1)
    slopes = offsets / (offsets @ offsets)
    head, foot = values[:window], values[-window:]
    start = np.clip(means[0] + offsets[:half] * (head @ slopes), head.min(), head.max())
    end = np.clip(means[-1] + offsets[half + 1 :] * (foot @ slopes), foot.min(), foot.max())
    return np.concatenate([start, means, end])


@lru_cache(maxsize=256)
def _leverage(points: int, window: int) -> Array:
    """The standard error of that line at each point, in sigmas."""
    half = window // 2
    edge = np.sqrt(1 / window + np.arange(half, 0, -1) ** 2 * 12 / (window * (window**2 - 1)))
    inside = np.full(points - 2 * half, 1 / np.sqrt(window))
    return np.concatenate([edge, inside, edge[::-1]])


def line(found: Curve, start: int, end: int | None = None) -> Line:
    """The least-squares line through the values from a place up to another (or the end).

    Through a single value it is level.
    """
    values, sigma, steps = found.values[start:end], found.sigma[start:end], found.steps[start:end]
    places = np.arange(len(values)) - (len(values) - 1) / 2
    moment = float(places @ places) or 1.0
    return Line(
        slope=float(places @ values) / moment,
        slope_error=float(sigma.mean()) / float(np.sqrt(moment)),
        middle=float(values.mean()),
        places=len(values),
        steps=float(steps[-1] - steps[0]),
    )


def late(found: Curve, share: float) -> int:
    """Where the last part of a curve starts: at least three points of it, if there are three."""
    places = len(found.level)
    return max(0, min(places - max(3, round(share * places)), places - 2))


def still_rising(found: Curve) -> bool:
    """Whether a score was still going up when the run ended: by its last third, beyond noise.

    Of fewer than nine values noise is not known well: there the last three must rise, to the best.
    """
    values = found.values
    if len(values) < 9:
        return len(values) >= 4 and bool(
            (np.diff(values[-3:]) > 0).all() and values[-1] >= max(values)
        )
    tail = line(found, late(found, 1 / 3))
    return tail.change > 4 * tail.error and tail.change > 0.02 * float(np.ptp(found.level))


def fall_from_best(found: Curve) -> tuple[float, float | None, float]:
    """Of a score: how far below its best level it ended, in standard errors too; where that was."""
    top = int(np.argmax(found.level))
    drop = float(found.level[top]) - found.last
    return drop, found.sigmas(drop, top, -1), found.share(top)


def first_nonfinite(series: Series) -> int | None:
    """The place of the first value that is not finite."""
    bad = ~np.isfinite(series.values)
    return int(np.argmax(bad)) if bad.any() else None


@once
def end_of_sense(history: History) -> float:
    """The step from which on no curve means anything: infinity, if it never comes to that.

    That is the first train loss that is not finite, or the start of a last run of exact zeros
    under gradient norms that are not finite: zeros that a trainer wrote for NaN. Values that are
    not finite before the first finite one (a scaler finding its scale) do not end the run.
    """
    train = history.get("loss", "train")
    return np.inf if train is None else min(_breaks(train), fake_zeros(history))


def _breaks(train: Series) -> float:
    finite = np.isfinite(train.values)
    if not finite.any():
        return float(train.steps[0])
    start = int(np.argmax(finite))
    later = ~finite[start:]
    return float(train.steps[start + int(np.argmax(later))]) if later.any() else np.inf


def fake_zeros(history: History) -> float:
    """The step at which a train loss turns to zeros that stand for NaN, else infinity."""
    train, norms = history.get("loss", "train"), history.get("gradient_norm")
    if train is None or norms is None or train.values[-1] != 0:
        return np.inf
    nonzero = np.flatnonzero(train.values != 0)
    if not len(nonzero) or not train.values[nonzero[-1]] > 0:
        return np.inf
    start = float(train.steps[nonzero[-1] + 1])
    during = norms.values[np.searchsorted(norms.steps, start) :]
    return start if len(during) and np.mean(np.isfinite(during)) < 0.5 else np.inf


@once
def sound(history: History, quantity: str, scope: str = "") -> Series | None:
    """The finite points of a series before `end_of_sense`, if there are two or more."""
    series = history.get(quantity, scope)
    found = None if series is None else series.before(end_of_sense(history)).finite()
    return found if found is not None and len(found) >= 2 else None


def curve_of(history: History, quantity: str, scope: str = "") -> Curve | None:
    """The curve of a series, where it makes sense and has two points or more."""
    series = sound(history, quantity, scope)
    return None if series is None else curve(series)


def losses(history: History) -> dict[str, Curve]:
    """The curve of the loss by split."""
    found = {split: curve_of(history, "loss", split) for split in ("train", "val", "test")}
    return {split: known for split, known in found.items() if known is not None}


def held_out(history: History, quantity: str = "loss") -> tuple[str, Curve] | None:
    """The split that was held out and its curve: validation, or the test split for want of it."""
    for split in ("val", "test"):
        found = curve_of(history, quantity, split)
        if found is not None:
            return split, found
    return None
