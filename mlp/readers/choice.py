"""Choice: which column is which series, where several could be, and what is doubtful about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from traindx.mlp.history import Name
from traindx.mlp.readers import repeats
from traindx.mlp.readers.columns import Column
from traindx.mlp.readers.losses import with_losses
from traindx.mlp.readers.named import Named, listed
from traindx.mlp.readers.names import plain, words


def chosen(named: list[Named], sums: bool) -> tuple[list[Named], tuple[str, ...]]:
    """One column for each name, and what is doubtful about it."""
    notes: list[str] = []
    named = _without_echoes(named, notes)
    named = _of_validation(named, notes)
    named = _one_each(named, notes)
    named = with_losses(named, sums, notes)
    named = _test_as_val(named, notes)
    named = _evaluated(named, notes)
    named = _measured(named, notes)
    named = [_share(n, notes) for n in named]
    notes += [
        f"'{n.title}' was taken as the {n.meaning.scope} loss, by its name alone"
        for n in named
        if n.meaning.doubtful and n.meaning.quantity == "loss"
    ]
    return named, tuple(dict.fromkeys(notes))


def _without_echoes(named: list[Named], notes: list[str]) -> list[Named]:
    """Without metrics of no named split that say again what validation has measured."""
    measured = {words(n.title).core: n.column for n in named if n.is_metric and n.split == "val"}
    echoes = [
        n
        for n in named
        if _is_open(n) and (core := words(n.title).core) in measured
        if _is_echo(n.column, measured[core])
    ]
    if echoes:
        titles = listed([n.title for n in echoes])
        notes.append(f"{titles}: the last or the best value of validation again; left out")
    return [n for n in named if n not in echoes]


def _is_echo(column: Column, measured: Column) -> bool:
    """Whether it moves, and holds nothing but the last values of another, or the best so far."""
    rows = np.flatnonzero(column.recorded)
    if np.all(column.values[rows] == column.values[rows[0]]):
        return False
    last = np.maximum.accumulate(np.where(measured.recorded, np.arange(len(column.values)), -1))
    if np.any(last[rows] < 0):
        return False
    best = np.fmax.accumulate(measured.values)
    return any(np.allclose(column.values[rows], v[last[rows]]) for v in (measured.values, best))


def _of_validation(named: list[Named], notes: list[str]) -> list[Named]:
    """With metrics of no named split as validation's, where both losses name theirs.

    So print fastai, HF's table of a notebook, and most loops that people write.
    """
    losses = {n.split: n for n in named if n.meaning.quantity == "loss" and n.meaning.split_named}
    metrics = [n for n in named if n.is_metric]
    told = any(n.meaning.split_named and n.split != "test" for n in metrics)
    if "train" in losses and all(n.split != "val" for n in named):
        notes += _said_of_training([n.title for n in metrics if _is_open(n)])
    if told or "train" not in losses or "val" not in losses:
        return named
    evaluated = losses["val"].column.recorded
    open_ = [n for n in metrics if _is_open(n) and not (n.column.recorded & ~evaluated).any()]
    if open_:
        titles = listed([n.title for n in open_])
        notes.append(f"taken for measured on validation data, as only the losses say: {titles}")
    return [_as_validation(n) if n in open_ else n for n in named]


def _said_of_training(titles: Sequence[str]) -> Iterator[str]:
    if titles:
        yield f"taken for measured on training data, as only the loss says: {listed(titles)}"


def _is_open(n: Named) -> bool:
    """Whether it is a metric whose name does not say of which split, on rows of validation."""
    return n.is_metric and n.split == "train" and not n.meaning.split_named and n.meaning.rank >= 0


def _one_each(named: Sequence[Named], notes: list[str]) -> list[Named]:
    """The best column of each name first; the others under names of their own."""
    best: dict[Name, Named] = {}
    others: list[Named] = []
    for n in sorted(_shared_rate_first(named), key=_preference):
        if n.name not in best:
            best[n.name] = n
        elif n.meaning.quantity == "learning_rate":
            others.append(n.as_("learning_rate", plain(n.title)))
        else:
            others.append(n.as_(_second(n), f"{n.split}/{n.rest}"))
    notes += _preferred(best, named)
    for n in others:
        best.setdefault(n.name, n)
    order = {n.title: i for i, n in enumerate(named)}
    return sorted(best.values(), key=lambda n: (_is_further_rate(n), order[n.title]))


def _is_further_rate(n: Named) -> bool:
    return n.meaning.quantity == "learning_rate" and bool(n.meaning.scope)


def _shared_rate_first(named: Sequence[Named]) -> Sequence[Named]:
    """With the learning rate that most groups of weights share before that of one group alone."""
    rates = [n for n in named if n.meaning.quantity == "learning_rate" and n.title[-1:].isdigit()]
    together = np.logical_and.reduce([n.column.recorded for n in rates]) if rates else np.zeros(1)
    if len(rates) < 3 or not together.any():
        return named
    values = np.array([n.column.values[together] for n in rates])
    middle = np.sort(values, axis=0)[(len(rates) - 1) // 2]
    agreement = np.mean(np.isclose(values, middle, rtol=1e-6, atol=0.0), axis=1)
    if np.sort(agreement)[-2] < 0.5:
        return named
    least = min(n.meaning.rank for n in rates)
    shared = rates[int(np.argmax(agreement))]
    first = replace(shared, meaning=replace(shared.meaning, rank=least - 1))
    return [first if n is shared else n for n in named]


def _preferred(best: Mapping[Name, Named], named: Sequence[Named]) -> Iterator[str]:
    """What was taken for a loss or an accuracy where other columns might be meant."""
    for name, taken in best.items():
        left = [n.title for n in named if n.name == name and n is not taken and not _is_twin(n)]
        if left and name[0] in ("loss", "accuracy"):
            yield f"'{taken.title}' was taken as the {name[1]} {name[0]}, not {listed(left)}"


def _is_twin(n: Named) -> bool:
    """Whether its name says that it is counted by steps or by epochs, as another may be too."""
    return bool(words(n.title).twin)


def _second(n: Named) -> str:
    """What a column is that is not the loss: one of its parts, or the same by another count."""
    word = words(n.title)
    part = n.meaning.quantity == "loss" and word.core != "loss" and not word.twin
    return "loss_component" if part else "metric"


def _preference(n: Named) -> tuple[bool, int, int, bool]:
    points = int(n.column.recorded.sum())
    return points < 2, n.meaning.rank, -points, not n.meaning.split_named


def _test_as_val(named: list[Named], notes: list[str]) -> list[Named]:
    """What was measured on test data along the way, as validation where there is no other."""
    splits = {n.split for n in named if n.meaning.quantity in ("loss", "accuracy", "metric")}
    tested = [n for n in named if n.split == "test"]
    if "val" in splits or max((int(n.column.recorded.sum()) for n in tested), default=0) < 2:
        return named
    notes.append("there is no validation; what was measured on test data was taken for it")
    return [_as_validation(n) if n in tested else n for n in named]


def _as_validation(n: Named) -> Named:
    return n.as_(n.meaning.quantity, "val" + n.meaning.scope.removeprefix(n.split))


def _evaluated(named: list[Named], notes: list[str]) -> list[Named]:
    """Without a validation that is 0 throughout because it was switched off."""
    losses = {n.meaning.scope: n.column for n in named if n.meaning.quantity == "loss"}
    if "val" not in losses or not _all_zero(losses["val"]):
        return named
    if "train" not in losses or _all_zero(losses["train"]):
        return named
    notes.append("the validation loss is 0 throughout, so it was not evaluated; left out")
    return [n for n in named if n.split != "val" or not _all_zero(n.column)]


def _measured(named: list[Named], notes: list[str]) -> list[Named]:
    """Without evaluations that were not made anew."""
    evaluated = [n for n in named if n.split == "val"]
    losses = [
        n.column for n in evaluated if "loss" in n.meaning.quantity and not n.meaning.doubtful
    ]
    again = repeats.repeated([n.column for n in evaluated], losses)
    if not len(again):
        return named
    notes.append(
        f"evaluations that repeat all of the one before to the last digit were left out "
        f"({len(again)}): the weights had not changed, or old values were logged again"
    )
    kept = np.ones(len(evaluated[0].column.values), dtype=bool)
    kept[again] = False
    return [replace(n, column=n.column.only(kept)) if n in evaluated else n for n in named]


def _all_zero(column: Column) -> bool:
    return not np.any(column.values[column.recorded])


def _share(n: Named, notes: list[str]) -> Named:
    """An accuracy as a share in 0..1; what cannot be one is a metric."""
    if n.meaning.quantity != "accuracy":
        return n
    values = n.column.values
    finite = values[np.isfinite(values)]
    least, largest = np.min(finite, initial=0.0), np.max(finite, initial=0.0)
    if least < 0 or largest > 100.001:
        notes.append(f"'{n.title}' is no accuracy: it reaches {largest if least >= 0 else least:g}")
        return n.as_("metric", f"{n.split}/{n.rest}")
    if largest <= 1.0001:
        return n
    notes.append(f"'{n.title}' is in per cent; it was divided by 100")
    return replace(n, column=replace(n.column, values=values / 100))
