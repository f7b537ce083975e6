"""What was not finite, where and since when; of the layers, where it began."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import fake_zeros
from traindx.mlp.history import History, Name, Series
from traindx.mlp.monitors import monitor

SHORT = 4096


class Nonfinite(Fact):
    """One series in which NaN or infinity was recorded."""

    signal: ClassVar[str] = "the training loss"

    quantity: str
    scope: str
    since: float
    """The step of the first such value."""
    share: float
    first_point: bool
    points_before: int
    recovers: bool
    """Whether it was finite again later."""
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
    first_broken: dict[str, Nonfinite] = {}
    for (quantity, scope), series in _broken(history):
        found, family = _nonfinite(quantity, scope, series), _family(quantity, scope)
        if not family:
            yield found
        elif family not in first_broken or found.since < first_broken[family].since:
            first_broken[family] = found
    yield from first_broken.values()


def _broken(history: History) -> Iterator[tuple[Name, Series]]:
    """The series that are not all finite. Short ones are looked at all at once."""
    short = [s.values for s in history.series.values() if len(s) <= SHORT]
    sound = not short or bool(np.isfinite(np.concatenate(short)).all())
    for name, series in history.series.items():
        passed = not len(series) or (sound and len(series) <= SHORT)
        if not passed and not np.isfinite(series.values).all():
            yield name, series


def _family(quantity: str, scope: str) -> str:
    """The kind of array that a layer's series describes; of each, only the first to break tells."""
    layered = scope not in ("", "train", "val", "test") and "/" not in scope
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
