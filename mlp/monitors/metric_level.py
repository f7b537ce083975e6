"""The level of the validation metrics that lie between 0 and 1, where more is better."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.curves import curve_of, fall_from_best, still_rising
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
    drop: float
    """The best level minus the last."""
    drop_sigmas: float | None
    best_at: float
    """The share of the run at which the best level was reached."""
    still_rising: bool
    """Whether it was still going up when the run ended."""


@monitor
def metric_level(history: History) -> Iterator[MetricLevel]:
    """One fact for each metric whose values all lie in [0, 1] and of which more is better."""
    for scope in history.over("metric"):
        split, _, name = scope.partition("/")
        found = curve_of(history, "metric", scope) if higher_is_better(name) else None
        if found is not None and found.least >= 0 and found.greatest <= 1:
            drop, drop_sigmas, best_at = fall_from_best(found)
            yield MetricLevel(
                split=split,
                name=name,
                first=found.first,
                best=float(found.level.max()),
                last=found.last,
                drop=drop,
                drop_sigmas=drop_sigmas,
                best_at=best_at,
                still_rising=still_rising(found),
            )
