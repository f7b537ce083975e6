"""Text logs: lines with "name: value", "name=value" or "train loss 2.1", progress bars too."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, groupby, islice
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows, number
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import higher_is_better, meaning, quantity_of, translated, words
from traindx.mlp.readers.text_pairs import AXES, BARE, SPLIT, Pair, pairs, unknown, values
from traindx.mlp.readers.text_places import PLACE, TOTAL, Row, epoch, placed, step
from traindx.mlp.readers.text_settings import settings_in
from traindx.mlp.readers.thinning import thinned_rows

HEADING = re.compile(
    r"(?:^|[-:|\]>]\s)\W*(?:(?:now|start\w*|begin\w*|running|run|doing|performing|model|in)\W+)*"
    r"(?P<split>eval\w*|valid\w*|test\w*)\b(?:\W+(?:set|subset|data|dataset|on|in|for|the|at|of|a"
    r"|mode|model|stats|results?|calculation|begins?|starts?|started|phase|metrics?|running|net"
    r"|summary|performance|epoch|after|valid\w*|test|dev|eval|\d+)\b)*\W*$",
    re.IGNORECASE,
)
SPLITS = {"e": "eval", "v": "val", "t": "test"}
EVALUATING = re.compile(r"\b(?:testing|validating|evaluating|evaluation)\b", re.IGNORECASE)
RESULT = re.compile(r"^\s*(\*)\s+(?:Acc|Prec)@1|\bSaving dict for global step\b")
UNFINISHED = re.compile(
    r"(?<!\d)(?P<done>\d+)/(?!(?P=done)\b)\d+\s+(?:\[[=>. ]+\]|[━╸╺ ]*━)"
    r"|\d/\d+\s+(?:\[[=>. ]+\]\s*)?-\s+ETA\b"
)
"""A progress bar on its way, whose numbers are means of an epoch so far."""
BEST = re.compile(r"\bbest (?:val|acc|epoch)|\bnew best\b.*\d|early stopp", re.IGNORECASE)
SAVING = re.compile(r"\b(?:sav(?:e|ed|ing)|checkpoint)\b|\bbest\b|最佳|最好|保存", re.IGNORECASE)
"""Beside it stands what was printed already."""
END = "train_runtime"
"""It stands in the line that sums up a run of HF Trainer."""
STAMP = re.compile(r"\d{2,4}[-/.]\d\d?[-/.]\d{2,4}[ T]?|\d\d?:\d\d(?::\d\d)?(?:[,.]\d+)?Z?")
LOSS = re.compile(
    r"loss\w*['\"]?(?:\s*\(\w+\))?(?:\s(?:in|on|for|over)\s(?:the\s)?\w+(?:\s\w+)?)?"
    r"(?:\s+(?:is|was))?(?:\s*[:=]+\s*|\s)['\"\[(]?(?:tensor\()?[-+.\dnNi]",
    re.IGNORECASE,
)
MOST = 0.35
SIGNALS = ("loss", "accuracy", "reward", "loss_component", "generator_loss", "discriminator_loss")
FEW = 2
"""Rows; with fewer the states that a progress bar went through are rows too."""
PLACES = AXES | {TOTAL}
MOST_UNKNOWN = 40
"""Names without a meaning that are kept, to be told."""
HEAD = 50_000
TABLE_LINES = 5
MOST_TRIED = 200
"""Lines that are tried whether they tell something."""


def recognise(document: Document) -> float:
    """Whether a line in it gives a loss; or two lines something else that is learned by."""
    if document.given is not None or document.data is not None or not document.text:
        return 0.0
    if LOSS.search(document.text):
        return MOST
    if _is_table(document.text[:HEAD].splitlines()[:TABLE_LINES]):
        return 0.0
    spoken = (line for line in _lines(document.text[:HEAD]) if _speaks(line))
    told = (r for r in _rows(islice(spoken, MOST_TRIED), _is_bare(document)) if _signals(r))
    return 0.2 if len(list(islice(told, 2))) == 2 else 0.0


def _is_table(lines: Sequence[str]) -> bool:
    """Whether cells are parted in every line, and no name stands beside its number."""
    return bool(lines) and all(
        ("," in line or "\t" in line) and ":" not in line and "=" not in line for line in lines
    )


def _speaks(line: str) -> bool:
    return ":" in line or "=" in line or BARE.search(line) is not None


def _is_bare(document: Document) -> bool:
    """Whether the losses have no other name than their split."""
    if LOSS.search(document.text):
        return False
    splits = {words(found[1]).split for found in BARE.finditer(document.text[:HEAD])}
    return "train" in splits and len(splits) > 1


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The lines as rows; an epoch in a line of its own holds for the lines after it."""
    rows, notes = _rows_of(document)
    first = next((i for i, row in enumerate(rows) if _signals(row)), len(rows))
    if first == len(rows):
        raise ReadError(
            f"{document.name}: no line gives a loss; a line such as 'epoch 1 loss 0.5' is read"
        )
    rows, ends = _without_ends(rows[_of_its_epoch(rows, first) :])
    rows, after = _without_after(_without_rare(rows))
    rows, custom = _of_validation(_once(rows))
    rows, second = _second_of_validation(placed(rows))
    notes = (*notes, *after, *custom, *second)
    settings, names = _settings(document, rows), _against_each_other(rows)
    sheet = from_rows(rows, names=names, settings=settings, starts=ends, notes=notes)
    return histories(sheet, document, aliases)


def _of_its_epoch(rows: Sequence[Row], first: int) -> int:
    """The first row of the epoch of a row."""
    epoch = rows[first].get("epoch")
    while first and epoch is not None and rows[first - 1].get("epoch") == epoch:
        first -= 1
    return first


def _settings(document: Document, rows: Sequence[Row]) -> dict[str, Any]:
    """What is printed before the first loss; a learning rate only if it is no curve as well."""
    found = LOSS.search(document.text)
    head = document.text[: document.text.rfind("\n", 0, found.start()) + 1] if found else ""
    said = settings_in(head[-HEAD:], document.text)
    curves = {quantity_of(name) for row in rows for name in row}
    return {name: value for name, value in said.items() if name not in curves}


def _against_each_other(rows: Sequence[Row]) -> dict[str, str]:
    """Meanings of the losses beside a discriminator's, which are no parts of one loss."""
    names = {name for row in rows for name in row}
    if not any(quantity_of(name) == "discriminator_loss" for name in names):
        return {}
    parts = sorted(name for name in names if quantity_of(name) == "loss_component")
    return {name: f"metric@{words(name).split or 'train'}/{name}" for name in parts}


def _rows_of(document: Document) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of a log, and how many of a large one were left out."""
    if document.rest is not None:
        lines = chain.from_iterable(map(_lines, document.texts()))
        kept, notes = thinned_rows(_batches(_rows(lines)))
        return [dict(row) for row in kept], notes
    bare = _is_bare(document)
    rows = list(_rows(_lines(document.text), bare))
    few = sum(map(_signals, rows)) < FEW
    return list(_rows(_states(document.text), bare)) if few else rows, ()


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """The rows, many at a time, with numbers in them."""
    rows = ({name: number(value) for name, value in row.items()} for row in rows)
    while batch := list(islice(rows, 10_000)):
        yield batch


# --- Lines -------------------------------------------------------------------------------------


def _states(text: str) -> Iterator[str]:
    """Everything that was written into a line, one after the other."""
    for line in text.replace("\b", "\r").split("\n"):
        yield from (state for state in line.split("\r") if state.strip())


def _lines(text: str) -> Iterator[str]:
    """What each line showed last, where a progress bar wrote over it; no bar on its way."""
    for line in text.replace("\b", "\r").split("\n"):
        states = [state for state in line.split("\r") if state.strip()]
        last = next((s for s in reversed(states) if LOSS.search(s)), states[-1] if states else "")
        if last and not _is_unfinished(last):
            yield last


def _is_unfinished(line: str) -> bool:
    drawn = "/" in line and ("[" in line or "━" in line or "ETA" in line)
    return drawn and UNFINISHED.search(line) is not None


@dataclass
class Reading:
    """Where in a log one is, and what was read last."""

    bare: bool = False
    epoch: str | None = None
    step: tuple[str, str] | None = None
    split: str = ""
    """Of which data the next values are, as a heading before them says."""
    headed: bool = False
    """Whether that was the line before; then it holds, even if the next one counts otherwise."""
    last: Row | None = None
    strange: set[str] = field(default_factory=set)

    def row(self, line: str) -> Row | None:
        """The values of a line with their place; None if it has none."""
        now = epoch(line)
        if now is not None and self.epoch is not None and float(now) != float(self.epoch):
            self.split = self.split if self.headed else ""
            self.step, self.last = self.step and (self.step[0], ""), None
        self.epoch = now or self.epoch
        said = pairs(line)
        found = self._values(line, said)
        self.headed = False
        if not found and "%|" not in line:
            heading = HEADING.search(line)
            self.split = SPLITS[heading["split"][0].lower()] if heading else ""
            self.headed = heading is not None
        if found or EVALUATING.search(line) or PLACE.match(line):
            self.step = step(line, bool(found) and _is_evaluated(found)) or self.step
        if not found:
            return None
        self.split = "" if self.split and SPLIT.search(line) else self.split
        self.last = found
        return self._placed(found | (self._unknown(said) if _signals(found) else {}))

    def _values(self, line: str, said: list[Pair]) -> Row:
        """The values of a line; such as stood before are left out beside "saved" or "best"."""
        if ("est" in line or "arly" in line) and BEST.search(line):
            return {}
        found: Row = dict(values(line, said, self._split(line), self.bare))
        before = set(self.last.values()) if self.last else set()
        if before.isdisjoint(found.values()) or not SAVING.search(line):
            return found
        return {n: v for n, v in found.items() if words(n).split or v not in before}

    def _unknown(self, said: list[Pair]) -> Row:
        """The names in a line that mean nothing here, as long as there are not too many."""
        found = unknown(said)
        self.strange |= set(islice(found.keys() - self.strange, MOST_UNKNOWN - len(self.strange)))
        return {name: value for name, value in found.items() if name in self.strange}

    def _split(self, line: str) -> str:
        """The split of a line that is known as an evaluation's by its form, or by its heading."""
        found = RESULT.search(line) if "@1" in line or "Saving" in line else None
        return self.split if found is None else "test" if found[1] else "val"

    def _placed(self, found: Row) -> Row:
        place: Row = {"epoch": self.epoch} if self.epoch else {}
        if self.step:
            place["step"] = self.step[0]
            place |= {TOTAL: self.step[1]} if self.step[1] else {}
        return found | place


def _rows(lines: Iterable[str], bare: bool = False) -> Iterator[Row]:
    """The lines with values; an empty row where a line sums up the run."""
    reading = Reading(bare)
    for raw in lines:
        line = STAMP.sub(" ", raw if raw.isascii() else translated(raw))
        if END in line:
            yield {}
        elif row := reading.row(line):
            yield row


def _is_evaluated(found: Iterable[str]) -> bool:
    return all(words(name).split in ("val", "test") for name in found)


def _signals(row: Row) -> bool:
    return any(_is_signal(name) for name in row)


def _is_signal(name: str) -> bool:
    found = meaning(name)
    if found is None or found.quantity in SIGNALS:
        return found is not None
    return found.scope[:3] in ("val", "tes") and higher_is_better(words(name).core) is not None


# --- Rows --------------------------------------------------------------------------------------


def _without_ends(rows: Iterable[Row]) -> tuple[list[Row], tuple[int, ...]]:
    """The rows, and where a run of which only the end was written begins."""
    kept: list[Row] = []
    starts: list[int] = []
    trained = True
    for row in rows:
        if row:
            kept.append(row)
            trained = trained or not _is_evaluated(_named(row))
        else:
            starts += [] if trained else [len(kept)]
            trained = False
    return kept, tuple(starts)


def _named(row: Row) -> tuple[str, ...]:
    """The names that mean something, but no places."""
    return _telling(tuple(row))


@lru_cache(10_000)
def _telling(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in PLACES and meaning(name) is not None)


def _without_rare(rows: Sequence[Row]) -> list[Row]:
    """The rows without names that mean nothing and stand there once."""
    strange = Counter(n for row in rows for n in row if n not in PLACES and meaning(n) is None)
    rare = {name for name, times in strange.items() if times < 2}
    return [{n: v for n, v in row.items() if n not in rare} for row in rows] if rare else list(rows)


def _without_after(rows: list[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows without what was measured after the last epoch: each other epoch has one row.

    It is known by lacking what that of the last epoch tells of validation.
    """
    epochs = [row.get("epoch") for row in rows]
    times = list(Counter(epochs).values())
    if None in epochs or len(times) < 3 or times[-1] < 2 or set(times[:-1]) != {1}:
        return rows, ()
    end = len(times)
    told = {_place(name) for name in _named(rows[end - 1])}
    held_out = {place for place in told if place[1] == "val"}
    after = {_place(name) for row in rows[end:] for name in _named(row)}
    if not held_out or not after <= told - held_out:
        return rows, ()
    return rows[:end], ("left out: what was measured after the last epoch",)


def _once(rows: list[Row]) -> list[Row]:
    """The rows with the first of several values in an epoch, where a loss has but one."""
    if any("step" in row or "epoch" not in row for row in rows):
        return rows
    kept: list[Row] = []
    for _, block in groupby(rows, key=lambda row: str(row["epoch"])):
        seen: set[str] = set()
        for row in block:
            again = seen & set(_named(row))
            if any(quantity_of(name) not in ("metric", "accuracy") for name in again):
                return rows
            kept.append({name: value for name, value in row.items() if name not in again})
            seen |= set(row)
    return [row for row in kept if _named(row)]


def _of_validation(rows: list[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """With metrics on lines of their own as validation's, if they follow it or always stand so."""
    alone = [_is_open(_named(row)) for row in rows]
    beside = {n for row, own in zip(rows, alone, strict=True) if not own for n in _named(row)}
    trained = any(quantity_of(n) == "loss" and words(n).split != "val" for n in beside)
    told = {_place(n) for n in beside}
    renamed: dict[str, None] = {}
    kept: list[Row] = []
    split, place = "", None
    for row, own in zip(rows, alone, strict=True):
        named = _named(row)
        if not own or row.get("epoch") != place:
            split = _split_of(named)
        place, to = row.get("epoch"), split or "val"
        if not own:
            kept.append(row)
            continue
        free = [n for n in named if n not in beside and _place(f"{to} {n}") not in told]
        new = {n: f"{to} {n}" for n in free if split or (trained and _is_score(n))}
        split = split if new else ""
        renamed |= dict.fromkeys(new)
        kept.append({new.get(name, name): value for name, value in row.items()})
    titles = ", ".join(map(repr, renamed))
    note = f"taken for measured on validation data, by the lines around them: {titles}"
    return kept, (note,) if renamed else ()


@lru_cache(10_000)
def _split_of(named: tuple[str, ...]) -> str:
    """The split of the names if they are all of an evaluation, else ""."""
    return words(named[0]).split if named and _is_evaluated(named) else ""


def _place(name: str) -> tuple[str, str]:
    found = meaning(name)
    return (found.quantity, found.scope) if found else ("", name)


@lru_cache(10_000)
def _is_open(named: tuple[str, ...]) -> bool:
    """Whether they are metrics that are of no named split, and nothing else."""
    return bool(named) and all(
        quantity_of(name) in ("metric", "accuracy") and not words(name).split for name in named
    )


def _is_score(name: str) -> bool:
    return quantity_of(name) == "metric" and higher_is_better(words(name).core) is True


def _second_of_validation(rows: list[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """With the second of two lines an epoch, if they are worded alike, as validation's."""
    if any("step" in row or "epoch" not in row for row in rows):
        return rows, ()
    kinds = [(row["epoch"], _named(row)) for row in rows]
    times = [len(list(alike)) for _, alike in groupby(kinds)]
    split = any(words(name).split for _, named in kinds for name in named)
    if len(times) < 2 or set(times) != {2} or split or not any(map(_signals, rows)):
        return rows, ()
    second = [{_of_val(name): value for name, value in row.items()} for row in rows[1::2]]
    kept = [row for both in zip(rows[::2], second, strict=True) for row in both]
    said = "each epoch has two lines with the same names; the second was taken for validation's"
    return kept, (said,)


def _of_val(name: str) -> str:
    return name if name in PLACES or meaning(name) is None else f"val {name}"
