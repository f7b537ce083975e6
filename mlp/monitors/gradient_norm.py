"""The norm of the whole gradient over the run."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import clip, curve, end_of_sense, first_nonfinite, median_of, ratio, sound
from traindx.mlp.history import Array, History, Series
from traindx.mlp.monitors import monitor


class GradientNorm(Fact):
    """The course of the global gradient norm, of its finite points."""

    signal: ClassVar[str] = "the gradient norm of every step"

    first: float
    median: float
    last: float
    largest: float
    growth: float | None
    """The median of the last fifth over that of the first."""
    growth_before_end: float | None
    """The median of the last tenth over the median of all."""
    spike_ratio: float
    """The largest value over the median of the (up to 33) values around it."""
    spike_step: float
    constant: bool
    """Whether all values agree within 1e-4."""
    zero_share: float
    nonfinite_share: float
    precedes_loss: bool | None
    """Whether it was not finite before the training loss was; None where neither ever was."""
    saturated_share: float
    """The share of the points within 0.5 % of the largest: a norm logged after it was clipped."""
    clip_norm: float | None
    """The limit that was configured, or where the norms pile up (a fifth of them at the top)."""
    noise: float | None
    at_lowest_loss: float | None
    """The norm where the training loss was lowest (the median of three) over the first norm.

    Where a loss turns there is no slope, so the norm is small there. A sum of all gradients so far
    is largest where the loss is lowest, as a pendulum is fastest at its lowest point. That says
    nothing of a loss still falling at the end: out of a slow start the norm grows by right, too.
    None where the loss never fell.
    """


@monitor
def gradient_norm(history: History) -> Iterator[GradientNorm]:
    series = history.get("gradient_norm")
    found = None if series is None else series.before(end_of_sense(history)).finite()
    if series is not None and found is not None and len(found):
        yield _measured(history, series, found)


def _measured(history: History, series: Series, found: Series) -> GradientNorm:
    values, top = found.values, int(np.argmax(found.values))
    saturated = _saturated(values)
    return GradientNorm(
        first=clip(float(values[0])),
        median=clip(median_of(values)),
        last=clip(float(values[-1])),
        largest=clip(float(values[top])),
        growth=_growth(values, 0.2, 0.2),
        growth_before_end=_growth(values, 0.1, 1.0),
        spike_ratio=_spike_ratio(values, top),
        spike_step=float(found.steps[top]),
        constant=len(values) > 1 and bool(np.ptp(values) <= 1e-4 * abs(values[top])),
        zero_share=float(np.mean(values == 0)),
        nonfinite_share=float(np.mean(~np.isfinite(series.values))),
        precedes_loss=_precedes(series, history.get("loss", "train")),
        saturated_share=saturated,
        clip_norm=_clip_norm(history, values, saturated),
        noise=curve(found).noise,
        at_lowest_loss=_at_lowest(found, history),
    )


def _growth(values: Array, end: float, start: float) -> float | None:
    """The median of the last share of the points over that of the first."""
    if len(values) < 4:
        return None
    late, early = (max(1, round(share * len(values))) for share in (end, start))
    return ratio(median_of(values[-late:]), median_of(values[:early]))


def _spike_ratio(values: Array, top: int) -> float:
    around = np.delete(values[max(0, top - 16) : top + 17], min(top, 16))
    base = median_of(around) if len(around) else float(values[top])
    return ratio(float(values[top]), base) or 1.0


def _saturated(values: Array) -> float:
    return float(np.mean(values >= 0.995 * values.max())) if values.max() > 0 else 0.0


def _precedes(norms: Series, loss: Series | None) -> bool | None:
    bad = first_nonfinite(norms)
    worse = None if loss is None else first_nonfinite(loss)
    if bad is None:
        return None if worse is None else False
    return worse is None or loss is None or bool(norms.steps[bad] < loss.steps[worse])


def _at_lowest(norms: Series, history: History) -> float | None:
    """The norm at the lowest loss over the first."""
    loss = sound(history, "loss", "train")
    if loss is None or len(norms) < 4 or not np.argmin(loss.values):
        return None
    lowest = float(loss.steps[np.argmin(loss.values)])
    place = min(int(np.searchsorted(norms.steps, lowest)), len(norms) - 1)
    around = norms.values[max(0, place - 1) : place + 2]
    return ratio(median_of(around), float(norms.values[0]))


def _clip_norm(history: History, values: Array, saturated: float) -> float | None:
    if history.settings.clip_norm is not None:
        return history.settings.clip_norm
    piled = saturated >= 0.2 and len(values) >= 10 and np.ptp(values) > 0
    return clip(float(values.max())) if piled else None
