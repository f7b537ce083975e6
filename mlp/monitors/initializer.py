"""How the weights of each layer were asked to start (see `weight_health` for how they did)."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.architecture import Stage, stages
from traindx.mlp.canonical import canonical
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.symmetric_units import starts_alike
from traindx.mlp.monitors.weight_health import fans_of
from traindx.mlp.signals import SETTINGS
from traindx.mlp.tensors import scale_ratio


class Initializer(Fact):
    """The initializer of one layer's weights."""

    signal: ClassVar[str] = SETTINGS

    layer: str
    name: str | None
    """Canonical: he, xavier, lecun, orthogonal, normal, uniform, constant, zeros, ones ..."""
    constant: bool
    """All weights alike, so that all units of the layer are."""
    std: float | None
    std_ratio: float | None
    """How far it lies outside of what He, Xavier and LeCun give; 1 if within."""
    suits: bool
    """Not constant, and not ten times off."""
    output: bool


@monitor
def initializer(history: History) -> Iterator[Initializer]:
    """One fact for every layer whose initializer is known."""
    for stage in stages(history.settings):
        alike = starts_alike(stage)
        if alike is not None or stage.layer.init_std is not None:
            yield _fact(stage, bool(alike) or stage.layer.init_std == 0)


def _fact(stage: Stage, constant: bool) -> Initializer:
    name, std, fans = stage.layer.initializer, stage.layer.init_std, fans_of(stage)
    ratio = scale_ratio(std, *fans) if std and fans else None
    return Initializer(
        layer=stage.name,
        name=None if name is None else canonical("initializer", name),
        constant=constant,
        std=std,
        std_ratio=ratio,
        suits=not constant and (ratio is None or 0.1 < ratio < 10),
        output=stage.output,
    )
