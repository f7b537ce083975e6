"""The curve in small: the losses of a run as a terminal can draw them, and where trouble began.

A line for the first loss and marks for the second, so that they are told apart without colour too;
an `x` on top where a value was not finite.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from traindx.engine.render import WIDEST, plainly
from traindx.engine.report import Observation, Report
from traindx.mlp.history import Array, History, Series

SPLITS = {"train": "training loss", "val": "validation loss", "test": "test loss"}
ROWS = 6
WIDE = 76
"""Columns of a curve in small, labels and all."""
NARROW = 12
"""With fewer columns for itself, a curve tells nothing."""
DECADES = 100.0
"""From this ratio of largest to least on, the scale is logarithmic."""
DWARFED = 12.0
"""... and from this ratio of largest to middle on."""
FINE = 16
"""Samples of the line between two points, for each column of dots."""
INDENT = 3
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""The bits of a Braille character, by row and column."""
BLOCKS = "▁▂▃▄▅▆▇█"
ONSETS = {"since": "since {axis} {at}", "step": "{axis} {at}", "best_step": "best at {axis} {at}"}
"""What is said of the slots of a fact that tell when something began, the surest first."""
COLOURS = {"line": "cyan", "mark": "yellow", "odd": "bold red", "onset": "bold red", "frame": "dim"}

Chars = NDArray[np.str_]


@dataclass(frozen=True)
class Onset:
    """When what was diagnosed began, and how that is said."""

    at: float
    text: str


@dataclass(frozen=True, eq=False)
class Curve:
    """The losses of a run, at most two of them, and the onset of its first diagnosis."""

    series: Mapping[str, Series]
    axis: str
    onset: Onset | None = None

    @cached_property
    def span(self) -> tuple[float, float]:
        """The first and the last step."""
        ends = [s.steps[[0, -1]] for s in self.series.values()]
        return float(np.min(ends)), float(np.max(ends))

    @cached_property
    def values(self) -> Array:
        """All that are finite."""
        return np.concatenate([s.finite().values for s in self.series.values()] or [np.empty(0)])

    @cached_property
    def drawable(self) -> bool:
        """Whether there are two points to draw a line between."""
        return len(self.values) > 1 and self.span[1] > self.span[0]

    @cached_property
    def logarithmic(self) -> bool:
        """Whether the values span decades, or one of them would dwarf the others."""
        least, usual = float(self.values.min()), float(np.median(self.values))
        return least > 0 and float(self.values.max()) >= min(DECADES * least, DWARFED * usual)

    def columns(self, steps: Array, width: int) -> NDArray[np.int_]:
        """In which of so many columns each step lies."""
        first, last = self.span
        share = (steps - first) / (last - first)
        return _within(share, width)

    def scaled(self, values: Array) -> Array:
        """Values as they are plotted; halved, so that no difference of them overflows."""
        return np.log(values) if self.logarithmic else values / 2

    def heights(self, scaled: Array, rows: int) -> NDArray[np.int_]:
        """In which of so many rows, counted from the top, each scaled value lies."""
        low, high = self.scaled(np.array([self.values.min(), self.values.max()]))
        share = (scaled - low) / (high - low) if high > low else np.full(len(scaled), 0.5)
        return _within(1 - share, rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [*drawn(self, min(options.max_width, WIDEST), options.ascii_only)]
        yield from [Text(), *lines] if lines else ()


def _within(shares: Array, many: int) -> NDArray[np.int_]:
    """Shares of the whole as one of so many places."""
    places: NDArray[np.int_] = np.clip((shares * many).astype(int), 0, many - 1)
    return places


def curve(run: History, report: Report) -> Curve:
    """The training loss and that of the first other split there is, with the onset."""
    losses = run.over("loss")
    found = [(name, losses[split]) for split, name in SPLITS.items() if split in losses]
    shown = [(name, series) for name, series in found if len(series.finite())]
    return Curve(dict(shown[:2]), run.axis, _onset(report, run.axis))


def _onset(report: Report, axis: str) -> Onset | None:
    """Where the fault that comes first began, if what speaks for it says so."""
    first = [d for d in report.diagnoses[:1] if not d.benign]
    facts = [fact for d in first for line in d.evidence for fact in line.facts]
    whole = [known for fact in facts for known in report.facts if _same(fact, known)]
    for slot, said in ONSETS.items():
        for at in (fact.slots.get(slot) for fact in whole):
            if isinstance(at, float | int):
                return Onset(float(at), said.format(axis=axis, at=f"{at:.7g}"))
    return None


def _same(asked: Observation, known: Observation) -> bool:
    """Whether an observation is what of this fact was asked about."""
    return asked.kind == known.kind and asked.slots.items() <= known.slots.items()


def drawn(curve: Curve, width: int, ascii_only: bool = False) -> Iterator[Text]:
    """The curve, line by line, none longer than the width; nothing if there is no room for it."""
    if not curve.drawable:
        return
    labels = [_number(f(curve.values)) for f in (np.max, np.min)]
    margin = INDENT + max(map(len, labels)) + 2
    columns = min(width, WIDE) - margin
    if columns < NARROW:
        return
    grid = _grid(curve, columns, ascii_only)
    places = {0: labels[0], ROWS - 1: labels[1]} if len({*labels}) > 1 else {ROWS // 2: labels[0]}
    for number, row in enumerate(grid.rows):
        label = places.get(number, "")
        bar = "|" if ascii_only else "│"
        frame = f"{label:>{margin - 2}} {bar}", COLOURS["frame"]
        yield Text.assemble(frame, row, no_wrap=True)
    yield from _below(curve, margin, columns)
    yield from _legend(curve, width, ascii_only)


def drawing(curve: Curve) -> str:
    """The curve as plain text, as wide as it may get."""
    return "\n".join(line.plain for line in drawn(curve, WIDE))


def _number(value: Any) -> str:
    return plainly(f"{value:.3g}")


@dataclass(frozen=True)
class _Grid:
    """Characters and what each one is."""

    chars: Chars
    kinds: Chars

    def put(self, where: Any, char: Any, kind: str) -> None:
        self.chars[where] = char
        self.kinds[where] = kind

    @property
    def rows(self) -> Iterator[Text]:
        """Each as coloured text, without the blanks at its end."""
        for chars, kinds in zip(self.chars, self.kinds, strict=True):
            places = groupby(zip(kinds, chars, strict=True), key=itemgetter(0))
            runs = (("".join(c for _, c in run), COLOURS.get(k, "")) for k, run in places)
            row = Text.assemble(*runs, no_wrap=True)
            row.rstrip()
            yield row


def _grid(curve: Curve, columns: int, ascii_only: bool) -> _Grid:
    shape = (ROWS, columns)
    grid = _Grid(np.full(shape, " ", dtype="U1"), np.full(shape, "", dtype="U5"))
    line, *others = curve.series.values()
    if (at := _place(curve, columns)) is not None:
        grid.put((slice(None), at), ":", "onset")
    chars = _stars(curve, line, columns) if ascii_only else _dots(curve, line, columns)
    grid.put(chars != " ", chars[chars != " "], "line")
    for series in others:
        finite = series.finite()
        places = (
            curve.heights(curve.scaled(finite.values), ROWS),
            curve.columns(finite.steps, columns),
        )
        grid.put(places, "o", "mark")
    for series in curve.series.values():
        odd = series.steps[~np.isfinite(series.values)]
        grid.put((0, curve.columns(odd, columns)), "x", "odd")
    return grid


def _place(curve: Curve, columns: int) -> int | None:
    """The column of the onset, if it is within what is drawn and not its very end."""
    if curve.onset is None or not curve.span[0] <= curve.onset.at < curve.span[1]:
        return None
    return int(curve.columns(np.array([curve.onset.at]), columns)[0])


def _covered(curve: Curve, series: Series, columns: int, rows: int) -> NDArray[np.bool_]:
    """Which places the line through the points of a series covers; it breaks where one is odd."""
    own = curve.scaled(np.where(np.isfinite(series.values), series.values, np.nan))
    between = np.linspace(series.steps[0], series.steps[-1], FINE * columns)
    steps = np.concatenate([between, series.steps])
    scaled = np.concatenate([np.interp(between, series.steps, own), own])
    known = np.isfinite(scaled)
    places, heights = curve.columns(steps[known], columns), curve.heights(scaled[known], rows)
    top, end = np.full(columns, rows), np.full(columns, -1)
    np.minimum.at(top, places, heights)
    np.maximum.at(end, places, heights)
    level = np.arange(rows)[:, None]
    covered: NDArray[np.bool_] = (level >= top) & (level <= end)
    return covered


def _dots(curve: Curve, series: Series, columns: int) -> Chars:
    covered = _covered(curve, series, 2 * columns, 4 * ROWS)
    bits = covered.reshape(ROWS, 4, columns, 2).transpose(0, 2, 1, 3) * DOTS
    codes = bits.sum(axis=(2, 3))
    return np.array([[chr(0x2800 + c) if c else " " for c in row] for row in codes.tolist()])


def _stars(curve: Curve, series: Series, columns: int) -> Chars:
    return np.where(_covered(curve, series, columns, ROWS), "*", " ")


def _below(curve: Curve, margin: int, columns: int) -> Iterator[Text]:
    """The steps, and the onset under its place."""
    at = _place(curve, columns)
    if at is not None and curve.onset is not None:
        pointer = " " * margin + _pointer(at, curve.onset.text, columns)
        yield Text(pointer, COLOURS["onset"], no_wrap=True)
    first, last = (f"{step:.7g}" for step in curve.span)
    start = f"{curve.axis} {first}"
    ends = f"{start}  {last:>{columns - len(start) - 2}}"
    yield Text(" " * margin + ends, COLOURS["frame"], no_wrap=True)


def _pointer(at: int, said: str, columns: int) -> str:
    """A mark at a column, with what is said of it on the side where there is room."""
    if at + 2 + len(said) <= columns:
        return " " * at + f"^ {said}"
    return f"{said} ^".rjust(at + 1) if len(said) < at else " " * at + "^"


def _legend(curve: Curve, width: int, ascii_only: bool) -> Iterator[Text]:
    """What is drawn how, in a line if there is room for it."""
    signs = {"line": "*" if ascii_only else "⠤⠤", "mark": "o"}
    named = zip(signs.items(), curve.series.items(), strict=False)
    room = width - INDENT
    parts = [(f"{sign} {_told(*series, room - 3)}", kind) for (kind, sign), series in named]
    if any(not np.isfinite(s.values).all() for s in curve.series.values()):
        parts.append(("x not finite", "odd"))
    if curve.logarithmic:
        parts.append(("log scale", "frame"))
    gap = "   "
    alone = sum(len(part) + len(gap) for part, _ in parts) > width
    for line in [[part] for part in parts] if alone else [parts]:
        texts = [Text(part, COLOURS[kind]) for part, kind in line]
        yield Text(" " * INDENT, no_wrap=True) + Text(gap).join(texts)


def _told(name: str, series: Series, room: int) -> str:
    """What a series is called, with its ends if there is room for them."""
    ends = dict.fromkeys(map(_number, series.finite().values[[0, -1]]))
    whole = f"{name} {' to '.join(ends)}"
    return whole if len(whole) <= room else name


def spark(curve: Curve, columns: int) -> str:
    """The loss that is judged (that of unseen data, if there is one) in a single line."""
    each = [Curve({name: series}, curve.axis) for name, series in curve.series.items()]
    own = next((one for one in reversed(each) if one.drawable), None)
    if own is None:
        return ""
    [series] = own.series.values()
    covered = _covered(own, series, columns, len(BLOCKS))
    odd = {*own.columns(series.steps[~np.isfinite(series.values)], columns).tolist()}
    return "".join(_block(covered[:, n], n in odd) for n in range(columns))


def _block(column: NDArray[np.bool_], odd: bool) -> str:
    """The block as high as the middle of what is covered."""
    levels: list[int] = np.flatnonzero(column).tolist()
    if odd or not levels:
        return "x" if odd else " "
    return BLOCKS[-1 - levels[len(levels) // 2]]
