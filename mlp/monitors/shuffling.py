"""Whether the samples come in a new order every epoch."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import SETTINGS


class Shuffling(Fact):
    """Whether the training data are shuffled."""

    signal: ClassVar[str] = SETTINGS

    shuffle: bool


@monitor
def shuffling(history: History) -> Iterator[Shuffling]:
    """One fact if it is known."""
    if history.settings.shuffle is not None:
        yield Shuffling(shuffle=history.settings.shuffle)
