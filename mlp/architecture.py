"""The network as its settings tell it: layers with weights, and the activation behind each."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from traindx.mlp.canonical import canonical
from traindx.mlp.settings import Distribution, Layer, Settings, Task

WEIGHTED = {"dense", "conv", "recurrent", "attention", "embedding"}
WEIGHTLESS = {"norm", "dropout", "noise", "activation", "pool", "reshape"}
CLASS_LOSSES = {"cross_entropy", "nll", "categorical_hinge", "kl", "categorical_focal"}
BINARY_LOSSES = {"binary_cross_entropy", "hinge", "squared_hinge", "focal"}
REGRESSION_LOSSES = {"mse", "mae", "huber", "log_cosh", "mape", "msle"}
FINE_TUNING: set[Task | None] = {"language_model", "preference", "reinforcement"}


@dataclass(frozen=True)
class Stage:
    """A layer with weights, and what is applied to its output before the next such layer."""

    name: str
    kind: str
    units: int | None
    activation: str | None
    """Canonical; None where it is not known."""
    layer: Layer
    output: bool = False
    applied: tuple[str, ...] = ()
    """Every non-linearity that is applied, in order; two softmax are one too many."""
    scopes: tuple[str, ...] = ()
    """Its own name and those of the activation layers behind it."""

    def activation_at(self, scope: str) -> str | None:
        """The activation of what is recorded under one of its scopes."""
        return self.activation if scope == self.scopes[-1] else activation_of(self.layer)


def stages(settings: Settings) -> tuple[Stage, ...]:
    """The layers with weights in forward order, each with the activation layers that follow it."""
    return _network(settings.layers or (), settings.output_activation)


@lru_cache(maxsize=16)
def _network(layers: tuple[Layer, ...], output: str | None) -> tuple[Stage, ...]:
    found: list[Stage] = []
    for layer in layers:
        kind = kind_of(layer)
        if kind not in WEIGHTLESS:
            found.append(_stage(layer, kind))
        elif kind == "activation" and found:
            found[-1] = _activated(found[-1], layer)
    return (*found[:-1], _last(found[-1], output)) if found else ()


def hidden_stages(settings: Settings) -> tuple[Stage, ...]:
    """The stages before the output; a look-up table for tokens is not counted among them."""
    return tuple(s for s in stages(settings)[:-1] if s.kind != "embedding")


def kind_of(layer: Layer) -> str:
    """The canonical kind of a layer, guessed from its name where nobody says it."""
    kind = canonical("kind", layer.kind if layer.kind else layer.name)
    if kind in WEIGHTED or kind in WEIGHTLESS:
        return kind
    return "dense" if layer.units else "reshape"


def activation_of(layer: Layer) -> str | None:
    """The canonical activation at a layer's own output; an activation layer may be named for it."""
    if layer.activation is not None:
        return canonical("activation", layer.activation)
    if kind_of(layer) != "activation":
        return None
    said = canonical("activation", layer.kind or layer.name)
    return None if said in ("activation", "act") else said.replace("re_lu", "relu")


def output_activation(settings: Settings) -> str | None:
    """The canonical activation of the network's output, if it is known."""
    if settings.output_activation is not None:
        return canonical("activation", settings.output_activation)
    found = stages(settings)
    return found[-1].activation if found else None


def output_units(settings: Settings) -> int | None:
    """How many numbers the network puts out for one sample, if it is known."""
    found = stages(settings)
    return settings.output_units or (found[-1].units if found else None)


def loss_name(settings: Settings) -> str | None:
    """The canonical name of the loss."""
    return None if settings.loss is None else canonical("loss", settings.loss)


def task_of(settings: Settings) -> Task | None:
    """What the network is to do: as declared, else as targets show, else as the loss suggests."""
    return settings.task or _task_by_targets(settings) or _task_by_loss(settings)


def steps_per_epoch(settings: Settings) -> float | None:
    """Optimizer steps in an epoch, as declared or from the number of samples."""
    if settings.steps_per_epoch:
        return settings.steps_per_epoch
    if not settings.samples or not settings.batch_size:
        return None
    return float(np.ceil(settings.samples / settings.batch_size / (settings.accumulation or 1)))


def _stage(layer: Layer, kind: str) -> Stage:
    activation = activation_of(layer)
    if activation is None and kind in ("recurrent", "attention"):
        activation = "tanh" if kind == "recurrent" else "softmax_attention"
    applied = () if activation in (None, "linear") else (str(activation),)
    return Stage(layer.name, kind, layer.units, activation, layer, False, applied, (layer.name,))


def _activated(stage: Stage, layer: Layer) -> Stage:
    activation, scopes = activation_of(layer), (*stage.scopes, layer.name)
    if activation in (None, "linear"):
        return replace(stage, scopes=scopes)
    applied = (*stage.applied, str(activation))
    return replace(stage, activation=activation, applied=applied, scopes=scopes)


def _last(stage: Stage, said: str | None) -> Stage:
    if said is None or canonical("activation", said) in stage.applied:
        return replace(stage, output=True)
    return replace(stage, output=True, activation=canonical("activation", said))


def _task_by_targets(settings: Settings) -> Task | None:
    if settings.vocabulary:
        return "language_model"
    if settings.classes:
        return "binary" if settings.classes == 2 else "multiclass"
    target = settings.target
    return None if target is None else _task_of(target, output_units(settings), settings)


def _task_of(target: Distribution, units: int | None, settings: Settings) -> Task | None:
    if target.one_hot:
        return "multiclass" if (units or 3) > 2 else "binary"
    if target.integers is None or target.min is None or target.max is None:
        return None
    if not target.integers:
        return "regression"
    if (target.min, target.max) in ((0, 1), (-1, 1)):
        return "binary" if (units or 1) <= 2 else None
    classes = target.min in (0, 1) and (units or 1) > 1 and loss_name(settings) in CLASS_LOSSES
    return "multiclass" if classes else None


def _task_by_loss(settings: Settings) -> Task | None:
    loss = loss_name(settings)
    if loss in CLASS_LOSSES:
        return "binary" if output_units(settings) == 2 else "multiclass"
    if loss in BINARY_LOSSES:
        return "binary" if (output_units(settings) or 1) <= 2 else None
    classes = output_activation(settings) in ("softmax", "sigmoid", "log_softmax")
    return "regression" if loss in REGRESSION_LOSSES and not classes else None
