"""Sudden rises of a loss: how high, whether it came back, whether they come at intervals.

They are sought among all points. A point is held against the median of those just before it, so
that a step up counts as well as a needle; a rise in which no single step makes up half is growth
and no spike.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from traindx.engine.facts import Fact
from traindx.mlp.curves import HUGE, MAD, ROUNDING, median_of, ratio, sound
from traindx.mlp.history import Array, History, Series
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LOSS_OF_SPLIT

NEAR, BLOCK, LONG = 9, 32, 4096


class Spikes(Fact):
    """The sudden rises of a loss by more than six sigmas and a fifth of the local level."""

    signal: ClassVar[str] = "the loss of every step or epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = LOSS_OF_SPLIT

    split: str
    number: int
    largest: float
    """The highest point over its local level, spike or not (for losses that are not positive: one
    plus its excess as a share of the spread)."""
    largest_sigmas: float
    step: float | None
    """Where the largest spike is."""
    recovered: bool
    """Whether the loss came back, to within a quarter of the largest."""
    recovered_in: float | None
    """How many steps (epochs) that took."""
    permanent: bool
    """Whether it never came back, with three points or more to do so."""
    periodic: bool
    period: float | None
    """The usual distance of three spikes or more."""
    matches_epoch: bool | None
    """Whether the period is a whole number of epochs, where the length of one is known."""


@monitor
def spikes(history: History) -> Iterator[Spikes]:
    for split in ("train", "val", "test"):
        series = sound(history, "loss", split)
        if series is not None and len(series) >= 6:
            yield _spikes(history, split, series)


def _spikes(history: History, split: str, series: Series) -> Spikes:
    values = np.clip(series.values, -HUGE, HUGE)
    base, sigma = _before(values)
    excess = values - base
    size = base if values.min() > 0 else np.full_like(base, np.ptp(values) or 1.0)
    places = _onsets(values, excess, size, sigma)
    period = _period(series.steps[places])
    highest = int(np.argmax(excess / size))
    top = int(places[np.argmax((excess / size)[places])]) if len(places) else None
    back = None if top is None else _back_in(series.steps, values, float(base[top]), top)
    return Spikes(
        split=split,
        number=len(places),
        largest=1 + max(0.0, ratio(float(excess[highest]), float(size[highest]), 0.0)),
        largest_sigmas=ratio(max(0.0, float(excess[highest])), float(sigma[highest]), 0.0),
        periodic=period is not None,
        period=period,
        matches_epoch=_matches(history, period),
        step=None if top is None else float(series.steps[top]),
        recovered=back is not None,
        recovered_in=back,
        permanent=back is None and top is not None and len(values) - top > 3,
    )


def _onsets(values: Array, excess: Array, size: Array, sigma: Array) -> NDArray[np.intp]:
    """The first points of the sudden rises."""
    step = np.diff(values, prepend=values[0])
    high = (excess > 6 * sigma) & (excess > 0.2 * size)
    sudden = high & (step >= 0.5 * excess)
    return np.flatnonzero(sudden & ~np.concatenate([[False], high[:-1]]))


def _before(values: Array) -> tuple[Array, Array]:
    """The median of what came before each point and the noise around it, (points,) each."""
    return _blocks(values) if len(values) > LONG else _neighbours(values)


def _neighbours(values: Array) -> tuple[Array, Array]:
    """From the (up to) nine points before each."""
    base = _trailing_median(values)
    base[0] = values[0]
    size = base if values.min() > 0 else np.ones_like(base)
    deviation = np.abs(np.diff(values, prepend=values[0]))
    usual = median_of(deviation)
    near = _trailing_median(deviation)
    near[:NEAR] = usual
    relative = median_of(deviation / size) * size
    sigma = MAD / np.sqrt(2) * np.maximum(near, np.maximum(usual, relative))
    return base, np.maximum(sigma, ROUNDING * np.abs(base))


def _trailing_median(values: Array) -> Array:
    """The lower median of the (up to) nine values before each; the first has none before it."""
    padded = np.concatenate([np.full(NEAR, np.inf), values[:-1]])
    windows = np.sort(sliding_window_view(padded, NEAR), axis=1)
    counts = np.minimum(np.arange(len(values)), NEAR)
    return np.asarray(windows[np.arange(len(values)), np.maximum(counts - 1, 0) // 2])


def _blocks(values: Array) -> tuple[Array, Array]:
    """From the blocks of 32 points before each; the first block has only itself."""
    full = len(values) // BLOCK * BLOCK
    blocks = values[:full].reshape(-1, BLOCK)
    medians = np.median(blocks, axis=1)
    deviation = MAD * np.median(np.abs(blocks - medians[:, None]), axis=1)
    size = medians if values.min() > 0 else np.ones_like(medians)
    relative = median_of(deviation / size) * size
    deviation = np.maximum(deviation, np.maximum(np.median(deviation), relative))
    deviation[1:] = np.maximum(deviation[1:], deviation[:-1])
    deviation = np.maximum(deviation, ROUNDING * np.abs(medians))
    which = np.maximum(np.arange(len(values)) // BLOCK - 1, 0)
    return medians[which], deviation[which]


def _back_in(steps: Array, values: Array, base: float, top: int) -> float | None:
    """How long it takes until three quarters of a spike are gone."""
    back = values[top + 1 :] <= base + 0.25 * (values[top] - base)
    return float(steps[top + 1 + int(np.argmax(back))] - steps[top]) if back.any() else None


def _period(steps: Array) -> float | None:
    """The usual distance, if three spikes or more lie a tenth of it from being regular."""
    if len(steps) < 3:
        return None
    apart = np.diff(steps)
    period = median_of(apart)
    cycles = np.maximum(1, np.round(apart / period))
    regular = median_of(np.abs(apart - cycles * period))
    near = np.mean(np.abs(apart - cycles * period) <= 0.1 * period)
    return period if regular <= 0.05 * period and near >= 0.8 else None


def _matches(history: History, period: float | None) -> bool | None:
    epoch = _epoch(history)
    if period is None or epoch is None or history.axis == "epoch":
        return None
    cycles = round(period / epoch)
    return cycles >= 1 and abs(period - cycles * epoch) <= 0.05 * epoch


def _epoch(history: History) -> float | None:
    """The steps of an epoch."""
    if history.settings.steps_per_epoch:
        return history.settings.steps_per_epoch
    epochs = history.get("epoch")
    if epochs is None or len(epochs) < 2 or not epochs.values[-1] > epochs.values[0]:
        return None
    turns = epochs.steps[1:][np.diff(np.floor(epochs.values)) > 0]
    if len(turns) >= 2:
        return median_of(np.diff(turns))
    return float((epochs.steps[-1] - epochs.steps[0]) / (epochs.values[-1] - epochs.values[0]))
