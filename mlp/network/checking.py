"""Gradients held against finite differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from traindx.mlp.network.activations import Array
from traindx.mlp.network.network import MLP

STEP = 1e-5
NOTICEABLE = 1e-5
"""Slopes below this share of the loss (or of the largest slope) are noise to a difference."""


@dataclass(frozen=True)
class GradientCheck:
    """What a comparison of gradients with central differences found."""

    largest_error: float
    """Largest relative error: |gradient - difference| over the larger of both."""
    where: str
    """The parameter that has it: `dense_1/kernel[3, 0]`; empty if none could be compared."""
    gradient: float
    difference: float
    checked: int
    at_kinks: int
    """Parameters left out, because the step took a unit (or a loss) over a jump of its slope."""

    def passed(self, tolerance: float = 1e-4) -> bool:
        return self.checked > 0 and self.largest_error <= tolerance


def gradient_check(
    network: MLP, x: ArrayLike, y: ArrayLike, parameters: int = 200, seed: int = 0
) -> GradientCheck:
    """Compare a network's gradients on a batch with central differences of its loss.

    x is (samples, features), y as for `fit`. So many parameters are drawn (all, if there are no
    more), the step being 1e-5 of each one's size, at least 1e-5. Batch normalization runs as in
    training, dropout does not run. A float32 network is checked as a float64 one of equal weights.
    The network is left as it was; raises SpecError where shapes do not fit.

    Kinks (relu at zero, mae at a perfect guess, a clipped probability) have no slope to agree on:
    a parameter whose step carries anything over one is left out, and counted. With zero biases
    that is common: a sample that silences a layer puts the next pre-activations exactly at zero.
    """
    network = _in_double(network)
    inputs, targets = network.inputs(x), network.targets(y)
    values = network.parameters.values
    network.backward(network.objective.delta(network.forward(inputs, training=True), targets))
    gradients = network.parameters.gradients.copy()
    chosen = np.random.default_rng(seed).permutation(values.size)[:parameters]
    found = [_difference(network, inputs, targets, int(i)) for i in chosen]
    smooth = np.array([difference is not None for difference in found], bool)
    differences = np.array([d for d in found if d is not None])
    if not smooth.any():
        return GradientCheck(0.0, "", 0.0, 0.0, 0, len(chosen))
    loss, _ = _loss(network, inputs, targets)
    worst = _worst(gradients, chosen[smooth], differences, loss)
    return GradientCheck(
        worst.error,
        _name(network, worst.place),
        worst.gradient,
        worst.difference,
        checked=len(differences),
        at_kinks=len(chosen) - len(differences),
    )


@dataclass(frozen=True)
class _Worst:
    error: float
    place: int
    gradient: float
    difference: float


def _worst(gradients: Array, places: NDArray[np.int64], differences: Array, loss: float) -> _Worst:
    floor = NOTICEABLE * max(abs(loss), float(np.abs(gradients).max()), 1e-12)
    mine = gradients[places]
    larger = np.maximum(np.maximum(np.abs(mine), np.abs(differences)), floor)
    errors = np.abs(mine - differences) / larger
    worst = int(np.argmax(errors))
    return _Worst(
        float(errors[worst]), int(places[worst]), float(mine[worst]), float(differences[worst])
    )


def _in_double(network: MLP) -> MLP:
    """A network of equal weights that may be moved about."""
    options = network.spec.model_dump(exclude={"hidden", "precision"}, exclude_unset=True)
    double = MLP(network.sizes, task=network.task, classes=network.classes, **options)
    double.restore(network.state())
    return double


def _difference(network: MLP, x: Array, y: Array, place: int) -> float | None:
    """The central difference at one parameter, unless the step goes over a kink."""
    values = network.parameters.values
    old = values[place]
    step = STEP * max(1.0, abs(old))
    values[place] = old + step
    above, side_above = _loss(network, x, y)
    values[place] = old - step
    below, side_below = _loss(network, x, y)
    values[place] = old
    return (above - below) / (2 * step) if np.array_equal(side_above, side_below) else None


def _loss(network: MLP, x: Array, y: Array) -> tuple[float, NDArray[np.bool_]]:
    """The loss, and on which side of every kink the batch lies."""
    z = network.forward(x, training=True)
    sides = [(layer.pre > 0).ravel() for layer in network.layers if layer.function.kink]
    sides.append(network.objective.sides(z, y).ravel())
    loss = float(network.objective.losses(z, y).mean()) + network.penalty()
    return loss, np.concatenate(sides)


def _name(network: MLP, place: int) -> str:
    for name, places in network.parameters.places.items():
        if places.start <= place < places.stop:
            index = np.unravel_index(place - places.start, network.parameters.shapes[name])
            return f"{name}[{', '.join(str(int(i)) for i in index)}]"
    raise IndexError(f"the network has no parameter {place}")
