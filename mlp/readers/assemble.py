"""From a sheet to histories: what is told of its columns, its runs one by one, and their series."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from traindx.mlp.history import Array, History, Name, Series
from traindx.mlp.readers import choice, data_sets, own_steps
from traindx.mlp.readers.columns import Column, Sheet
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.named import Named, listed, named_columns
from traindx.mlp.readers.names import UNSPLIT, is_ignored, is_place, meaning, misspelt, plain, words
from traindx.mlp.readers.runs import Axis, Part, axis_columns, axis_of, carried, of_start, parts
from traindx.mlp.settings import Settings, Task

Aliases = Mapping[str, str]
SIGNALS = frozenset({"loss", "accuracy", "metric", "loss_component", "gradient_norm"}) | frozenset(
    {"reward", "kl", "reward_margin", "generator_loss", "discriminator_loss"}
)


class Wishes(dict[str, str]):
    """Aliases of which only the `required` ones must fit; the others do where they can."""

    def __init__(self, wished: Aliases, required: Aliases) -> None:
        super().__init__({**wished, **required})
        self.required = frozenset({*required, *required.values()})


def histories(sheet: Sheet, document: Document, aliases: Aliases) -> list[History]:
    """The runs of a sheet in the order of the file."""
    said = {**sheet.names, **_checked(aliases, sheet, document)}
    sheet = _without_summary(sheet)
    step, epoch = axis_columns(sheet, said)
    called, of_sets = data_sets.by_split(t for t in sheet.columns if t not in sheet.names)
    named, unknown = named_columns(sheet, said, {step, epoch}, called)
    if not named:
        raise ReadError(_nothing(document, sheet))
    notes = document.notes + sheet.notes + of_sets + _said_of(named, unknown)
    sheet, named, moved = _evaluations_placed(sheet, named, step)
    notes += moved
    runs = [
        _run(part, sheet, document, notes, (step, epoch))
        for part in parts(sheet, named, sheet.columns.get(step or epoch or ""), epoch)
    ]
    return _with_signal(runs) or runs[-1:]


def _checked(aliases: Aliases, sheet: Sheet, document: Document) -> Aliases:
    """The aliases by column; a ReadError about one for a column that is not there."""
    turned = dict(_by_column(*alias, sheet) for alias in aliases.items())
    required = aliases.required if isinstance(aliases, Wishes) else turned.keys()
    for title, said in turned.items():
        if title not in sheet.columns and title in required:
            near = get_close_matches(title, sheet.columns, 1)
            instead = f"did you mean '{near[0]}'?" if near else f"it has {listed(sheet.columns)}"
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
    open_ = [t for t in sheet.columns if not (t in sheet.names or is_ignored(t) or is_place(t))]
    likely = _likely(sheet.columns) or (open_ or list(sheet.columns))[:1]
    return (
        f"{document.name}: no column is known as a loss or a metric ({listed(sheet.columns)}); "
        f"name one with {_mapped(likely)} (in Python aliases={{'{likely[0]}': 'loss@train'}})"
    )


def _likely(titles: Iterable[str]) -> list[str]:
    """The columns that may be losses by their names."""
    return [title for title in titles if "loss" in plain(title)]


def _mapped(titles: Sequence[str]) -> str:
    """How the command line is told that these are losses, the second one of validation."""
    meant = zip(("loss", "loss@val"), titles, strict=False)
    return " ".join(shlex.join(["--map", f"{name}={title}"]) for name, title in meant)


def _without_summary(sheet: Sheet) -> Sheet:
    """The sheet without the numbers of a row that sums up the run (HF Trainer's last)."""
    ends = sheet.columns.get("train_runtime")
    if ends is None:
        return sheet
    kept = {t: c.only(~ends.recorded) for t, c in sheet.columns.items() if t != "train_runtime"}
    return replace(sheet, columns={t: c for t, c in kept.items() if c.recorded.any()})


def _said_of(named: Sequence[Named], unknown: Sequence[str]) -> tuple[str, ...]:
    notes = [f"left out, meaning unknown: {listed(unknown)}"] if unknown else []
    if (likely := _likely(unknown)) and not any("loss" in n.meaning.quantity for n in named):
        notes.append(f"{listed(likely)}: losses by their names; say which, as {_mapped(likely)}")
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
    found = own_steps.evaluations(carried(steps), trained, evaluated & ~trained)
    if found is None:
        return sheet, named, ()
    moved = [n for n in named if n.column.recorded[found.rows].any()]
    note = own_steps.remark([n.title for n in moved], found)
    named = [replace(n, column=found.averaged(n.column)) if n in moved else n for n in named]
    columns = {**sheet.columns, step: found.placed(steps)}
    return replace(sheet, columns=columns), named, (note,)


def _run(
    part: Part,
    sheet: Sheet,
    document: Document,
    notes: tuple[str, ...],
    axes: tuple[str | None, str | None],
) -> History:
    step, epoch = (sheet.columns[t].at(part.rows) if t else None for t in axes)
    axis = axis_of(part, step, epoch)
    chosen, said = choice.chosen(list(part.named), sheet.sums)
    series, unsorted = _series(chosen, axis)
    if axis.epochs is not None:
        series["epoch", ""] = _placed(axis.epochs, axis.places)
    settings = Settings(**{**_inferred(part.named, chosen), **sheet.settings})
    said = (*notes, *axis.notes, *of_start(axis), *said, *unsorted)
    titles = _titles(chosen, axis, dict(zip(("step", "epoch"), axes, strict=True)))
    return History(series, settings, axis.kind, document.name, said, titles)


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


def _placed(column: Column, places: Array) -> Series:
    """A series in the order of its places; of two values in one place the later."""
    x, values = places[column.recorded], column.values[column.recorded]
    if np.all(np.diff(x) > 0):
        return Series(x, values)
    order = np.argsort(x, kind="stable")
    x, values = x[order], values[order]
    last = np.append(np.diff(x) > 0, True)
    return Series(x[last], values[last])


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
