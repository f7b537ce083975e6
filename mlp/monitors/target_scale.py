"""The scale of the targets of a regression: a fresh network puts out numbers of about size one."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.architecture import task_of
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.input_scale import excess, largest, rms
from traindx.mlp.settings import Distribution
from traindx.mlp.signals import DATA


class TargetScale(Fact):
    """The distribution of the targets."""

    signal: ClassVar[str] = DATA

    task: str | None
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    largest: float | None
    excess: float | None
    """Decimal logarithm of the root mean square; None for class labels."""
    normalised: bool | None
    """Of about size one; None for class labels, whose size means nothing."""
    at_ends: float | None
    """1 if every target of a regression lies at the smallest or the largest; less, if between.

    The variance over the most that mean and range allow (Bhatia and Davis, 2000).
    """
    constant: bool | None
    negative: bool | None
    nonfinite: bool | None


@monitor
def target_scale(history: History) -> Iterator[TargetScale]:
    """One fact if anything is known of the targets."""
    data, task = history.settings.target, task_of(history.settings)
    if data is None:
        return
    labels = task is not None and task != "regression"
    size = None if labels else rms(data)
    yield TargetScale(
        task=task,
        mean=data.mean,
        std=data.std,
        min=data.min,
        max=data.max,
        largest=largest(data),
        excess=excess(size),
        normalised=None if size is None else 0.03 <= size <= 5,
        at_ends=None if labels else _at_ends(data),
        constant=None if data.std is None else data.std == 0,
        negative=None if data.min is None else data.min < 0,
        nonfinite=None if data.nonfinite_share is None else data.nonfinite_share > 0,
    )


def _at_ends(data: Distribution) -> float | None:
    if data.mean is None or data.std is None or data.min is None or data.max is None:
        return None
    most = (data.max - data.mean) * (data.mean - data.min)
    return min(data.std**2 / most, 1.0) if most > 0 else None
