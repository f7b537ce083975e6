"""Units of a layer that began as copies of each other, and so are told the same for ever.

A layer of equal weights stays symmetric only if what follows it does not tell its units apart:
with random weights behind it, the gradients differ and the symmetry breaks at the first step.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.architecture import Stage, stages
from traindx.mlp.canonical import canonical
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.weight_health import starts
from traindx.mlp.signals import LAYERS


class SymmetricUnits(Fact):
    """Whether all units of a layer with several units began alike."""

    signal: ClassVar[str] = LAYERS

    layer: str
    symmetric: bool
    since_start: bool
    """The same; there is no other time for it to begin."""
    lasting: bool | None
    """Whether the layer behind it began alike too, so that nothing tells the units apart."""


@monitor
def symmetric_units(history: History) -> Iterator[SymmetricUnits]:
    """One fact for every hidden layer; those of an output layer are told apart by the targets."""
    constant = _constant(history)
    names = list(constant)
    wide = {s.name: (s.units or 2) > 1 for s in stages(history.settings)}
    for layer, behind in pairwise(names):
        alike = constant[layer] and wide.get(layer, True)
        lasting = constant[behind] if alike else None
        yield SymmetricUnits(layer=layer, symmetric=alike, since_start=alike, lasting=lasting)


def _constant(history: History) -> dict[str, bool]:
    """Whether each layer's weights began alike, as measured, else as its initializer says."""
    measured = {name: start.constant() for name, start in starts(history).items()}
    declared = {s.name: starts_alike(s) for s in stages(history.settings)}
    known = declared if declared else dict.fromkeys(measured)
    found = {n: declared.get(n) if measured.get(n) is None else measured[n] for n in known}
    return {name: alike for name, alike in found.items() if alike is not None}


def starts_alike(stage: Stage) -> bool | None:
    """Whether the initializer gives all weights one value; None if it is not known."""
    name = stage.layer.initializer
    if name is None and stage.layer.init_value is None:
        return None
    return stage.layer.init_value is not None or canonical("initializer", name or "") in (
        "zeros",
        "ones",
        "constant",
    )
