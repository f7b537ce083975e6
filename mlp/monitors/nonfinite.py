"""What was not finite, where and since when; of the layers, where it began."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import fake_zeros
from traindx.mlp.history import History, Name, Series
from traindx.mlp.monitors import monitor

SHORT = 4096
LEFT_OUT = {"gradient_snr"}
"""Not defined where a layer is dead, which is no overflow."""


class Nonfinite(Fact):
    """The NaN and the infinities of one series (none: share 0)."""

    signal: ClassVar[str] = "the training loss"
    about: ClassVar[tuple[str, ...]] = ("quantity", "scope")
    signals: ClassVar[Mapping[str, str]] = {
        "gradient_norm": "the gradient norm",
        "val": "the validation loss",
    }
    absent: ClassVar[tuple[str, ...]] = ("since", "recovers")

    quantity: str
    scope: str
    since: float | None
    """The step of the first such value; None if there is none."""
    share: float
    first_point: bool
    points_before: int
    recovers: bool | None
    """Whether it was finite again later; None if it always was."""
    trailing: bool
    """Whether it ended so."""
    infinite: bool
    """Whether the first such value was an infinity (an overflow), not NaN."""


class AllFinite(Fact):
    """A quantity whose every recorded value was finite."""

    signal: ClassVar[str] = "the training loss"

    quantity: str


@monitor
def nonfinite(history: History) -> Iterator[Nonfinite]:
    """One fact a series of the whole run; of the layers, one for each kind of array."""
    broken = set(_broken(history))
    of_layers: dict[str, Nonfinite] = {}
    for name, series in history.series.items():
        family = _family(*name)
        if family in LEFT_OUT or (family in of_layers and name not in broken):
            continue
        if not len(series):
            continue
        found = _nonfinite(*name, series) if name in broken else _finite(*name, series)
        if not family:
            yield found
        elif family not in of_layers or _earlier(found, of_layers[family]):
            of_layers[family] = found
    yield from of_layers.values()


def _earlier(one: Nonfinite, other: Nonfinite) -> bool:
    return one.since is not None and (other.since is None or one.since < other.since)


def _finite(quantity: str, scope: str, series: Series) -> Nonfinite:
    return Nonfinite(
        quantity=quantity,
        scope=scope,
        since=None,
        share=0.0,
        first_point=False,
        points_before=len(series),
        recovers=None,
        trailing=False,
        infinite=False,
    )


def _broken(history: History) -> list[Name]:
    """The series that are not all finite. Short ones are looked at all at once."""
    by_name = {name: series.values for name, series in history.series.items()}
    short = [values for values in by_name.values() if values.size <= SHORT]
    if short and np.isfinite(np.concatenate(short)).all():
        by_name = {name: values for name, values in by_name.items() if values.size > SHORT}
    return [name for name, values in by_name.items() if not np.isfinite(values).all()]


@lru_cache(maxsize=4096)
def _family(quantity: str, scope: str) -> str:
    """The kind of array that a layer's series describes; of each, only the first to break tells."""
    layered = scope not in ("", "train", "val", "test") and "/" not in scope
    if quantity == "gradient_snr":
        return quantity
    return quantity.partition("_")[0] if layered and not quantity.startswith("metric") else ""


@monitor
def all_finite(history: History) -> Iterator[AllFinite]:
    """Of the training loss only, and not where zeros stand for NaN."""
    train = history.get("loss", "train")
    sound = train is not None and bool(np.isfinite(train.values).all())
    if sound and not np.isfinite(fake_zeros(history)):
        yield AllFinite(quantity="loss")


def _nonfinite(quantity: str, scope: str, series: Series) -> Nonfinite:
    bad = ~np.isfinite(series.values)
    first = int(np.argmax(bad))
    return Nonfinite(
        quantity=quantity,
        scope=scope,
        since=float(series.steps[first]),
        share=float(bad.mean()),
        first_point=first == 0,
        points_before=first,
        recovers=bool((~bad[first:]).any()),
        trailing=bool(bad[-1]),
        infinite=bool(np.isinf(series.values[first])),
    )
