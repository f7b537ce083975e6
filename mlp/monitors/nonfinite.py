"""What was not finite, where and since when."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import fake_zeros
from traindx.mlp.history import History, Series
from traindx.mlp.monitors import monitor


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
    for quantity, scope in history:
        series = history.get(quantity, scope)
        if series is not None and not np.isfinite(series.values).all():
            yield _nonfinite(quantity, scope, series)


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
