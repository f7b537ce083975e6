"""The level of the validation metrics that lie between 0 and 1, where more is better."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, curve_of, fall_from_best, still_rising
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.readers.names import higher_is_better, is_share, plain

ONE_SIDED = {"recall", "precision", "sensitivity", "specificity"}


class MetricLevel(Fact):
    """The course of one metric: mAP, F1, IoU, AUC and the like, in shares of 1."""

    signal: ClassVar[str] = "a validation metric of every epoch"
    about: ClassVar[tuple[str, ...]] = ("split",)
    signals: ClassVar[Mapping[str, str]] = {
        "train": "a training metric",
        "val": "a validation metric",
    }

    split: str
    name: str
    balanced: bool
    """Whether it weighs false answers of both kinds; recall or precision alone is easily had."""
    points: int
    first: float
    best: float
    last: float
    drop: float
    """The best level minus the last."""
    drop_sigmas: float | None
    best_at: float
    """The share of the run at which the best level was reached."""
    constant: bool
    """Whether at least four values are all the same."""
    still_rising: bool
    """Whether it was still going up when the run ended."""


@monitor
def metric_level(history: History) -> Iterator[MetricLevel]:
    """One fact for each metric of which more is better: all in [0, 1], or shares in per cent."""
    for scope in history.over("metric"):
        split, _, name = scope.partition("/")
        found = curve_of(history, "metric", scope) if higher_is_better(name) else None
        if found is not None and (whole := _whole(found, name)):
            drop, drop_sigmas, best_at = fall_from_best(found)
            yield MetricLevel(
                split=split,
                name=name,
                balanced=not set(plain(name).split("_")) & ONE_SIDED,
                points=found.points,
                first=found.first / whole,
                best=float(found.level.max()) / whole,
                last=found.last / whole,
                drop=drop / whole,
                drop_sigmas=drop_sigmas,
                best_at=best_at,
                constant=found.one_value,
                still_rising=still_rising(found),
            )


def _whole(found: Curve, name: str) -> float | None:
    """What a metric would be at its best: 1, or 100 of a share in per cent; else None."""
    if found.least < 0 or found.greatest > 100:
        return None
    return 1.0 if found.greatest <= 1 else 100.0 if is_share(name) else None
