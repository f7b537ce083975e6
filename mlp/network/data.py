"""Data made in place: shapes, curves and images of digits, and what may be done to harm them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import pi

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.network.activations import Array
from traindx.mlp.network.spec import DataSpec, NetworkTask, Spoil

Random = np.random.Generator
Labels = NDArray[np.int64]
REGRESSIONS = ("sine", "linear")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs (samples, features), and targets (samples,): whole numbers, if they are classes."""

    x: Array
    y: Array
    x_val: Array
    y_val: Array
    task: NetworkTask
    classes: int | None = None


def make(spec: DataSpec, rng: Random) -> Dataset:
    """The data that a spec describes: made, split, harmed in the order written, standardized."""
    drawing, splitting, spoiling = rng.spawn(3)
    x, y, classes = _drawn(spec, drawing)
    order = splitting.permutation(len(x))
    train, held = np.split(order, [len(x) - round(spec.validation * len(x))])
    task: NetworkTask = (
        "regression" if classes is None else "binary" if classes == 2 else "multiclass"
    )
    data = Dataset(x[train], y[train], x[held], y[held], task, classes)
    for spoil in spec.spoil:
        harm = SPOILS[spoil.kind]
        data = harm.apply(data, _spelled_out(spoil, harm), spoiling)
    return _standardized(data, spec)


def _drawn(spec: DataSpec, rng: Random) -> tuple[Array, Array, int | None]:
    if spec.name in REGRESSIONS:
        x, y = CURVES[spec.name](spec, rng)
        return _widened(x, spec, rng), y, None
    classes = spec.classes or {"blobs": 3, "digits": 10}.get(spec.name, 2)
    labels = _labels(spec, classes, rng)
    x = SHAPES[spec.name](labels, spec, rng)
    return _widened(x, spec, rng), labels.astype(np.float64), classes


def _labels(spec: DataSpec, classes: int, rng: Random) -> Labels:
    """Classes in equal parts, or as a spoil wants them; each at least once."""
    shares = np.full(classes, 1 / classes)
    for spoil in spec.spoil:
        if spoil.kind == "imbalance":
            few = _spelled_out(spoil, SPOILS["imbalance"]).share or 0.0
            shares = np.array([1 - few, *np.full(classes - 1, few / (classes - 1))])
    counts = np.maximum(1, np.round(spec.samples * shares).astype(int))
    counts[0] += spec.samples - counts.sum()
    labels: Labels = np.repeat(np.arange(classes), counts)
    return rng.permutation(labels)


def _widened(x: Array, spec: DataSpec, rng: Random) -> Array:
    """With as many features as asked for: noise beside those that say something."""
    more = max(0, (spec.features or 0) - x.shape[1])
    return np.hstack([x, rng.standard_normal((len(x), more))]) if more else x


def _two_moons(labels: Labels, spec: DataSpec, rng: Random) -> Array:
    angle, second = rng.uniform(0, pi, len(labels)), labels == 1
    x = np.where(second, 1 - np.cos(angle), np.cos(angle))
    return np.column_stack([x, np.where(second, 0.5 - np.sin(angle), np.sin(angle))])


def _circles(labels: Labels, spec: DataSpec, rng: Random) -> Array:
    angle = rng.uniform(0, 2 * pi, len(labels))
    radius = 1 - 0.5 * labels
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _spirals(labels: Labels, spec: DataSpec, rng: Random) -> Array:
    radius = rng.uniform(0.1, 1, len(labels))
    angle = 2 * pi * (labels / (spec.classes or 2) + radius)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _xor(labels: Labels, spec: DataSpec, rng: Random) -> Array:
    x = rng.uniform(0.05, 1, (len(labels), 2)) * rng.choice([-1, 1], (len(labels), 1))
    return np.column_stack([x[:, 0], x[:, 1] * (1 - 2 * labels)])


def _blobs(labels: Labels, spec: DataSpec, rng: Random) -> Array:
    """Around centres at distance one from the origin: on a ring, or anywhere on the sphere."""
    classes, features = spec.classes or 3, spec.features or 2
    if features == 2:
        angle = 2 * pi * np.arange(classes) / classes
        centres = np.column_stack([np.cos(angle), np.sin(angle)])
    else:
        centres = rng.standard_normal((classes, features))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return centres[labels]


def _noisy(
    shape: Callable[[Labels, DataSpec, Random], Array],
) -> Callable[[Labels, DataSpec, Random], Array]:
    def noisy(labels: Labels, spec: DataSpec, rng: Random) -> Array:
        x = shape(labels, spec, rng)
        return x + spec.noise * rng.standard_normal(x.shape)

    return noisy


def _sine(spec: DataSpec, rng: Random) -> tuple[Array, Array]:
    x = rng.uniform(-pi, pi, (spec.samples, 1))
    return x, np.sin(x[:, 0]) + spec.noise * rng.standard_normal(spec.samples)


def _linear(spec: DataSpec, rng: Random) -> tuple[Array, Array]:
    """The true weights have a norm of one."""
    x = rng.standard_normal((spec.samples, spec.features or 5))
    weights = rng.standard_normal(x.shape[1])
    exact = x @ (weights / np.linalg.norm(weights))
    return x, exact + spec.noise * rng.standard_normal(spec.samples)


GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
"""Digits of five by seven dots, by row."""


def _digits(labels: Labels, spec: DataSpec, rng: Random) -> Array:
    """Images by row, each glyph moved, stretched, slanted and of its own brightness."""
    size, n = spec.size, len(labels)
    glyphs = np.array([[[int(dot) for dot in row] for row in g.split()] for g in GLYPHS], float)
    padded = np.pad(glyphs, ((0, 0), (1, 2), (1, 2)))
    grid = (np.arange(size) + 0.5) / size - 0.5
    shift = rng.uniform(-0.07, 0.07, (2, n, 1, 1))
    stretch = rng.uniform(0.95, 1.2, (2, n, 1, 1))
    slant = rng.uniform(-0.15, 0.15, (n, 1, 1))
    down = (grid[:, None] - shift[0]) * stretch[0]
    across = (grid[None, :] - shift[1]) * stretch[1] + slant * down
    images = _sampled(padded, labels, 3.5 + 7.5 * down, 2.5 + 6.5 * across)
    return (images * rng.uniform(0.7, 1.0, (n, 1, 1))).reshape(n, size * size)


def _sampled(glyphs: Array, labels: Labels, row: Array, column: Array) -> Array:
    """Glyphs between their dots, by bilinear interpolation; `row` and `column` in dots."""
    row, column = np.broadcast_arrays(
        np.clip(row + 0.5, 0, glyphs.shape[1] - 1.001),
        np.clip(column + 0.5, 0, glyphs.shape[2] - 1.001),
    )
    r, c, which = row.astype(int), column.astype(int), labels[:, None, None]
    down, right = row - r, column - c
    upper = glyphs[which, r, c] * (1 - right) + glyphs[which, r, c + 1] * right
    lower = glyphs[which, r + 1, c] * (1 - right) + glyphs[which, r + 1, c + 1] * right
    return np.asarray(upper * (1 - down) + lower * down)


SHAPES = {
    "two_moons": _noisy(_two_moons),
    "spirals": _noisy(_spirals),
    "blobs": _noisy(_blobs),
    "circles": _noisy(_circles),
    "xor": _noisy(_xor),
    "digits": _noisy(_digits),
}
CURVES = {"sine": _sine, "linear": _linear}


@dataclass(frozen=True)
class Harm:
    """What a spoil does, and how much of it where the spoil does not say."""

    apply: Callable[[Dataset, Spoil, Random], Dataset]
    factor: float | None = None
    share: float | None = None


def _spelled_out(spoil: Spoil, harm: Harm) -> Spoil:
    return Spoil(
        kind=spoil.kind,
        factor=harm.factor if spoil.factor is None else spoil.factor,
        share=harm.share if spoil.share is None else spoil.share,
    )


def _chosen(rows: int, spoil: Spoil, rng: Random) -> Labels:
    """Some rows, as large a share as the spoil says, at least one if it says any."""
    count = min(rows, int(np.ceil((spoil.share or 0) * rows)))
    return rng.choice(rows, count, replace=False)


def _scale_one_input(data: Dataset, spoil: Spoil, rng: Random) -> Dataset:
    scale = np.ones(data.x.shape[1])
    scale[0] = spoil.factor
    return replace(data, x=data.x * scale, x_val=data.x_val * scale)


def _shuffle_labels(data: Dataset, spoil: Spoil, rng: Random) -> Dataset:
    def shuffled(y: Array) -> Array:
        rows, y = _chosen(len(y), spoil, rng), y.copy()
        y[rows] = rng.permutation(y[rows])
        return y

    return replace(data, y=shuffled(data.y), y_val=shuffled(data.y_val))


def _in_rows(
    change: Callable[[Array, float], Array],
) -> Callable[[Dataset, Spoil, Random], Dataset]:
    """Changes some rows of the training inputs."""

    def apply(data: Dataset, spoil: Spoil, rng: Random) -> Dataset:
        rows, x = _chosen(len(data.x), spoil, rng), data.x.copy()
        x[rows] = change(x[rows], spoil.factor or 1.0)
        return replace(data, x=x)

    return apply


def _inputs(change: Callable[[Array, float], Array]) -> Callable[[Dataset, Spoil, Random], Dataset]:
    return lambda data, spoil, rng: replace(
        data, x=change(data.x, spoil.factor or 0.0), x_val=change(data.x_val, spoil.factor or 0.0)
    )


def _targets(
    change: Callable[[Array, float], Array],
) -> Callable[[Dataset, Spoil, Random], Dataset]:
    return lambda data, spoil, rng: replace(
        data, y=change(data.y, spoil.factor or 0.0), y_val=change(data.y_val, spoil.factor or 0.0)
    )


def _duplicate_split(data: Dataset, spoil: Spoil, rng: Random) -> Dataset:
    """Validation rows replaced by training rows."""
    rows, x, y = _chosen(len(data.x_val), spoil, rng), data.x_val.copy(), data.y_val.copy()
    source = rng.choice(len(data.x), len(rows))
    x[rows], y[rows] = data.x[source], data.y[source]
    return replace(data, x_val=x, y_val=y)


def _sort(data: Dataset, spoil: Spoil, rng: Random) -> Dataset:
    """Training rows by target; it only matters where they are not shuffled again."""
    order = np.argsort(data.y, kind="stable")
    return replace(data, x=data.x[order], y=data.y[order])


SPOILS = {
    "scale_inputs": Harm(_inputs(lambda x, factor: x * factor), factor=1000),
    "shift_inputs": Harm(_inputs(lambda x, factor: x + factor), factor=100),
    "scale_one_input": Harm(_scale_one_input, factor=1000),
    "scale_targets": Harm(_targets(lambda y, factor: y * factor), factor=1000),
    "shift_targets": Harm(_targets(lambda y, factor: y + factor), factor=100),
    "shuffle_labels": Harm(_shuffle_labels, share=1.0),
    "nan_rows": Harm(_in_rows(lambda x, factor: x * np.nan), share=0.01),
    "outliers": Harm(_in_rows(lambda x, factor: x * factor), factor=100, share=0.01),
    "duplicate_split": Harm(_duplicate_split, share=1.0),
    "scale_validation": Harm(
        lambda data, spoil, rng: replace(data, x_val=data.x_val * (spoil.factor or 0.0)), factor=255
    ),
    "sort": Harm(_sort),
    # The labels were drawn so, see _labels.
    "imbalance": Harm(lambda data, spoil, rng: data, share=0.05),
}


def _standardized(data: Dataset, spec: DataSpec) -> Dataset:
    """By the training part's mean and spread, its finite numbers only."""
    if spec.standardize:
        mean, std = _moments(data.x)
        data = replace(data, x=(data.x - mean) / std, x_val=(data.x_val - mean) / std)
    if spec.standardize_targets and data.task == "regression":
        mean, std = _moments(data.y)
        data = replace(data, y=(data.y - mean) / std, y_val=(data.y_val - mean) / std)
    return data


def _moments(x: Array) -> tuple[Array, Array]:
    """Mean and standard deviation by column; a column that does not vary is only shifted."""
    mask = np.isfinite(x)
    count = np.maximum(mask.sum(axis=0), 1)
    mean = np.where(mask, x, 0).sum(axis=0) / count
    std = np.sqrt((np.where(mask, x - mean, 0) ** 2).sum(axis=0) / count)
    return mean, np.where(std > 0, std, 1)
