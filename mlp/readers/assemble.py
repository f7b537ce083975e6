"""From a sheet to histories: the axis, the runs in it, and what each column means.

Missing or not a number: an empty cell, `None` or `#na#` is silence. A NaN that was written is a
value, and training that broke is known by it, except where the row belongs to another split (only
its columns have numbers there) and the series goes on afterwards, in columns half of which or more
are NaN. In a data frame, which has no other word for an empty cell, a NaN is silence as soon as
the row has another number and the series goes on, or if only another split has numbers in the row;
a NaN at the end next to numbers of its own split is a value there too.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.history import Array, History, Name, Series
from traindx.mlp.readers import data_sets, own_steps, repeats
from traindx.mlp.readers.columns import Column, Sheet
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import (
    SPLITS,
    UNSPLIT,
    Meaning,
    axis_rank,
    declared,
    higher_is_better,
    is_error,
    is_ignored,
    meaning,
    misspelt,
    plain,
    without_split,
    words,
)
from traindx.mlp.settings import Settings, Task

Aliases = Mapping[str, str]


class Wishes(dict[str, str]):
    """Aliases of which only the `required` ones must fit; the others do where they can."""

    def __init__(self, wished: Aliases, required: Aliases) -> None:
        super().__init__({**wished, **required})
        self.required = frozenset({*required, *required.values()})


Mask = NDArray[np.bool_]
SIGNALS = frozenset({"loss", "accuracy", "metric", "loss_component", "gradient_norm"}) | frozenset(
    {"reward", "kl", "reward_margin", "generator_loss", "discriminator_loss"}
)
FARTHEST = 2.0**53
LATE = 10
"""Intervals of the log before its first row, if it begins in the middle of a run."""
MANY_ROWS = 1000
"""Rows without a step or an epoch column beyond which they are thought to be steps."""


@dataclass(frozen=True)
class Axis:
    """Where the rows lie: `places` (rows,), and the epochs, if another column has them."""

    kind: Literal["epoch", "step"]
    places: Array
    epochs: Column | None = None
    notes: tuple[str, ...] = ()
    numbered: bool = False
    """Whether the rows were counted, for no column says where they are."""


@dataclass(frozen=True)
class Named:
    """A column and what it means."""

    title: str
    column: Column
    meaning: Meaning

    @property
    def name(self) -> Name:
        return self.meaning.quantity, self.meaning.scope

    @property
    def split(self) -> str:
        return self.meaning.scope.partition("/")[0] or "train"

    def as_(self, quantity: str, scope: str) -> "Named":
        return replace(self, meaning=replace(self.meaning, quantity=quantity, scope=scope))


def histories(sheet: Sheet, document: Document, aliases: Aliases) -> list[History]:
    """The runs of a sheet in the order of the file."""
    aliases = _checked(aliases, sheet, document)
    sheet = _without_summary(sheet)
    step, epoch = _axis_columns(sheet, aliases)
    called, of_sets = data_sets.by_split(t for t in sheet.columns if t not in sheet.names)
    named, unknown = _named(sheet, aliases, {step, epoch}, called)
    if not named:
        raise ReadError(_nothing(document, sheet))
    notes = document.notes + sheet.notes + of_sets + _said_of(named, unknown)
    sheet, named, moved = _evaluations_placed(sheet, named, step)
    notes += moved
    runs = [
        _run(part, sheet, document, notes, (step, epoch))
        for part in _runs(sheet, named, sheet.columns.get(step or epoch or ""), epoch)
    ]
    return _with_signal(runs) or runs[-1:]


def _checked(aliases: Aliases, sheet: Sheet, document: Document) -> Aliases:
    """The aliases by column; a ReadError about one for a column that is not there."""
    turned = dict(_by_column(*alias, sheet) for alias in aliases.items())
    required = aliases.required if isinstance(aliases, Wishes) else turned.keys()
    for title, said in turned.items():
        if title not in sheet.columns and title in required:
            near = get_close_matches(title, sheet.columns, 1)
            instead = f"did you mean '{near[0]}'?" if near else f"it has {_listed(sheet.columns)}"
            raise ReadError(f"{document.name}: no column of numbers is called '{title}'; {instead}")
        if meant := misspelt(said):
            raise ReadError(f"{document.name}: '{said}' is no quantity; did you mean '{meant}'?")
    return {title: said for title, said in turned.items() if title in sheet.columns}


def _by_column(left: str, right: str, sheet: Sheet) -> tuple[str, str]:
    """A column and its name, whichever of the two was written first."""
    named = "@" in left or left in ("step", "epoch") or meaning(left) is not None
    return (right, left) if right in sheet.columns and named else (left, right)


def _nothing(document: Document, sheet: Sheet) -> str:
    if not sheet.columns:
        return f"{document.name}: no column of numbers; give a log with losses over time"
    open_ = [t for t in sheet.columns if not (t in sheet.names or is_ignored(t) or _is_place(t))]
    likely = _likely(sheet.columns) or (open_ or list(sheet.columns))[:1]
    return (
        f"{document.name}: no column is known as a loss or a metric ({_listed(sheet.columns)}); "
        f"name one with {_mapped(likely)} (in Python aliases={{'{likely[0]}': 'loss@train'}})"
    )


def _likely(titles: Iterable[str]) -> list[str]:
    """The columns that may be losses by their names."""
    return [title for title in titles if "loss" in plain(title)]


def _mapped(titles: Sequence[str]) -> str:
    """How the command line is told that these are losses, the second one of validation."""
    meant = zip(("loss", "loss@val"), titles, strict=False)
    return " ".join(shlex.join(["--map", f"{name}={title}"]) for name, title in meant)


def _listed(titles: Mapping[str, Any] | Sequence[str], most: int = 12) -> str:
    shown = ", ".join(f"'{title}'" for title in list(titles)[:most])
    return shown + (f" and {len(titles) - most} more" if len(titles) > most else "")


def _without_summary(sheet: Sheet) -> Sheet:
    """The sheet without the numbers of a row that sums up the run (HF Trainer's last)."""
    ends = sheet.columns.get("train_runtime")
    if ends is None:
        return sheet
    kept = {t: c.only(~ends.recorded) for t, c in sheet.columns.items() if t != "train_runtime"}
    return replace(sheet, columns={t: c for t, c in kept.items() if c.recorded.any()})


def _axis_columns(sheet: Sheet, aliases: Aliases) -> tuple[str | None, str | None]:
    """The names of the best step column and the best epoch column."""
    return _axis_column(sheet, aliases, "step"), _axis_column(sheet, aliases, "epoch")


def _axis_column(sheet: Sheet, aliases: Aliases, axis: str) -> str | None:
    ranks: dict[str, int] = {}
    for title, column in sheet.columns.items():
        said = aliases.get(title, sheet.names.get(title))
        rank = axis_rank(title, axis) if said is None else -1 if said.rstrip("@") == axis else None
        if rank is not None and _is_axis(column):
            ranks[title] = rank
    return min(ranks, key=lambda title: ranks[title], default=None)


def _is_axis(column: Column) -> bool:
    places = column.values[_is_place_value(column.values)]
    if 2 * len(places) < len(column.values):
        return False
    return len(column.values) <= 2 or bool(np.ptp(places) > 0)


def _named(
    sheet: Sheet, aliases: Aliases, axes: set[str | None], called: Mapping[str, str]
) -> tuple[list[Named], list[str]]:
    """The columns that mean something, and the titles of those that do not."""
    named, unknown = [], []
    for title, column in sheet.columns.items():
        said = aliases.get(title, sheet.names.get(title))
        if title in axes or said == "":
            continue
        found = declared(said) if said else _meant(title, called.get(title), sheet)
        if found is not None and found.quantity not in ("step", "epoch"):
            named.append(Named(title, column, found))
        elif not said and not is_ignored(title) and not _is_place(title):
            unknown.append(title)
    return _silenced(named, sheet.frame), unknown


def _meant(title: str, called: str | None, sheet: Sheet) -> Meaning | None:
    """What a column means by what it is called, if that is told."""
    if is_ignored(title):
        return None
    found = declared(called) if called and "@" in called else meaning(called or title)
    if found is not None and found.quantity == "accuracy" and _is_one_of_two(title, sheet):
        return None
    return found


def _is_one_of_two(title: str, sheet: Sheet) -> bool:
    """Whether the 1 at its end is the number of a data set, after 0, and not that of top-1."""
    return title.endswith("1") and f"{title[:-1]}0" in sheet.columns


def _is_place(title: str) -> bool:
    return axis_rank(title, "step") is not None or axis_rank(title, "epoch") is not None


def _said_of(named: Sequence[Named], unknown: Sequence[str]) -> tuple[str, ...]:
    notes = [f"left out, meaning unknown: {_listed(unknown)}"] if unknown else []
    if (likely := _likely(unknown)) and not any("loss" in n.meaning.quantity for n in named):
        notes.append(f"{_listed(likely)}: losses by their names; say which, as {_mapped(likely)}")
    notes += [
        f"'{n.title}' has {n.column.text} cells that are words, not numbers; they were left out"
        for n in named
        if n.column.text
    ]
    return tuple(notes)


def _evaluations_placed(
    sheet: Sheet, named: list[Named], step: str | None
) -> tuple[Sheet, list[Named], tuple[str, ...]]:
    """The evaluations that count steps by themselves, at the step where training was."""
    if step is None:
        return sheet, named, ()
    trained, evaluated = np.zeros((2, sheet.rows), dtype=bool)
    for n in named:
        side = trained if n.split == "train" else evaluated
        side |= n.column.recorded
    steps = sheet.columns[step]
    found = own_steps.evaluations(_carried(steps), trained, evaluated & ~trained)
    if found is None:
        return sheet, named, ()
    moved = [n for n in named if n.column.recorded[found.rows].any()]
    note = own_steps.remark([n.title for n in moved], found)
    named = [replace(n, column=found.averaged(n.column)) if n in moved else n for n in named]
    columns = {**sheet.columns, step: found.placed(steps)}
    return replace(sheet, columns=columns), named, (note,)


# --- NaN: silence or value ---------------------------------------------------------------------


def _silenced(named: list[Named], frame: bool) -> list[Named]:
    """The columns without the NaN that only mean an empty cell (see above)."""
    gappy = [n for n in named if np.isnan(n.column.values[n.column.recorded]).any()]
    if not gappy:
        return named
    finite = {n.title: np.isfinite(n.column.values) for n in named}
    return [_without_silence(n, named, finite, frame) if n in gappy else n for n in named]


def _without_silence(
    this: Named, named: Sequence[Named], finite: Mapping[str, Mask], frame: bool
) -> Named:
    own, other = np.zeros((2, len(this.column.values)), dtype=bool)
    for n in named:
        if n is not this:
            side = own if n.split == this.split else other
            side |= finite[n.title]
    nan = np.isnan(this.column.values) & this.column.recorded
    if not frame and 2 * nan.sum() < this.column.recorded.sum():
        return this
    ahead = _goes_on(finite[this.title], nan)
    elsewhere = ~own & other
    silent = nan & (((own | other) & ahead) | elsewhere if frame else elsewhere & ahead)
    return replace(this, column=this.column.only(~silent))


def _goes_on(finite: Mask, nan: Mask) -> Mask:
    """The rows after which a number follows, or whose gap is no longer than an earlier one."""
    places = np.flatnonzero(finite)
    if not len(places):
        return np.zeros(len(finite), dtype=bool)
    longest = int(np.max(np.diff(places), initial=1)) - 1
    end = places[-1] if len(finite) - 1 - places[-1] > longest else len(finite)
    return np.arange(len(finite)) < end


# --- Runs --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """The rows of one run."""

    rows: slice
    named: tuple[Named, ...]


def _runs(
    sheet: Sheet, named: Sequence[Named], places: Column | None, epoch: str | None
) -> Iterator[Part]:
    starts = _genuine(_starts(sheet, places, epoch), named, sheet.rows)
    for start, end in zip(starts, [*starts[1:], sheet.rows], strict=True):
        rows = slice(start, end)
        here = (replace(n, column=n.column.at(rows)) for n in named)
        yield Part(rows, tuple(n for n in here if n.column.recorded.any()))


def _genuine(starts: Sequence[int], named: Sequence[Named], rows: int) -> list[int]:
    """The starts after which a column goes on; training then evaluation rows are one run."""
    kept = [0]
    for start, end in pairwise([*starts[1:], rows]):
        before, after = slice(kept[-1], start), slice(start, end)
        if any(n.column.recorded[before].any() and n.column.recorded[after].any() for n in named):
            kept.append(start)
    return kept


def _starts(sheet: Sheet, places: Column | None, epoch: str | None) -> list[int]:
    """The rows where a run begins: the place falls back to where the run began."""
    if places is None:
        return [0, *(s for s in sheet.starts if 0 < s < sheet.rows)]
    x = _carried(places)
    drops = np.flatnonzero(np.diff(x) < 0) + 1
    if epoch and _resets(x, drops, sheet.columns[epoch]):
        drops = np.flatnonzero(np.diff(_carried(sheet.columns[epoch])) < 0) + 1
        x = _carried(sheet.columns[epoch])
    if 4 * len(drops) > len(x) > 8 and not sheet.starts:
        return [0]
    headers = {s for s in sheet.starts if 0 < s < len(x) and x[s] <= x[s - 1]}
    starts = [0]
    for i in sorted({int(drop) for drop in drops} | headers):
        begin = x[starts[-1]]
        if i in headers or x[i] - begin <= 0.1 * (x[i - 1] - begin):
            starts.append(i)
    return starts


def _resets(x: Array, drops: NDArray[np.intp], epoch: Column) -> bool:
    """Whether the steps are counted anew in each epoch."""
    epochs = _carried(epoch)
    return bool(len(drops)) and 2 * int(np.sum(epochs[drops] > epochs[drops - 1])) > len(drops)


def _carried(column: Column) -> Array:
    """The values with the last one before each gap filled in."""
    known = _is_place_value(column.values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
    filled = column.values[last]
    first = column.values[known][0] if known.any() else 0.0
    return np.where(_is_place_value(filled), filled, first)


def _is_place_value(values: Array) -> Mask:
    """Which values can be steps: finite, and small enough to be counted."""
    return np.abs(values) < FARTHEST


def _run(
    part: Part,
    sheet: Sheet,
    document: Document,
    notes: tuple[str, ...],
    axes: tuple[str | None, str | None],
) -> History:
    step, epoch = (sheet.columns[t].at(part.rows) if t else None for t in axes)
    axis = _axis(part, step, epoch)
    chosen, said = _chosen(list(part.named), sheet.sums)
    series, unsorted = _series(chosen, axis)
    if axis.epochs is not None:
        series["epoch", ""] = _placed(axis.epochs, axis.places)
    settings = Settings(**{**_inferred(part.named, chosen), **sheet.settings})
    said = (*notes, *axis.notes, *_of_start(axis), *said, *unsorted)
    titles = _titles(chosen, axis, dict(zip(("step", "epoch"), axes, strict=True)))
    return History(series, settings, axis.kind, document.name, said, titles)


def _of_start(axis: Axis) -> tuple[str, ...]:
    """That the log begins in the middle of a run, as one that was resumed does."""
    places = np.unique(axis.places[: 10 * MANY_ROWS])
    if axis.numbered or len(places) < 3 or places[0] <= LATE * float(np.median(np.diff(places))):
        return ()
    return (f"it begins at {axis.kind} {places[0]:g}; what came before is not in it",)


def _titles(chosen: Sequence[Named], axis: Axis, axes: Mapping[str, str | None]) -> dict[Name, str]:
    """What the log calls the series and the axes."""
    lines = {n.name: n.title for n in chosen}
    counted = {(kind, ""): title for kind, title in axes.items() if title and not axis.numbered}
    return lines | counted


def _with_signal(runs: Sequence[History]) -> list[History]:
    """The runs that have a loss or a metric of training or validation, if any has."""
    return [
        run
        for run in runs
        if any(name[0] in SIGNALS and not name[1].startswith("test") for name in run.series)
    ]


# --- Axis --------------------------------------------------------------------------------------


def _axis(part: Part, step: Column | None, epoch: Column | None) -> Axis:
    rows = part.rows.stop - part.rows.start
    numbered = np.arange(1.0, rows + 1)
    step, epoch = _where_counted(step), _where_counted(epoch)
    if step is None and epoch is None:
        return Axis("step" if rows > MANY_ROWS else "epoch", numbered, numbered=True)
    if step is not None:
        places, notes = _global(step, epoch)
        if _distinct(part, places) > 0.5:
            return Axis("step", places, epoch, notes)
    if epoch is not None:
        places = _carried(epoch)
        if _distinct(part, places) > 2 / 3 and (step is None or np.all(np.diff(places) > 0)):
            return Axis("epoch", places)
    note = "several rows have one step or epoch; the rows were numbered instead"
    return Axis("step", numbered, epoch, (note,), numbered=True)


def _where_counted(column: Column | None) -> Column | None:
    return column if column is not None and _is_place_value(column.values).any() else None


def _global(step: Column, epoch: Column | None) -> tuple[Array, tuple[str, ...]]:
    """Steps counted through, where they are counted anew in each epoch."""
    x = _carried(step)
    drops = np.flatnonzero(np.diff(x) < 0) + 1
    if epoch is None or not _resets(x, drops, epoch):
        return x, ()
    rises = np.diff(x)
    spacing = float(np.median(rises[rises > 0])) if (rises > 0).any() else 1.0
    back = np.zeros(len(x))
    back[drops] = x[drops - 1] - x[drops] + spacing
    return x + np.cumsum(back), ("steps are counted anew in each epoch; they were counted through",)


def _distinct(part: Part, places: Array) -> float:
    """The share of distinct places among those of the fullest column."""
    fullest = max(part.named, key=lambda n: int(n.column.recorded.sum()), default=None)
    if fullest is None:
        return 1.0
    own = places[fullest.column.recorded]
    return len(np.unique(own)) / len(own)


def _placed(column: Column, places: Array) -> Series:
    """A series in the order of its places; of two values in one place the later."""
    x, values = places[column.recorded], column.values[column.recorded]
    if np.all(np.diff(x) > 0):
        return Series(x, values)
    order = np.argsort(x, kind="stable")
    x, values = x[order], values[order]
    last = np.append(np.diff(x) > 0, True)
    return Series(x[last], values[last])


def _series(chosen: Sequence[Named], axis: Axis) -> tuple[dict[Name, Series], tuple[str, ...]]:
    series = {n.name: _placed(n.column, axis.places) for n in chosen}
    notes = []
    if np.any(np.diff(axis.places) < 0):
        notes.append("the steps do not rise throughout; the rows were sorted")
    own = [n for n in chosen if n.meaning.quantity not in UNSPLIT]
    lost = sum(int(n.column.recorded.sum()) - len(series[n.name]) for n in own)
    if lost:
        notes.append(f"{lost} values stand at a step that has another; the last one was taken")
    return series, tuple(notes)


# --- Which column is which series --------------------------------------------------------------


def _chosen(named: list[Named], sums: bool) -> tuple[list[Named], tuple[str, ...]]:
    """One column for each name, and what is doubtful about it."""
    notes: list[str] = []
    named = _without_echoes(named, notes)
    named = _of_validation(named, notes)
    named = _one_each(named, notes)
    named = _with_losses(named, sums, notes)
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
    measured = {words(n.title).core: n.column for n in named if _is_metric(n) and n.split == "val"}
    echoes = [
        n
        for n in named
        if _is_open(n) and (core := words(n.title).core) in measured
        if _is_echo(n.column, measured[core])
    ]
    if echoes:
        titles = _listed([n.title for n in echoes])
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
    metrics = [n for n in named if _is_metric(n)]
    told = any(n.meaning.split_named and n.split != "test" for n in metrics)
    if "train" in losses and all(n.split != "val" for n in named):
        notes += _said_of_training([n.title for n in metrics if _is_open(n)])
    if told or "train" not in losses or "val" not in losses:
        return named
    evaluated = losses["val"].column.recorded
    open_ = [n for n in metrics if _is_open(n) and not (n.column.recorded & ~evaluated).any()]
    if open_:
        titles = _listed([n.title for n in open_])
        notes.append(f"taken for measured on validation data, as only the losses say: {titles}")
    return [
        n.as_(n.meaning.quantity, "val" + n.meaning.scope[5:]) if n in open_ else n for n in named
    ]


def _said_of_training(titles: Sequence[str]) -> Iterator[str]:
    if titles:
        yield f"taken for measured on training data, as only the loss says: {_listed(titles)}"


def _is_metric(n: Named) -> bool:
    return n.meaning.quantity in ("accuracy", "metric")


def _is_open(n: Named) -> bool:
    """Whether it is a metric whose name does not say of which split, on rows of validation."""
    return (
        _is_metric(n) and n.split == "train" and not n.meaning.split_named and n.meaning.rank >= 0
    )


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
            others.append(n.as_(_second(n), f"{n.split}/{_rest(n.title)}"))
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
            yield f"'{taken.title}' was taken as the {name[1]} {name[0]}, not {_listed(left)}"


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


def _rest(title: str) -> str:
    """The name of a column without its split."""
    return without_split(title) or plain(title)


def _with_losses(named: list[Named], sums: bool, notes: list[str]) -> list[Named]:
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
    notes.append(f"the {split} loss is the sum of {_listed([n.title for n in parts])}")
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
    errors = [n for n in named if _is_metric(n) and n.split == "val" and is_error(n.title)]
    if "train" not in losses or "val" in losses or len(errors) != 1:
        return named
    error = errors[0]
    if any(n.split == "train" and _rest(n.title) == _rest(error.title) for n in named):
        return named
    notes.append(f"'{error.title}' was taken as the validation loss, for there is no other")
    return [n.as_("loss", "val") if n is error else n for n in named]


def _pairs_as_parts(named: list[Named], notes: list[str]) -> list[Named]:
    """With what training and validation both measure and falls as parts of a loss, if there are."""
    sides = {
        split: {_rest(n.title): n for n in named if n.split == split and _may_be_part(n)}
        for split in ("train", "val")
    }
    pairs = [(n, sides["val"][rest]) for rest, n in sides["train"].items() if rest in sides["val"]]
    parts = [n for pair in pairs if _falls(pair[0].column) for n in pair]
    if not parts or any(n.meaning.doubtful for n in named):
        return []
    titles = _listed([n.title for n in parts])
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


def _test_as_val(named: list[Named], notes: list[str]) -> list[Named]:
    """What was measured on test data along the way, as validation where there is no other."""
    splits = {n.split for n in named if n.meaning.quantity in ("loss", "accuracy", "metric")}
    tested = [n for n in named if n.split == "test"]
    if "val" in splits or max((int(n.column.recorded.sum()) for n in tested), default=0) < 2:
        return named
    notes.append("there is no validation; what was measured on test data was taken for it")
    return [
        n.as_(n.meaning.quantity, "val" + n.meaning.scope[4:]) if n in tested else n for n in named
    ]


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
        return n.as_("metric", f"{n.split}/{_rest(n.title)}")
    if largest <= 1.0001:
        return n
    notes.append(f"'{n.title}' is in per cent; it was divided by 100")
    return replace(n, column=replace(n.column, values=values / 100))


def _inferred(named: Sequence[Named], chosen: Sequence[Named]) -> dict[str, Any]:
    """What the columns say for certain about the task."""
    have = {n.meaning.quantity for n in named}
    titles = {token for n in named for token in words(n.title).given}
    task: Task | None = None
    if have & {"reward_margin", "chosen_logp"}:
        task = "preference"
    elif have & {"reward", "reward_std"}:
        task = "reinforcement"
    elif have >= {"generator_loss", "discriminator_loss"}:
        task = "adversarial"
    elif titles & {"perplexity", "ppl"}:
        task = "language_model"
    return {"task": task} if task else {}
