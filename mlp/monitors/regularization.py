"""What holds the network back on purpose."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.settings import Settings
from traindx.mlp.signals import SETTINGS


class Regularization(Fact):
    """The strongest dropout, penalty and decay anywhere in the network."""

    signal: ClassVar[str] = SETTINGS

    dropout: float | None
    l1: float | None
    l2: float | None
    weight_decay: float | None
    strong: bool
    """Dropout above one half, an L1 or L2 penalty of 0.1 or more, or a decay above one half."""
    any: bool
    augmentation: bool | None


@monitor
def regularization(history: History) -> Iterator[Regularization]:
    """One fact if anything is known of it: a listed network without any is known to have none."""
    settings = history.settings
    dropout, l1, l2 = _largest(settings, "dropout"), _largest(settings, "l1"), _l2(settings)
    decay = settings.weight_decay
    if settings.layers is None and all(v is None for v in (dropout, l1, l2, decay)):
        return
    yield Regularization(
        dropout=dropout,
        l1=l1,
        l2=l2,
        weight_decay=decay,
        strong=(dropout or 0) > 0.5 or max(l1 or 0, l2 or 0) >= 0.1 or (decay or 0) > 0.5,
        any=any(value for value in (dropout, l1, l2, decay)),
        augmentation=settings.augmentation,
    )


def _l2(settings: Settings) -> float | None:
    return max((v for v in (settings.l2, _largest(settings, "l2")) if v is not None), default=None)


def _largest(settings: Settings, name: str) -> float | None:
    values = [getattr(layer, name) for layer in settings.layers or ()]
    if name == "dropout":
        values.append(settings.dropout)
    return max((value for value in values if value is not None), default=None)
