"""How evenly the classes are represented, and what a network knows that knows only that."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.architecture import task_of
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import DATA


class ClassBalance(Fact):
    """The shares of the classes in the training data."""

    signal: ClassVar[str] = DATA

    classes: int
    majority: float
    minority: float
    ratio: float | None
    """Largest share over the smallest; None if a class has no sample."""
    log_prior: float
    """Cross-entropy (in nats) of answering with the shares themselves, whatever goes in."""
    weighted: bool | None
    """Whether the loss already counts the classes unequally."""


@monitor
def class_balance(history: History) -> Iterator[ClassBalance]:
    """One fact if the shares are known, and exclude each other."""
    if task_of(history.settings) == "multilabel":
        return
    shares = np.array(history.settings.class_shares or (), dtype=np.float64)
    if not len(shares) or not np.isfinite(shares).all() or shares.min() < 0 or not shares.any():
        return
    shares = shares / shares.sum()
    present = shares[shares > 0]
    yield ClassBalance(
        classes=len(shares),
        majority=float(shares.max()),
        minority=float(shares.min()),
        ratio=float(shares.max() / shares.min()) if shares.min() > 0 else None,
        log_prior=max(0.0, float(-(present * np.log(present)).sum())),
        weighted=history.settings.class_weights,
    )
