"""Settings: the configuration of a run, as far as it is known. Every field may be missing."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Task = Literal[
    "binary",
    "multiclass",
    "multilabel",
    "regression",
    "language_model",
    "reinforcement",
    "adversarial",
    "preference",
]


class Declared(BaseModel):
    """Base of what is written into a run record: no key goes unread, nothing changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Layer(Declared):
    """One layer, in forward order. `name` is the scope of the layer's series."""

    name: str
    kind: str | None = None
    """dense, conv, recurrent, attention, embedding, norm, dropout, activation, reshape, pool ..."""
    units: int | None = None
    activation: str | None = None
    initializer: str | None = None
    init_std: float | None = None
    """The standard deviation that the initializer was asked for, where it takes one."""
    init_value: float | None = None
    """The constant of a constant initializer (0 for zeros, 1 for ones)."""
    fan_in: int | None = None
    fan_out: int | None = None
    dropout: float | None = None
    l1: float | None = None
    l2: float | None = None
    parameters: int | None = None
    trainable: bool | None = None

    def __hash__(self) -> int:
        """Of what tells layers apart: a network's layers are looked up often."""
        return hash((self.name, self.kind, self.units))


class Distribution(Declared):
    """What is known of the numbers that go in, or of the targets."""

    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    nonfinite_share: float | None = None
    features: int | None = None
    constant_features: int | None = None
    feature_mean_min: float | None = None
    feature_mean_max: float | None = None
    feature_std_min: float | None = None
    feature_std_max: float | None = None
    integers: bool | None = None
    """Whether every value is a whole number."""
    one_hot: bool | None = None


class Settings(Declared):
    """The configuration of a run. `None` means that it is not known, never that it is off."""

    task: Task | None = None
    classes: int | None = None
    class_shares: tuple[float, ...] | None = None
    class_weights: bool | None = None
    """Whether the classes count unequally in the training loss."""
    vocabulary: int | None = None

    loss: str | None = None
    """cross_entropy, binary_cross_entropy, mse, mae, huber, hinge, kl, ... (see `canonical`)."""
    from_logits: bool | None = None
    output_activation: str | None = None
    output_units: int | None = None

    optimizer: str | None = None
    learning_rate: float | None = None
    momentum: float | None = None
    nesterov: bool | None = None
    beta_1: float | None = None
    beta_2: float | None = None
    epsilon: float | None = None
    weight_decay: float | None = None
    l2: float | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    schedule: str | None = None
    """constant, step, exponential, cosine, linear, plateau, ..."""
    warmup_steps: int | None = None
    accumulation: int | None = None

    batch_size: int | None = None
    epochs: float | None = None
    """Epochs planned."""
    steps_per_epoch: float | None = None
    shuffle: bool | None = None
    precision: str | None = None
    """float32, float64, float16, bfloat16, mixed_float16, mixed_bfloat16."""
    early_stopping: bool | None = None

    layers: tuple[Layer, ...] | None = None
    """In forward order, the output layer last."""
    parameters: int | None = None
    dropout: float | None = None
    """The largest dropout rate used."""
    normalization: bool | None = None
    residual: bool | None = None

    samples: int | None = None
    val_samples: int | None = None
    input: Distribution | None = None
    target: Distribution | None = None
    augmentation: bool | None = None
    pretrained: bool | None = None
