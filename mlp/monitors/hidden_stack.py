"""The hidden layers as a whole: how many, how wide, and what makes them more than one matrix."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.architecture import Stage, hidden_stages, kind_of, stages
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import SETTINGS

BOUNDED = {"sigmoid", "tanh", "hard_sigmoid", "hard_tanh", "softsign"}
UNUSUAL = {"softmax", "log_softmax", "exponential", "hard_sigmoid", "linear", "log_sigmoid"}


class HiddenStack(Fact):
    """The hidden layers with weights (token look-up tables not counted)."""

    signal: ClassVar[str] = SETTINGS

    layers: int
    depth: int
    """Layers with weights, the output among them."""
    activation: str | None
    """The most frequent one."""
    linear: bool | None
    """There are hidden layers and none has a non-linearity; pooling and norms do not count."""
    linear_share: float | None
    """Shares are of the hidden layers whose activation is known."""
    bounded_share: float | None
    """With sigmoid, tanh or the like, recurrent layers not counted."""
    sigmoid_share: float | None
    narrowest: int | None
    widest: int | None
    has_normalization: bool | None
    has_residual: bool | None
    softmax_hidden: bool
    unusual: bool
    """Some hidden layer has an activation that hardly ever belongs there."""
    unusual_activation: str | None
    recurrent_activation: str | None
    """What a plain recurrent layer has instead of tanh; None if there is none such."""


@monitor
def hidden_stack(history: History) -> Iterator[HiddenStack]:
    """One fact if the layers are known."""
    if not stages(history.settings):
        return
    hidden = hidden_stages(history.settings)
    known = [s.activation for s in hidden if s.activation is not None]
    units = [s.units for s in hidden if s.units]
    odd = [a for s in hidden for a in _unusual(s)]
    yield HiddenStack(
        layers=len(hidden),
        depth=len(stages(history.settings)),
        activation=max(known, key=known.count) if known else None,
        linear=_linear(hidden),
        linear_share=_share([a == "linear" for a in known]),
        bounded_share=_share([s.activation in BOUNDED for s in hidden if _feedforward(s)]),
        sigmoid_share=_share([s.activation == "sigmoid" for s in hidden if _feedforward(s)]),
        narrowest=min(units, default=None),
        widest=max(units, default=None),
        has_normalization=_normalization(history),
        has_residual=history.settings.residual,
        softmax_hidden=any("softmax" in s.applied for s in hidden),
        unusual=bool(odd),
        unusual_activation=odd[0] if odd else None,
        recurrent_activation=next(filter(None, map(_odd_recurrence, hidden)), None),
    )


def _linear(hidden: tuple[Stage, ...]) -> bool | None:
    if not hidden or any(s.applied for s in hidden):
        return False
    return None if any(s.activation is None for s in hidden) else True


def _unusual(stage: Stage) -> list[str]:
    if not stage.applied:
        return ["linear"] if stage.activation == "linear" else []
    return [a for a in stage.applied if a in UNUSUAL]


def _odd_recurrence(stage: Stage) -> str | None:
    return stage.activation if stage.kind == "recurrent" and stage.activation != "tanh" else None


def _feedforward(stage: Stage) -> bool:
    return stage.activation is not None and stage.kind not in ("recurrent", "attention")


def _share(holds: list[bool]) -> float | None:
    return sum(holds) / len(holds) if holds else None


def _normalization(history: History) -> bool | None:
    if history.settings.normalization is not None:
        return history.settings.normalization
    return any(kind_of(layer) == "norm" for layer in history.settings.layers or ())
