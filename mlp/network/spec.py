"""TrainingSpec: a training written down, as the `train:` block of a scenario has it."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeFloat, PositiveInt, model_validator

from traindx.mlp.network.changes import Change, changed
from traindx.mlp.settings import Declared

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
ActivationName = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "softplus", "tanh", "sigmoid", "linear"
]
OutputName = Literal["auto", "softmax", "sigmoid", "linear", "relu", "tanh"]
LossName = Literal[
    "auto",
    "cross_entropy",
    "cross_entropy_from_logits",
    "binary_cross_entropy",
    "binary_cross_entropy_from_logits",
    "mse",
    "mae",
    "huber",
]
NetworkTask = Literal["binary", "multiclass", "regression"]


def _named(value: Any) -> Any:
    """`he` is short for `{name: he}`."""
    return {"name": value} if isinstance(value, str) else value


class Spoil(Declared):
    """One thing that is done to the data to harm it."""

    kind: Literal[
        "scale_inputs",
        "shift_inputs",
        "scale_one_input",
        "scale_targets",
        "shift_targets",
        "shuffle_labels",
        "nan_rows",
        "outliers",
        "duplicate_split",
        "scale_validation",
        "sort",
        "imbalance",
    ]
    factor: float | None = None
    """By how much inputs or targets are multiplied, or what is added to them."""
    share: Share | None = None
    """Of the rows; for `imbalance`, of all classes but the first together."""


class DataSpec(Declared):
    """The data: made in place, harmed if told, split, standardized if told; in this order."""

    name: Literal["two_moons", "spirals", "blobs", "circles", "xor", "sine", "linear", "digits"] = (
        "two_moons"
    )
    samples: Annotated[int, Field(ge=4)] = 400
    """Training and validation together."""
    noise: NonNegativeFloat = 0.1
    classes: Annotated[int, Field(ge=2)] | None = None
    features: PositiveInt | None = None
    """Those beyond what the shape itself needs are noise (blobs and linear use all of them)."""
    size: Annotated[int, Field(ge=7)] = 8
    """Side of the images of `digits`, in pixels."""
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """The share held out."""
    spoil: tuple[Spoil, ...] = ()
    standardize: bool = False
    standardize_targets: bool = False

    @model_validator(mode="after")
    def _classes_fit(self) -> "DataSpec":
        most = {"two_moons": 2, "circles": 2, "xor": 2, "digits": 10}.get(self.name)
        if self.classes and most and self.classes > most:
            raise ValueError(f"{self.name} has at most {most} classes, not {self.classes}")
        return self


class Initializer(Declared):
    """How kernels are drawn; biases start at zero."""

    name: Literal[
        "auto", "he", "xavier", "lecun", "orthogonal", "constant", "normal", "uniform"
    ] = "auto"
    """`auto` is what suits the activation."""
    scale: float = 1.0
    """What the draw is multiplied by."""
    value: float = 0.0
    """Of `constant`."""
    std: NonNegativeFloat = 0.01
    """Of `normal`."""
    limit: NonNegativeFloat = 0.05
    """Of `uniform`: drawn from -limit to limit."""


Initial = Annotated[Initializer, BeforeValidator(_named)]


class NetworkSpec(Declared):
    """The network: dense layers `dense_1`, `dense_2`, ... and `output`."""

    hidden: tuple[PositiveInt, ...] = (32, 32)
    activation: ActivationName = "relu"
    initializer: Initial = Initializer()
    output_initializer: Initial | None = None
    """By default as the hidden layers, but xavier where those use he, lecun or orthogonal."""
    output: OutputName = "auto"
    outputs: PositiveInt | None = None
    """Units of the output layer; by default what the task needs."""
    loss: LossName = "auto"
    normalization: Literal["batch", "layer"] | None = None
    residual: bool = False
    """A shortcut past each hidden layer that is as wide as what enters it."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of hidden units silenced in a training step."""
    l2: NonNegativeFloat = 0.0
    """The loss has l2/2 times the squared norm of all kernels in it; the gradient l2 times them."""
    bias: bool = True
    precision: Literal["float64", "float32"] = "float64"
    frozen: tuple[str, ...] = ()
    """Names of layers that the optimizer was never given."""


class Clip(Declared):
    """A limit to gradients: of each number, of each tensor's norm, or of the norm of all."""

    by: Literal["value", "norm", "global_norm"] = "global_norm"
    at: Positive = 1.0


RATES = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02}
"""Usual learning rates for small networks; 0.003 for the adaptive optimizers."""


class OptimizerSpec(Declared):
    """An optimizer and its step size; what is not given is the usual value of that optimizer."""

    name: Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"] = "adam"
    learning_rate: NonNegativeFloat = Field(
        default_factory=lambda given: RATES.get(given["name"], 0.003) if "name" in given else 0.0
    )
    momentum: Annotated[float, Field(ge=0)] = 0.9
    """Of `momentum` and `nesterov`."""
    beta_1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta_2: Annotated[float, Field(ge=0, lt=1)] = Field(
        default_factory=lambda given: 0.9 if given.get("name") == "rmsprop" else 0.999
    )
    epsilon: NonNegativeFloat = 1e-8
    weight_decay: NonNegativeFloat = Field(
        default_factory=lambda given: 0.01 if given.get("name") == "adamw" else 0.0
    )
    """Decoupled (Loshchilov and Hutter 2019): kernels shrink by learning rate times this a step."""
    clip: Clip | None = None
    zero_grad: bool = True
    """False: gradients of earlier steps are never cleared and add up."""


class ScheduleSpec(Declared):
    """How the learning rate moves over the run, as a factor to the optimizer's."""

    name: Literal["constant", "step", "exponential", "cosine", "plateau"] = "constant"
    warmup: NonNegativeFloat = 0.0
    """Epochs (whole or not) over which the rate rises to its full size."""
    every: Positive = 10.0
    """Of `step`: epochs between two drops."""
    factor: Positive = Field(
        default_factory=lambda given: 0.95 if given.get("name") == "exponential" else 0.3
    )
    """Of one drop (`step`, `plateau`) or of one epoch (`exponential`)."""
    patience: PositiveInt = 5
    """Of `plateau`: epochs without a new best loss before a drop."""
    final: Share = 0.0
    """Of `cosine`: where it ends."""
    epochs: Positive | None = None
    """Of `cosine`: the length it is made for; by default the run's."""


class EarlyStopping(Declared):
    """End the run after so many epochs without a better validation loss; keep the best weights."""

    patience: PositiveInt = 10
    at_least: NonNegativeFloat = 0.0
    """By how much a loss must fall to count as better."""


class Record(Declared):
    """What is recorded beside loss, accuracy and learning rate."""

    layers: bool = True
    """Norms and statistics of each layer, the global gradient norm, and the probe batch."""
    every: PositiveInt = 1
    """Epochs from one record of the layers to the next; the last epoch is always one."""


class Training(Declared):
    """How a network is trained, whatever its data."""

    optimizer: Annotated[OptimizerSpec, BeforeValidator(_named)] = Field(
        default_factory=OptimizerSpec
    )
    schedule: Annotated[ScheduleSpec, BeforeValidator(_named)] = Field(default_factory=ScheduleSpec)
    batch_size: PositiveInt = 32
    epochs: PositiveInt = 40
    shuffle: bool = True
    early_stopping: EarlyStopping | None = None
    record: Record = Record()


class TrainingSpec(Training):
    """A whole training: data, network, and how the one is trained on the other."""

    data: DataSpec = DataSpec()
    network: NetworkSpec = NetworkSpec()

    def changed(self, changes: dict[str, Change]) -> "TrainingSpec":
        """This training with a remedy's changes made: `{"batch_size": {"multiply": 2}}`.

        Paths are dotted names of fields. Operations: `set`; `multiply`, `add`, `at_most` and
        `at_least` on numbers (each width of `network.hidden`); `keep` so many first entries of
        a list; `without` the entries of a list of that name or kind. A value that is `None` has
        nothing to multiply and stays; a bound, a sum or a `set` gives it a value, and makes the
        optional part around it (`optimizer.clip.at`) with its defaults.

        Raises SpecError, with all that is wrong: an unknown path (naming the nearest right one),
        an unknown operation, a value that does not fit.
        """
        return changed(self, changes)
