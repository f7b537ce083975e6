"""How many samples one step sees."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.architecture import steps_per_epoch
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import SETTINGS


class Batch(Fact):
    """The batch of one optimizer step."""

    signal: ClassVar[str] = SETTINGS

    size: int
    """Samples of one step, accumulated ones included."""
    share: float | None
    """Of the training samples; 1 is full-batch training."""
    updates_per_epoch: float | None
    accumulation: int | None
    """Batches whose gradients are added up to one step."""


@monitor
def batch(history: History) -> Iterator[Batch]:
    """One fact if the batch size is known."""
    settings = history.settings
    if settings.batch_size is None:
        return
    size = settings.batch_size * (settings.accumulation or 1)
    yield Batch(
        size=size,
        share=min(1.0, size / settings.samples) if settings.samples else None,
        updates_per_epoch=steps_per_epoch(settings),
        accumulation=settings.accumulation,
    )
