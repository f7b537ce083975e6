"""Losses of splits that have none by name: made from their parts, or taken from an error."""

from collections.abc import Sequence

import numpy as np

from traindx.mlp.readers.columns import Column
from traindx.mlp.readers.named import Named, listed
from traindx.mlp.readers.names import SPLITS, Meaning, higher_is_better, is_error


def with_losses(named: list[Named], sums: bool, notes: list[str]) -> list[Named]:
    """With a loss for each split that has only components of it, or only an error."""
    if {"generator_loss", "reward", "reward_margin"} & {n.meaning.quantity for n in named}:
        return named
    made = _totals(named, sums, notes)
    if made or any(n.meaning.quantity == "loss" for n in named):
        return _error_of_validation(made + named, notes)
    if paired := _pairs_as_parts(named, notes):
        return _totals(paired, True, notes) + paired
    return _errors_as_losses(named)


def _totals(named: Sequence[Named], sums: bool, notes: list[str]) -> list[Named]:
    """The loss of each split that has only components of it."""
    direct = {n.meaning.scope for n in named if n.meaning.quantity == "loss"}
    made = []
    for split in [split for split in SPLITS if split not in direct]:
        parts = [n for n in named if n.meaning.quantity == "loss_component" and n.split == split]
        if parts:
            made.append(_total(parts, split, sums or not direct, notes))
    return made


def _total(parts: Sequence[Named], split: str, summed: bool, notes: list[str]) -> Named:
    """The loss of a split from its components: their sum, or the first of several."""
    if len(parts) == 1 or not summed:
        notes.append(f"'{parts[0].title}' was taken as the {split} loss")
        return parts[0].as_("loss", split)
    notes.append(f"the {split} loss is the sum of {listed([n.title for n in parts])}")
    recorded = np.logical_and.reduce([n.column.recorded for n in parts])
    if not recorded.any():
        return parts[0].as_("loss", split)
    values = np.zeros(len(recorded))
    with np.errstate(invalid="ignore", over="ignore"):  # infinite parts may cancel
        for n in parts:
            values[recorded] += n.column.values[recorded]
    total = Column(np.where(recorded, values, np.nan), recorded)
    return Named("+".join(n.title for n in parts), total, Meaning("loss", split))


def _error_of_validation(named: list[Named], notes: list[str]) -> list[Named]:
    """With the one error of validation as its loss, where there is a loss of training only."""
    losses = {n.split for n in named if n.meaning.quantity == "loss"}
    errors = [n for n in named if n.is_metric and n.split == "val" and is_error(n.title)]
    if "train" not in losses or "val" in losses or len(errors) != 1:
        return named
    error = errors[0]
    if any(n.split == "train" and n.rest == error.rest for n in named):
        return named
    notes.append(f"'{error.title}' was taken as the validation loss, for there is no other")
    return [n.as_("loss", "val") if n is error else n for n in named]


def _pairs_as_parts(named: list[Named], notes: list[str]) -> list[Named]:
    """With what training and validation both measure and falls as parts of a loss, if there are."""
    sides = {
        split: {n.rest: n for n in named if n.split == split and _may_be_part(n)}
        for split in ("train", "val")
    }
    pairs = [(n, sides["val"][rest]) for rest, n in sides["train"].items() if rest in sides["val"]]
    parts = [n for pair in pairs if _falls(pair[0].column) for n in pair]
    if not parts or any(n.meaning.doubtful for n in named):
        return []
    titles = listed([n.title for n in parts])
    notes.append(f"taken for parts of the loss, as they fall and nothing else is one: {titles}")
    return [n.as_("loss_component", n.meaning.scope) if n in parts else n for n in named]


def _may_be_part(n: Named) -> bool:
    """Whether it is a measure of which no word says more, and that is nowhere negative."""
    known = n.meaning.quantity != "metric" or higher_is_better(n.title) is not None
    return not known and n.meaning.split_named and not np.any(n.column.values < 0)


def _falls(column: Column) -> bool:
    values = column.values[np.isfinite(column.values)]
    third = len(values) // 3
    return third > 0 and bool(values[-third:].mean() < values[:third].mean())


def _errors_as_losses(named: list[Named]) -> list[Named]:
    """The best error measure of each split as its loss, the same one for all."""
    errors = [n for n in named if n.meaning.doubtful and n.meaning.quantity == "metric"]
    if not errors:
        return named
    rank = min(n.meaning.rank for n in errors)
    taken = {n.title for n in errors if n.meaning.rank == rank}
    return [n.as_("loss", n.split) if n.title in taken else n for n in named]
