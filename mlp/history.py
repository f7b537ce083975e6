"""History: what a training run leaves behind, as named series and the settings it ran with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from traindx.mlp.settings import Settings

Array = NDArray[np.float64]
Asked = ParamSpec("Asked")
Found = TypeVar("Found")
Name = tuple[str, str]
"""A quantity and its scope: ("loss", "val"), ("learning_rate", ""), ("weight_norm", "dense_1")."""


@dataclass(frozen=True, eq=False)
class Series:
    """One quantity over the steps (or epochs) of a run.

    `steps` and `values` have one shape, (points,). Steps strictly increase and are finite.
    A point that was not recorded is not there; NaN and infinity among the values were recorded.
    """

    steps: Array
    values: Array

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Series)
            and np.array_equal(self.steps, other.steps)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    def finite(self) -> "Series":
        """The points whose value is finite (itself, if all are)."""
        mask = np.isfinite(self.values)
        return self if mask.all() else Series(self.steps[mask], self.values[mask])

    def before(self, step: float) -> "Series":
        """The points strictly before a step."""
        end = int(np.searchsorted(self.steps, step))
        return Series(self.steps[:end], self.values[:end])

    def tail(self, share: float = 0.2) -> Array:
        """The values of the last part of the run, at least one of them."""
        return self.values[-max(1, round(share * len(self.values))) :]


@dataclass(frozen=True)
class History:
    """The series of a run by (quantity, scope), layers in forward order, and its settings."""

    series: Mapping[Name, Series]
    settings: Settings = field(default_factory=Settings)
    axis: Literal["epoch", "step"] = "epoch"
    source: str = ""
    """Where it was read from."""
    notes: tuple[str, ...] = ()
    """What a reader has to say: doubtful mappings, other runs in the file, what was left out."""
    titles: Mapping[Name, str] = field(default_factory=dict)
    """What the log calls a series, as far as a reader knows; its axis is in it by its kind."""

    def get(self, quantity: str, scope: str = "") -> Series | None:
        """A series with at least one point, if it was recorded."""
        series = self.series.get((quantity, scope))
        return series if series is not None and len(series) else None

    def over(self, quantity: str) -> dict[str, Series]:
        """The series of a quantity by scope (its splits, or its layers in forward order)."""
        return dict(self._by_quantity.get(quantity, {}))

    @cached_property
    def _by_quantity(self) -> Mapping[str, Mapping[str, Series]]:
        index: dict[str, dict[str, Series]] = {}
        for (quantity, scope), series in self.series.items():
            if len(series.values):
                index.setdefault(quantity, {})[scope] = series
        return index

    def layers(self, quantity: str) -> dict[str, Series]:
        """The series of a quantity by layer; the one of the whole network is left out."""
        return {scope: series for scope, series in self.over(quantity).items() if scope}

    def __iter__(self) -> Iterator[Name]:
        return iter(self.series)


def once(
    measure: Callable[Concatenate[History, Asked], Found],
) -> Callable[Concatenate[History, Asked], Found]:
    """Have something measured once a history, and kept with it for as long as that lives."""

    @wraps(measure)
    def measured(history: History, /, *args: Asked.args, **more: Asked.kwargs) -> Found:
        kept: dict[Any, Found] = vars(history).setdefault("_measured", {})
        key = measure, args, *more.items()
        if key not in kept:
            kept[key] = measure(history, *args, **more)
        return kept[key]

    return measured


def curves(
    values: Mapping[Name, ArrayLike],
    settings: Settings | None = None,
    steps: Sequence[float] | None = None,
    axis: Literal["epoch", "step"] = "epoch",
    **more: Any,
) -> History:
    """A History from plain numbers; `None` among them is a point that was not recorded."""
    return History(
        {name: _series(v, steps) for name, v in values.items()},
        settings or Settings(),
        axis,
        **more,
    )


def _series(values: ArrayLike, steps: Sequence[float] | None) -> Series:
    recorded = np.array([v is not None for v in np.asarray(values, dtype=object)], dtype=bool)
    numbers = np.asarray(values, dtype=np.float64)
    places = np.arange(1.0, len(numbers) + 1) if steps is None else np.asarray(steps, np.float64)
    return Series(places[: len(numbers)][recorded], numbers[recorded])
