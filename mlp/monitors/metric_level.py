"""The level of the validation metrics that lie between 0 and 1, where more is better."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.curves import curve_of, still_rising
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.readers.names import higher_is_better


class MetricLevel(Fact):
    """The course of one metric: mAP, F1, IoU, AUC and the like."""

    signal: ClassVar[str] = "a validation metric of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = {
        "train": "a training metric",
        "val": "a validation metric",
    }

    split: str
    name: str
    first: float
    best: float
    last: float
    still_rising: bool
    """Whether it was still going up when the run ended."""


@monitor
def metric_level(history: History) -> Iterator[MetricLevel]:
    """One fact for each metric whose values all lie in [0, 1] and of which more is better."""
    for scope in history.over("metric"):
        split, _, name = scope.partition("/")
        found = curve_of(history, "metric", scope) if higher_is_better(name) else None
        if found is not None and found.least >= 0 and found.greatest <= 1:
            best = float(found.level.max())
            yield MetricLevel(
                split=split,
                name=name,
                first=found.first,
                best=best,
                last=found.last,
                still_rising=still_rising(found),
            )
