"""MLP: a multilayer perceptron in numpy that records how its training went."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError

from traindx.mlp.history import History
from traindx.mlp.network.activations import ACTIVATIONS, Array
from traindx.mlp.network.changes import Spec, SpecError, complaints_of
from traindx.mlp.network.initializers import draw
from traindx.mlp.network.layers import Layer, Parameters
from traindx.mlp.network.objectives import Objective
from traindx.mlp.network.spec import Initializer, NetworkSpec, NetworkTask, Training

USUAL = {
    "binary": ("sigmoid", "binary_cross_entropy"),
    "multiclass": ("softmax", "cross_entropy"),
    "regression": ("linear", "mse"),
}
"""Output and loss that `auto` stands for."""


@dataclass(frozen=True, eq=False)
class State:
    """All that training changes in a network."""

    parameters: Array
    others: tuple[Array, ...]


class MLP:
    """A multilayer perceptron: dense layers of the given sizes, from inputs to outputs.

        network = MLP([2, 32, 1], activation="tanh", task="binary", seed=0)
        history = network.fit(x, y, validation=(x_val, y_val), epochs=20, optimizer="adam")

    Options are the fields of NetworkSpec (activation, initializer, output, loss, normalization,
    residual, dropout, l2, precision, ...). `output` and `loss` follow from `task` (binary,
    multiclass, regression) where they are not given; by default it is multiclass with several
    classes to tell apart, binary with sigmoid on one unit, else regression.

    Raises SpecError where sizes or options cannot be.
    """

    def __init__(
        self,
        sizes: list[int] | tuple[int, ...],
        *,
        task: NetworkTask = "regression",
        classes: int | None = None,
        seed: int | np.random.Generator = 0,
        **options: Any,
    ) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise SpecError(f"sizes: at least inputs and outputs are needed, not {list(sizes)}")
        self.sizes, self.task, self.classes = tuple(sizes), task, classes or max(2, sizes[-1])
        self.spec = checked(NetworkSpec, {"hidden": tuple(sizes[1:-1]), **options})
        self.objective = self._objective()
        self.parameters = Parameters(dict(self._shapes()), self.spec.precision)
        self.layers = list(self._layers())
        rng = np.random.default_rng(seed)
        for layer in self.layers:
            layer.kernel[:] = draw(self.initializer(layer), layer.kernel.shape, rng)
        self._check_frozen()

    def _objective(self) -> Objective:
        output, loss = USUAL[self.task]
        output = output if self.spec.output == "auto" else self.spec.output
        return Objective(output, loss if self.spec.loss == "auto" else self.spec.loss, self.classes)

    @property
    def names(self) -> list[str]:
        return [*(f"dense_{i}" for i in range(1, len(self.sizes) - 1)), "output"]

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Kernels of all layers, then biases, then what normalization learns."""
        pairs = list(zip(self.names, self.sizes, self.sizes[1:], strict=False))
        yield from ((f"{name}/kernel", (a, b)) for name, a, b in pairs)
        for name, _, units in pairs:
            # Batch normalization takes the mean away again, and a bias with it.
            if self.spec.bias and (self.spec.normalization != "batch" or name == "output"):
                yield f"{name}/bias", (units,)
        if self.spec.normalization:
            for name, _, units in pairs[:-1]:
                yield from ((f"{name}/{p}", (units,)) for p in ("gamma", "beta"))

    def _layers(self) -> Iterator[Layer]:
        spec = self.spec
        for name, a, b in zip(self.names[:-1], self.sizes, self.sizes[1:-1], strict=False):
            shortcut = spec.residual and a == b
            yield Layer(
                name, self.parameters, spec.activation, spec.normalization, spec.dropout, shortcut
            )
        yield Layer("output", self.parameters, "linear")

    def initializer(self, layer: Layer) -> Initializer:
        """How a layer's kernel was drawn, `auto` spelled out."""
        given, output = self.spec.initializer, layer.name == "output"
        suited = ACTIVATIONS[self.spec.activation].initializer
        if output and self.spec.output_initializer:
            given, suited = self.spec.output_initializer, "xavier"
        elif output and given.name in ("auto", "he", "lecun", "orthogonal"):
            given = given.model_copy(update={"name": "xavier"})
        return given.model_copy(update={"name": suited}) if given.name == "auto" else given

    def _check_frozen(self) -> None:
        unknown = sorted(set(self.spec.frozen) - set(self.names))
        if unknown:
            raise SpecError(f"frozen: no layer is called {unknown[0]!r}; there are {self.names}")

    def forward(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> Array:
        """The last pre-activations (samples, outputs); units are dropped if `rng` is given."""
        for layer in self.layers:
            x = layer.forward(x, training, rng)
        return x

    def backward(self, delta: Array) -> None:
        """Fill `parameters.gradients` for the batch that `forward` last saw, penalty included.

        `delta` is the slope of the loss at what `forward` gave.
        """
        slope: Array | None = delta
        for layer in reversed(self.layers):
            assert slope is not None
            slope = layer.backward(slope, first=layer is self.layers[0])
        if self.spec.l2:
            kernels = self.parameters.kernels
            self.parameters.gradients[kernels] += self.spec.l2 * self.parameters.values[kernels]

    def penalty(self) -> float:
        """l2/2 times the squared norm of all kernels: what the loss has beside the data's."""
        kernels = self.parameters.values[self.parameters.kernels]
        return 0.5 * self.spec.l2 * float(kernels @ kernels) if self.spec.l2 else 0.0

    def predict(self, x: ArrayLike) -> Array:
        """The network's outputs (samples, outputs), in evaluation mode."""
        return self.objective.apply(self.forward(self.inputs(x)))

    def evaluate(self, x: ArrayLike, y: ArrayLike) -> tuple[float, float | None]:
        """Mean loss with penalty, and the share put into the right class (None in regression)."""
        targets = self.targets(y)
        z = self.forward(self.inputs(x))
        correct = None if self.task == "regression" else self.objective.correct(z, targets).mean()
        loss = float(self.objective.losses(z, targets).mean()) + self.penalty()
        return loss, None if correct is None else float(correct)

    def inputs(self, x: ArrayLike) -> Array:
        """Inputs as the network takes them: (samples, features), in its precision."""
        array = np.asarray(x, self.spec.precision)
        if array.ndim != 2 or array.shape[1] != self.sizes[0]:
            raise SpecError(f"x: (samples, {self.sizes[0]}) is needed, not {array.shape}")
        return array

    def targets(self, y: ArrayLike) -> Array:
        """Targets as the loss takes them: (samples, outputs), classes one-hot if there are several.

        With one output unit, classes stay numbers.
        """
        array, units = np.asarray(y), self.sizes[-1]
        if array.ndim == 1 and units > 1:
            array = self._one_hot(array)
        array = array.reshape(len(array), -1)
        if array.shape[1] != units:
            raise SpecError(f"y: (samples,) or (samples, {units}) is needed, not {array.shape}")
        return array.astype(self.spec.precision)

    def _one_hot(self, y: NDArray[Any]) -> Array:
        units = self.sizes[-1]
        if not np.isin(y, np.arange(units)).all():
            raise SpecError(
                f"y: classes 0 to {units - 1} are needed for {units} output units; "
                f"there are numbers from {y.min()} to {y.max()}"
            )
        one_hot: Array = np.eye(units)[y.astype(int)]
        return one_hot

    def state(self) -> State:
        """A copy of what training changes."""
        others = (a.copy() for layer in self.layers for a in layer.states())
        return State(self.parameters.values.copy(), tuple(others))

    def restore(self, state: State) -> None:
        """Go back to a state taken before."""
        self.parameters.values[:] = state.parameters
        mine = (a for layer in self.layers for a in layer.states())
        for array, saved in zip(mine, state.others, strict=True):
            array[:] = saved

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
        seed: int | np.random.Generator = 0,
        training: Training | None = None,
        **options: Any,
    ) -> History:
        """Train on x (samples, features) and y, and return what was recorded.

        y holds whole numbers for classes, (samples,), or targets, (samples,) or (samples, outputs).
        Options are the fields of Training: optimizer, schedule, batch_size, epochs, shuffle,
        early_stopping, record. What is recorded and how: `traindx.mlp.network.recording`.

        A run whose loss is no longer finite goes on for a few epochs, recorded as it is, and ends.
        Raises SpecError where shapes or options do not fit.
        """
        from traindx.mlp.network.fitting import fit

        plan = training or checked(Training, options)
        rng = np.random.default_rng(seed)
        held = None
        if validation is not None and len(np.asarray(validation[0])):
            held = self.inputs(validation[0]), self.targets(validation[1])
        return fit(self, (self.inputs(x), self.targets(y)), held, plan, rng)


def checked(model: type[Spec], options: dict[str, Any]) -> Spec:
    """A spec from options, or a SpecError that names all that is wrong."""
    try:
        return model.model_validate(options)
    except ValidationError as error:
        raise SpecError("\n".join(complaints_of(error))) from error
