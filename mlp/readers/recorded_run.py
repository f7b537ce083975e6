"""Recorded runs of Keras programs: configuration, history, and statistics of each layer's tensors.

Only what was measured or configured is read. An activation that is a layer of its own, right after
a linear layer with weights, is that layer's activation, and its output that layer's output.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, prod
from typing import Any

import numpy as np

from traindx.mlp.canonical import canonical
from traindx.mlp.history import Array, History, Name, Series
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.columns import column
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import meaning
from traindx.mlp.settings import Distribution, Layer, Settings

Json = Mapping[str, Any]
NUMBERS_OF_OPTIMIZER = ("momentum", "beta_1", "beta_2", "epsilon", "weight_decay")
SPREAD = ("mean", "std", "min", "max")
SPREAD_OF_EACH = ("mean_min", "mean_max", "std_min", "std_max")
RELU_LIKE = frozenset({"relu", "relu6", "leaky_relu"})
OF_WEIGHT = {"norm": "weight_norm", "mean": "weight_mean", "std": "weight_std"}
OF_GRADIENT = {"norm": "gradient_norm", "zero_frac": "gradient_zero_share"}
OF_ACTIVATION = {
    **{name: f"activation_{name}" for name in ("mean", "std", "rms", "min", "max", "sample_std")},
    "const_unit_frac": "constant_share",
    "nonfinite_frac": "activation_nonfinite_share",
}


def ours(group: str, name: object) -> str | None:
    """Our word for a framework's; its own in snake case, if we have none."""
    return canonical(group, name) if isinstance(name, str) and name else None


@dataclass(frozen=True)
class Place:
    """A layer of the configuration, and the one (itself or its activation) with its output."""

    layer: Json
    output: Json
    before: str | None
    """The layer whose output goes into it; None for the input."""

    @property
    def name(self) -> str:
        return str(self.layer.get("name"))

    @property
    def activation(self) -> str | None:
        own = self.output.get("activation")
        return str(own) if isinstance(own, str) else None


def recognise(document: Document) -> float:
    return 1.0 if {"config", "history", "stats", "stats_epochs"} <= document.keys else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """One history over epochs; 0 is before training."""
    data: Json = document.data
    config = _map(data.get("config"))
    places = list(_places(config))
    series = dict(_of_run(data))
    for place in places:
        series |= dict(_of_layer(place, data, config))
    series = {name: s for name, s in series.items() if len(s)}
    if not any(name[0] == "loss" for name in series):
        raise ReadError(f"{document.name}: the recorded run has no loss in its history")
    return [History(series, _settings(config, places), "epoch", document.name, document.notes)]


def _map(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else []


# --- Series ------------------------------------------------------------------------------------


def _of_run(data: Json) -> Iterator[tuple[Name, Series]]:
    history = _map(data.get("history"))
    epochs = _list(history.get("epoch")) or range(
        1, 1 + max(map(len, map(_list, history.values())), default=0)
    )
    for title, values in history.items():
        if title in ("epoch", "probe_loss"):
            continue
        found = meaning(title)
        if found is not None:
            yield (found.quantity, found.scope), _series(epochs, _list(values))
    probe = [data.get("initial_probe_loss"), *_list(history.get("probe_loss"))]
    yield ("probe_loss", "train"), _series([0, *epochs], probe)
    batches = _list(data.get("first_batch_running_losses"))
    yield ("batch_loss", "train"), _series(range(1, len(batches) + 1), batches)


def _series(steps: Sequence[Any], values: Sequence[Any]) -> Series:
    """The recorded points; None among the values was not recorded."""
    x, y = column(list(steps)[: len(values)]), column(values)
    if x is None or y is None:
        return Series(np.empty(0), np.empty(0))
    points = min(len(x.values), len(y.values))
    there = y.recorded[:points] & np.isfinite(x.values[:points])
    return _rising(x.values[:points][there], y.values[:points][there])


def _rising(steps: Array, values: Array) -> Series:
    steps, first = np.unique(steps, return_index=True)
    return Series(steps, values[first])


def _of_layer(place: Place, data: Json, config: Json) -> Iterator[tuple[Name, Series]]:
    stats, epochs = _map(data.get("stats")), _list(data.get("stats_epochs"))
    kernel, bias = f"{place.name}/kernel", f"{place.name}/bias"

    def over(kind: str, tensor: str, statistic: str) -> Series:
        values = _list(_map(_map(stats.get(kind)).get(tensor)).get(statistic))
        return _series(epochs, values)

    def all_of(kind: str, tensor: str, names: Mapping[str, str]) -> Iterator[tuple[Name, Series]]:
        for statistic, quantity in names.items():
            yield (quantity, place.name), over(kind, tensor, statistic)

    yield from all_of("weight", kernel, {**OF_WEIGHT, "nonfinite_frac": "weight_nonfinite_share"})
    ends = over("weight", kernel, "min"), over("weight", kernel, "max")
    yield ("weight_max", place.name), _largest(*ends)
    yield ("bias_norm", place.name), over("weight", bias, "norm")
    yield from all_of("grad", kernel, {**OF_GRADIENT, "nonfinite_frac": "gradient_nonfinite_share"})
    yield ("bias_gradient_norm", place.name), over("grad", bias, "norm")
    change = over("update", kernel, "norm")
    yield ("epoch_update_norm", place.name), Series(change.steps[1:], change.values[1:])
    if not place.layer.get("n_params") and _kind(place.layer) != "activation":
        return
    output = str(place.output.get("name"))
    yield ("input_rms", place.name), _input_rms(place, over, config, epochs)
    yield from all_of("activation", output, OF_ACTIVATION)
    if place.activation in RELU_LIKE:
        yield ("dead_share", place.name), over("activation", output, "dead_unit_frac")


def _largest(least: Series, most: Series) -> Series:
    """The largest absolute value, from the least and the largest."""
    if not np.array_equal(least.steps, most.steps):
        return _series([], [])
    return Series(least.steps, np.maximum(np.abs(least.values), np.abs(most.values)))


def _input_rms(place: Place, over: Any, config: Json, epochs: Sequence[Any]) -> Series:
    if place.before is not None:
        before: Series = over("activation", place.before, "rms")
        return before
    given = _distribution(config.get("input"))
    if given is None or given.mean is None or given.std is None:
        return _series([], [])
    return _series(epochs, [hypot(given.mean, given.std)] * len(epochs))


# --- Settings ----------------------------------------------------------------------------------


def _places(config: Json) -> Iterator[Place]:
    """The layers that have weights or stand alone, in forward order."""
    layers = [
        layer
        for layer in map(_map, _list(config.get("layers")))
        if layer.get("type") != "InputLayer"
    ]
    before: str | None = None
    taken = False
    for layer, after in zip(layers, [*layers[1:], {}], strict=False):
        if not taken:
            taken = _is_linear(layer) and _kind(after) == "activation"
            yield Place(layer, after if taken else layer, before)
        else:
            taken = False
        before = str(layer.get("name"))


def _is_linear(layer: Json) -> bool:
    return bool(layer.get("n_params")) and layer.get("activation") in (None, "linear")


def _kind(layer: Json) -> str | None:
    return ours("kind", layer.get("type"))


def _settings(config: Json, places: Sequence[Place]) -> Settings:
    layers = tuple(_layer(place) for place in places)
    optimizer = _map(config.get("optimizer"))
    samples, batch = _whole(config.get("n_train")), _whole(config.get("batch_size"))
    rates = [layer.dropout for layer in layers if layer.dropout is not None]
    decays = [layer.l2 for layer in layers if layer.l2 is not None]
    return Settings(
        **_of_data(config),
        **_of_optimizer(optimizer),
        loss=ours("loss", config.get("loss")),
        from_logits=bool(_flag(config.get("loss_from_logits"))),  # Keras assumes probabilities
        output_activation=_output_activation(config, layers),
        output_units=_output_units(places),
        batch_size=batch,
        steps_per_epoch=float(-(-samples // batch)) if samples and batch else None,
        epochs=_real(config.get("epochs_planned")),
        shuffle=_flag(config.get("shuffle")),
        precision=ours("precision", config.get("precision")),
        layers=layers or None,
        parameters=_whole(config.get("n_params")),
        dropout=max(rates, default=None),
        l2=max(decays, default=None),
        normalization=any(layer.kind == "norm" for layer in layers) if layers else None,
        samples=samples,
        val_samples=_whole(config.get("n_val")),
    )


def _of_data(config: Json) -> dict[str, Any]:
    task = config.get("task")
    task = task if task in ("binary", "multiclass", "multilabel", "regression") else None
    counted = [_whole(count) or 0 for count in _map(config.get("class_counts")).values()]
    whole = _whole(config.get("n_train")) if task == "multilabel" else sum(counted)
    shares = tuple(count / whole for count in counted) if counted and whole else None
    return {
        "task": task,
        "classes": len(counted) or None,
        "class_shares": shares,
        "class_weights": config.get("class_weight") is not None,
        "input": _distribution(config.get("input")),
        "target": _target(config, len(counted)),
    }


def _of_optimizer(optimizer: Json) -> dict[str, Any]:
    rate = _real(optimizer.get("learning_rate_initial_actual"))
    name = optimizer.get("cls") or optimizer.get("name")
    norms = [_real(optimizer.get(key)) for key in ("clipnorm", "global_clipnorm")]
    schedule = optimizer.get("lr_schedule")
    return {
        "optimizer": name.lower().replace("_", "") if isinstance(name, str) else None,
        "learning_rate": rate if rate is not None else _real(optimizer.get("learning_rate")),
        "nesterov": _flag(optimizer.get("nesterov")),
        "clip_norm": next((norm for norm in norms if norm is not None), None),
        "clip_value": _real(optimizer.get("clipvalue")),
        "schedule": ours("schedule", schedule) if schedule else "constant" if optimizer else None,
        **{k: _real(optimizer.get(k)) for k in NUMBERS_OF_OPTIMIZER},
    }


def _layer(place: Place) -> Layer:
    layer = place.layer
    initializer = _map(layer.get("kernel_initializer"))
    penalty = _map(layer.get("kernel_regularizer"))
    rate = _real(layer.get("rate"))
    fan_in, fan_out = _fans(layer)
    return Layer(
        name=place.name,
        kind=_kind(layer),
        units=_units(layer),
        activation=place.activation,
        initializer=_initializer(initializer),
        init_std=_init_std(initializer),
        init_value=_init_value(initializer),
        fan_in=fan_in,
        fan_out=fan_out,
        dropout=rate if _kind(layer) == "dropout" else None,
        l1=_real(penalty.get("l1")),
        l2=_real(penalty.get("l2")),
        parameters=_whole(layer.get("n_params")),
        trainable=_flag(layer.get("trainable")),
    )


def _units(layer: Json) -> int | None:
    return _whole(layer.get("units")) or _whole(layer.get("filters"))


def _fans(layer: Json) -> tuple[int | None, int | None]:
    """Inputs and outputs of one unit, from the number of parameters."""
    units, parameters = _units(layer), _whole(layer.get("n_params"))
    if not units or not parameters or _kind(layer) not in ("dense", "conv"):
        return None, None
    window = prod(_whole(side) or 1 for side in _list(layer.get("kernel_size")))
    return (parameters - units * bool(layer.get("use_bias"))) // units, window * units


def _initializer(given: Json) -> str | None:
    if given.get("name") != "VarianceScaling":
        return ours("initializer", given.get("name"))
    family = {(2.0, "fan_in"): "he", (1.0, "fan_avg"): "glorot", (1.0, "fan_in"): "lecun"}
    name = family.get(
        (_real(given.get("scale")) or 0.0, str(given.get("mode"))), "variance_scaling"
    )
    return f"{name}_{'uniform' if given.get('distribution') == 'uniform' else 'normal'}"


def _init_std(given: Json) -> float | None:
    low, high = _real(given.get("minval")), _real(given.get("maxval"))
    if low is not None and high is not None:
        return (high - low) / 12**0.5
    return _real(given.get("stddev"))


def _init_value(given: Json) -> float | None:
    fixed = {"Zeros": 0.0, "Ones": 1.0}.get(str(given.get("name")))
    return fixed if fixed is not None else _real(given.get("value"))


def _output_activation(config: Json, layers: Sequence[Layer]) -> str | None:
    own = next((layer.activation for layer in reversed(layers) if layer.activation), None)
    given = config.get("last_layer_activation")
    return own or (given if isinstance(given, str) else None)


def _output_units(places: Sequence[Place]) -> int | None:
    shape = _list(places[-1].layer.get("output_shape")) if places else []
    return _whole(shape[-1]) if shape else None


def _distribution(given: Any, **more: Any) -> Distribution | None:
    said, shape = _map(given), _list(_map(given).get("shape"))
    if not said:
        return None
    each = _map(said.get("per_feature"))
    width = prod(_whole(side) or 1 for side in shape[1:]) if shape else None
    kind = str(said.get("dtype", ""))
    values: dict[str, Any] = {key: _real(said.get(key)) for key in SPREAD}
    values |= {f"feature_{key}": _real(each.get(key)) for key in SPREAD_OF_EACH}
    values |= {"integers": True if "int" in kind or kind == "bool" else None, **more}
    return Distribution(
        nonfinite_share=_real(said.get("nonfinite_frac")),
        features=_whole(each.get("n")) or width,
        constant_features=_whole(each.get("constant_features")),
        **values,
    )


def _target(config: Json, classes: int) -> Distribution | None:
    """The targets; one column a class, of which one is 1, is one-hot."""
    target = _map(config.get("target"))
    width = prod(_whole(side) or 1 for side in _list(target.get("shape"))[1:])
    mean = _real(target.get("mean"))
    single = config.get("task") in ("binary", "multiclass") and mean is not None and width > 1
    one_hot = single and abs((mean or 0) * width - 1) < 1e-3 and _real(target.get("max")) == 1
    integers = {"integers": True} if classes else {}
    return _distribution(target, one_hot=one_hot if classes else None, **integers)


def _real(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _whole(value: Any) -> int | None:
    real = _real(value)
    return int(real) if real is not None and abs(real) < 2**63 and real == int(real) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
