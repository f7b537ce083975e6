"""The scale of what goes in: a network expects numbers of about size one."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import kind_of, stages
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Distribution, Settings
from traindx.mlp.signals import DATA


class InputScale(Fact):
    """The distribution of the input features."""

    signal: ClassVar[str] = DATA

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    largest: float | None
    """The largest absolute value."""
    excess: float | None
    """Decimal logarithm of the root mean square: 0 is size one, 2 a hundred times that."""
    spread_ratio: float | None
    """Largest standard deviation of a feature over the smallest; None if a feature is constant."""
    feature_largest: float | None
    """The largest mean or standard deviation of any feature: its scale before normalising."""
    offset: float | None
    """Absolute mean over standard deviation: how far from centred."""
    normalised: bool | None
    """Of about size one, as a whole and (where known) feature by feature."""
    tokens: bool
    """Indices of an embedding, whose size means nothing."""
    bytes: bool | None
    """Whole numbers from 0 to 255: an image that nobody has divided by 255."""
    constant_share: float | None
    nonfinite: bool | None
    constant: bool | None
    """One and the same number throughout."""
    normalised_inside: bool | None
    """Whether the network itself normalises them first; None where its layers are not known."""


@monitor
def input_scale(history: History) -> Iterator[InputScale]:
    """One fact if anything is known of the input."""
    data, found = history.settings.input, stages(history.settings)
    if data is None:
        return
    tokens = bool(found and found[0].kind == "embedding")
    size, peak = rms(data), largest(data)
    yield InputScale(
        mean=data.mean,
        std=data.std,
        min=data.min,
        max=data.max,
        largest=peak,
        excess=None if tokens else excess(size),
        spread_ratio=_spread_ratio(data),
        feature_largest=_feature_largest(data),
        offset=_offset(data),
        normalised=True if tokens else _normalised(data, size, peak),
        tokens=tokens,
        bytes=_bytes(data),
        constant_share=_constant_share(data),
        nonfinite=None if data.nonfinite_share is None else data.nonfinite_share > 0,
        constant=None if data.std is None else data.std == 0,
        normalised_inside=_normalised_inside(history.settings),
    )


def _normalised_inside(settings: Settings) -> bool | None:
    kinds = (kind_of(layer) for layer in settings.layers or ())
    first = next((kind for kind in kinds if kind not in ("reshape", "noise", "dropout")), None)
    return None if first is None else first == "norm"


def rms(data: Distribution) -> float | None:
    """Root mean square, from mean and standard deviation, else from a range taken as uniform."""
    if data.mean is not None and data.std is not None:
        return float(np.hypot(data.mean, data.std))
    if data.min is None or data.max is None:
        return None
    return float(np.sqrt((data.min**2 + data.min * data.max + data.max**2) / 3))


def largest(data: Distribution) -> float | None:
    """The largest absolute value."""
    return None if data.min is None or data.max is None else max(abs(data.min), abs(data.max))


def excess(size: float | None) -> float | None:
    """Decades above size one (below, if negative)."""
    return None if size is None else float(np.log10(min(max(size, 1e-16), 1e16)))


def _normalised(data: Distribution, size: float | None, peak: float | None) -> bool | None:
    """Within [-1, 1] and not tiny, or about size one in the whole and in every feature."""
    if peak is not None and 0.1 <= peak <= 1.001:
        return True
    if size is None:
        return None
    return 0.03 <= size <= 5 and (_feature_largest(data) or 0) <= 10


def _feature_largest(data: Distribution) -> float | None:
    marks = (data.feature_mean_min, data.feature_mean_max, data.feature_std_max)
    known = [abs(mark) for mark in marks if mark is not None]
    return max(known, default=None)


def _spread_ratio(data: Distribution) -> float | None:
    if not data.feature_std_min or data.feature_std_max is None:
        return None
    return min(data.feature_std_max / data.feature_std_min, 1e16)


def _offset(data: Distribution) -> float | None:
    if data.mean is None or not data.std:
        return None
    return min(abs(data.mean) / data.std, 1e16)


def _bytes(data: Distribution) -> bool | None:
    if data.max is None or data.min is None:
        return None
    return data.min == 0 and 200 <= data.max <= 255 and data.integers is not False


def _constant_share(data: Distribution) -> float | None:
    if data.features is None or data.constant_features is None or data.features == 0:
        return None
    return data.constant_features / data.features
