"""Optimizers, limits to gradients, and schedules of the learning rate."""

from collections.abc import Callable
from math import cos, inf, pi, sqrt

import numpy as np

from traindx.mlp.network.activations import Array
from traindx.mlp.network.layers import Parameters
from traindx.mlp.network.spec import Clip, OptimizerSpec, ScheduleSpec


class Optimizer:
    """An optimizer with its memory. `update` is what the last step took off the parameters."""

    def __init__(
        self, spec: OptimizerSpec, parameters: Parameters, frozen: tuple[str, ...] = ()
    ) -> None:
        self.spec, self.parameters, self.steps = spec, parameters, 0
        self.update = np.zeros_like(parameters.values)
        self.first = np.zeros_like(self.update)
        self.second = np.zeros_like(self.update)
        self.scratch = np.zeros_like(self.update)
        self.frozen = [p for n, p in parameters.places.items() if n.split("/")[0] in frozen]

    def step(self, rate: float) -> None:
        """Move the parameters against their (clipped) gradients."""
        self.steps += 1
        RULES[self.spec.name](self, self.parameters.gradients, rate)
        kernels = self.parameters.kernels
        if self.spec.weight_decay:
            self.update[kernels] += rate * self.spec.weight_decay * self.parameters.values[kernels]
        for place in self.frozen:
            self.update[place] = 0
        self.parameters.values -= self.update


def _sgd(o: Optimizer, gradient: Array, rate: float) -> None:
    np.multiply(gradient, rate, out=o.update)


def _momentum(o: Optimizer, gradient: Array, rate: float) -> None:
    o.first *= o.spec.momentum
    o.first += gradient
    np.multiply(o.first, rate, out=o.update)


def _nesterov(o: Optimizer, gradient: Array, rate: float) -> None:
    o.first *= o.spec.momentum
    o.first += gradient
    np.multiply(o.first, o.spec.momentum, out=o.update)
    o.update += gradient
    o.update *= rate


def _second_moment(o: Optimizer, gradient: Array) -> None:
    np.multiply(gradient, gradient, out=o.scratch)
    o.scratch *= 1 - o.spec.beta_2
    o.second *= o.spec.beta_2
    o.second += o.scratch


def _rmsprop(o: Optimizer, gradient: Array, rate: float) -> None:
    _second_moment(o, gradient)
    np.sqrt(o.second, out=o.scratch)
    o.scratch += o.spec.epsilon
    np.divide(gradient, o.scratch, out=o.update)
    o.update *= rate


def _adam(o: Optimizer, gradient: Array, rate: float) -> None:
    """Kingma and Ba 2015, with the corrections of both moments folded into two scalars."""
    np.multiply(gradient, 1 - o.spec.beta_1, out=o.scratch)
    o.first *= o.spec.beta_1
    o.first += o.scratch
    _second_moment(o, gradient)
    np.sqrt(o.second, out=o.scratch)
    o.scratch *= 1 / sqrt(1 - o.spec.beta_2**o.steps)
    o.scratch += o.spec.epsilon
    np.divide(o.first, o.scratch, out=o.update)
    o.update *= rate / (1 - o.spec.beta_1**o.steps)


RULES: dict[str, Callable[[Optimizer, Array, float], None]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
}


def clip(limit: Clip, parameters: Parameters) -> None:
    """Limit the gradients where they lie; what is within the limit is not touched at all."""
    gradients = parameters.gradients
    if limit.by == "value":
        np.clip(gradients, -limit.at, limit.at, out=gradients)
        return
    places = parameters.places.values() if limit.by == "norm" else (slice(None),)
    for place in places:
        norm = sqrt(max(0.0, float(gradients[place] @ gradients[place])))
        if norm > limit.at:
            gradients[place] *= limit.at / norm


class Schedule:
    """The learning rate of each step; `plateau` watches the loss."""

    def __init__(self, spec: ScheduleSpec, peak: float, epochs: int, steps_per_epoch: int) -> None:
        self.spec, self.peak, self.length = spec, peak, spec.epochs or epochs
        self.steps_per_epoch = steps_per_epoch
        self.best, self.waited, self.drops = inf, 0, 0

    def rate(self, step: int) -> float:
        """The rate of a step of the whole run, the first being 0."""
        warm = self.spec.warmup * self.steps_per_epoch
        rise = min(1.0, (step + 1) / warm) if warm else 1.0
        epoch = max(0.0, step - warm) / self.steps_per_epoch
        return self.peak * rise * FACTORS[self.spec.name](self, epoch)

    def watch(self, loss: float) -> None:
        """Count the epochs since the loss was last at a new low."""
        self.waited = 0 if loss < self.best else self.waited + 1
        self.best = min(loss, self.best)
        if self.waited >= self.spec.patience:
            self.waited, self.drops = 0, self.drops + 1


def _cosine(schedule: Schedule, epoch: float) -> float:
    """Loshchilov and Hutter 2017, one period."""
    share = min(1.0, epoch / max(schedule.length - schedule.spec.warmup, 1e-9))
    return schedule.spec.final + (1 - schedule.spec.final) * 0.5 * (1 + cos(pi * share))


FACTORS: dict[str, Callable[[Schedule, float], float]] = {
    "constant": lambda s, epoch: 1.0,
    "step": lambda s, epoch: s.spec.factor ** (epoch // s.spec.every),
    "exponential": lambda s, epoch: s.spec.factor**epoch,
    "cosine": _cosine,
    "plateau": lambda s, epoch: s.spec.factor**s.drops,
}
