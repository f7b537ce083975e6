"""Layers whose weights do not change at all, which is not the same as changing little."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from traindx.engine.facts import Fact
from traindx.mlp.history import Array, History
from traindx.mlp.layers import Grid, grid, onset
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import LAYERS


class FrozenLayer(Fact):
    """Whether, and since when, a layer's weights have stood still to the last bit."""

    signal: ClassVar[str] = LAYERS

    layer: str
    frozen: bool
    since: float | None
    """The first step of the standstill that lasts to the end; None for a layer that moves."""
    whole_run: bool
    grad_nonzero: bool | None
    """Whether a gradient arrived meanwhile (then the optimizer left it out); None if it moves."""
    trainable: bool | None
    """As declared; a layer frozen on purpose is False."""


@monitor
def frozen_layer(history: History) -> Iterator[FrozenLayer]:
    """One fact for every layer that has weights."""
    still = _standstill(history)
    if still is None:
        return
    layers, steps, holds = still
    gradients = grid(history, "gradient_norm")
    trainable = {layer.name: layer.trainable for layer in history.settings.layers or ()}
    for layer, row in zip(layers, holds, strict=True):
        since = onset(row, steps)
        yield FrozenLayer(
            layer=layer,
            frozen=since is not None,
            since=since,
            whole_run=bool(row.all()),
            grad_nonzero=None if since is None else _arrives(gradients, layer, since),
            trainable=trainable.get(layer),
        )


def _standstill(history: History) -> tuple[tuple[str, ...], Array, NDArray[np.bool_]] | None:
    """Layers, steps, and whether nothing moved up to each step."""
    for quantity in ("update_norm", "epoch_update_norm", "update_ratio"):
        updates = grid(history, quantity)
        if updates is not None and (quantity != "epoch_update_norm" or len(updates.steps) > 1):
            return updates.layers, updates.steps, updates.values == 0
    weights = grid(history, "weight_norm")
    if weights is None or len(weights.steps) < 3:
        return None
    return weights.layers, weights.steps[1:], np.diff(weights.values, axis=1) == 0


def _arrives(gradients: Grid | None, layer: str, since: float) -> bool | None:
    if gradients is None or layer not in gradients.layers:
        return None
    row = gradients.values[gradients.layers.index(layer)][gradients.steps >= since]
    return bool(np.median(row) > 0) if len(row) else None
