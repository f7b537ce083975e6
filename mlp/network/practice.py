"""train: from a TrainingSpec to the History of the run."""

import numpy as np

from traindx.mlp.history import History
from traindx.mlp.network.data import Dataset, make
from traindx.mlp.network.network import MLP
from traindx.mlp.network.spec import NetworkSpec, TrainingSpec


def train(spec: TrainingSpec, seed: int = 0) -> History:
    """Make the data, build the network, train it; equal to the bit for equal spec and seed.

    Data, initial weights and the order of the batches are drawn independently of one another: a
    change to one part of the spec leaves the others as they were.
    Raises SpecError where network and data do not fit together.
    """
    _, history = trained(spec, seed)
    return history


def trained(spec: TrainingSpec, seed: int = 0) -> tuple[MLP, History]:
    """The network beside its history."""
    drawing, starting, training = np.random.default_rng(seed).spawn(3)
    data = make(spec.data, drawing)
    network = built(spec.network, data, starting)
    return network, network.fit(
        data.x, data.y, validation=(data.x_val, data.y_val), seed=training, training=spec
    )


def built(spec: NetworkSpec, data: Dataset, seed: int | np.random.Generator) -> MLP:
    """A fresh network that fits the data."""
    several = data.classes if data.classes and data.classes > 2 else 1
    options = spec.model_dump(exclude_unset=True) | {"hidden": spec.hidden}
    outputs = spec.outputs or (2 if spec.output == "softmax" and data.classes == 2 else several)
    sizes = data.x.shape[1], *spec.hidden, outputs
    return MLP(sizes, task=data.task, classes=data.classes, seed=seed, **options)
