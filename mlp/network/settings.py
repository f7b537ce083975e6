"""The settings of a run of the embedded network, complete."""

from collections.abc import Iterator
from math import ceil

import numpy as np

from traindx.mlp.network.activations import Array
from traindx.mlp.network.initializers import spread
from traindx.mlp.network.network import MLP
from traindx.mlp.network.spec import Training
from traindx.mlp.settings import Distribution, Layer, Settings

Samples = tuple[Array, Array]


def settings(network: MLP, data: Samples, held: Samples | None, plan: Training) -> Settings:
    """All that is known of a run before it starts."""
    parts = _network(network) | _data(network, data, held) | _training(network, data, plan)
    return Settings.model_validate(parts)


def _network(network: MLP) -> dict[str, object]:
    spec = network.spec
    return {
        "task": network.task,
        "loss": network.objective.loss.removesuffix("_from_logits"),
        "from_logits": network.objective.loss.endswith("_from_logits"),
        "output_activation": network.objective.output,
        "output_units": network.sizes[-1],
        "layers": tuple(_layers(network)),
        "parameters": network.parameters.values.size,
        "dropout": spec.dropout,
        "l2": spec.l2,
        "normalization": spec.normalization is not None,
        "residual": spec.residual,
        "precision": spec.precision,
    }


def _layers(network: MLP) -> Iterator[Layer]:
    spec = network.spec
    for layer in network.layers:
        fan_in, fan_out = layer.kernel.shape
        initializer = network.initializer(layer)
        constant = initializer.name == "constant"
        own = (p for n, p in network.parameters.places.items() if n.startswith(f"{layer.name}/"))
        output = layer.name == "output"
        yield Layer(
            name=layer.name,
            kind="dense",
            units=fan_out,
            activation=network.objective.output if output else spec.activation,
            initializer=initializer.name,
            init_std=None if constant else spread(initializer, fan_in, fan_out),
            init_value=initializer.scale * initializer.value if constant else None,
            fan_in=fan_in,
            fan_out=fan_out,
            dropout=0.0 if output else spec.dropout,
            l2=spec.l2,
            parameters=sum(p.stop - p.start for p in own),
        )


def _data(network: MLP, data: Samples, held: Samples | None) -> dict[str, object]:
    x, y = data
    found: dict[str, object] = {
        "samples": len(x),
        "val_samples": len(held[0]) if held else 0,
        "input": distribution(x),
        "target": distribution(y),
        "augmentation": False,
        "pretrained": False,
    }
    if network.task == "regression":
        return found
    labels = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(int)
    counts = np.bincount(np.maximum(labels, 0), minlength=network.classes)
    shares = tuple(float(c) for c in counts / len(y))
    return found | {"classes": network.classes, "class_shares": shares}


def distribution(x: Array) -> Distribution:
    """Of numbers (samples, features), the finite ones."""
    finite = np.isfinite(x)
    seen = np.ma.array(x.astype(np.float64), mask=~finite)
    if not finite.any():
        return Distribution(nonfinite_share=1.0, features=x.shape[1])
    means, spreads = seen.mean(axis=0).compressed(), seen.std(axis=0).compressed()
    return Distribution(
        mean=float(seen.mean()),
        std=float(seen.std()),
        min=float(seen.min()),
        max=float(seen.max()),
        nonfinite_share=float(1 - finite.mean()),
        features=x.shape[1],
        constant_features=int(np.count_nonzero(seen.min(axis=0) == seen.max(axis=0))),
        feature_mean_min=float(means.min()),
        feature_mean_max=float(means.max()),
        feature_std_min=float(spreads.min()),
        feature_std_max=float(spreads.max()),
        integers=bool(np.all(seen.compressed() == np.round(seen.compressed()))),
        one_hot=_one_hot(x),
    )


def _one_hot(x: Array) -> bool:
    whole = x.shape[1] > 1 and bool(np.isin(x, (0, 1)).all())
    return whole and bool((x.sum(axis=1) == 1).all())


def _training(network: MLP, data: Samples, plan: Training) -> dict[str, object]:
    optimizer, steps = plan.optimizer, ceil(len(data[0]) / plan.batch_size)
    moving = optimizer.name in ("momentum", "nesterov")
    adam = optimizer.name in ("adam", "adamw")
    clip = optimizer.clip
    return {
        "optimizer": "sgd" if moving else optimizer.name,
        "learning_rate": optimizer.learning_rate,
        "momentum": optimizer.momentum if moving else 0.0,
        "nesterov": optimizer.name == "nesterov",
        "beta_1": optimizer.beta_1 if adam else None,
        "beta_2": optimizer.beta_2 if adam or optimizer.name == "rmsprop" else None,
        "epsilon": optimizer.epsilon if adam or optimizer.name == "rmsprop" else None,
        "weight_decay": optimizer.weight_decay,
        "clip_norm": clip.at if clip and clip.by != "value" else None,
        "clip_value": clip.at if clip and clip.by == "value" else None,
        "schedule": plan.schedule.name,
        "warmup_steps": round(plan.schedule.warmup * steps),
        "accumulation": 1,
        "batch_size": plan.batch_size,
        "epochs": plan.epochs,
        "steps_per_epoch": steps,
        "shuffle": plan.shuffle,
        "early_stopping": plan.early_stopping is not None,
    }
