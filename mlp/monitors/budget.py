"""How much training there was, and how much network for how much data."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.architecture import stages, steps_per_epoch
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Settings
from traindx.mlp.signals import SETTINGS


class Budget(Fact):
    """Epochs, updates, samples and parameters."""

    signal: ClassVar[str] = SETTINGS

    epochs: float | None
    """Planned."""
    epochs_run: float | None
    """As far as the history goes."""
    samples: int | None
    val_samples: int | None
    parameters: int | None
    updates: float | None
    """Optimizer steps run."""
    parameters_per_sample: float | None
    early_stopping: bool | None


@monitor
def budget(history: History) -> Iterator[Budget]:
    """One fact if any of it is known."""
    settings, end = history.settings, _end(history)
    per_epoch, parameters = steps_per_epoch(settings), _parameters(settings)
    known = (settings.epochs, settings.samples, parameters, end)
    if all(value is None for value in known):
        return
    epochs_run = _epochs_run(history, end, per_epoch)
    yield Budget(
        epochs=settings.epochs,
        epochs_run=epochs_run,
        samples=settings.samples,
        val_samples=settings.val_samples,
        parameters=parameters,
        updates=end if history.axis == "step" else _product(epochs_run, per_epoch),
        parameters_per_sample=(
            parameters / settings.samples if parameters is not None and settings.samples else None
        ),
        early_stopping=settings.early_stopping,
    )


def _end(history: History) -> float | None:
    """The last step of the train loss, else of any curve of the whole run."""
    loss = history.get("loss", "train") or history.get("loss", "val")
    return None if loss is None else float(loss.steps[-1])


def _epochs_run(history: History, end: float | None, per_epoch: float | None) -> float | None:
    if history.axis == "epoch":
        return end
    recorded = history.get("epoch")
    if recorded is not None and len(recorded.finite()):
        return float(recorded.finite().values[-1])
    return end / per_epoch if end is not None and per_epoch else None


def _product(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b


def _parameters(settings: Settings) -> int | None:
    if settings.parameters is not None:
        return settings.parameters
    counts = [stage.layer.parameters for stage in stages(settings)]
    return sum(c for c in counts if c) if counts and None not in counts else None
