"""How far the first step would carry the weights, as computed before it was made."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.canonical import adaptive, canonical
from traindx.mlp.curves import clip
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LAYERS


class FirstStep(Fact):
    """Learning rate times gradient over weights, by norms, of the layer where that is largest."""

    signal: ClassVar[str] = LAYERS

    ratio: float
    layer: str


@monitor
def first_step(history: History) -> Iterator[FirstStep]:
    """One fact of plain gradient descent whose gradients before the first step were recorded."""
    settings, rate = history.settings, history.settings.learning_rate
    plain = settings.optimizer and not adaptive(canonical("optimizer", settings.optimizer))
    if not plain or not rate or settings.clip_norm or settings.clip_value:
        return
    ratios = dict(_ratios(history, rate))
    if ratios:
        layer = max(ratios, key=lambda name: ratios[name])
        yield FirstStep(ratio=clip(ratios[layer]), layer=layer)


def _ratios(history: History, rate: float) -> Iterator[tuple[str, float]]:
    weights = history.layers("weight_norm")
    for layer, gradients in history.layers("gradient_norm").items():
        size = weights.get(layer)
        before = size is not None and gradients.steps[0] == 0 == size.steps[0]
        if size is None or not before or not size.values[0] > 0:
            continue
        if np.isfinite(gradients.values[0]) and np.isfinite(size.values[0]):
            yield layer, float(rate * gradients.values[0] / size.values[0])
