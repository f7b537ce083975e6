"""Text logs: lines with "name: value", "name=value" or "train loss 2.1", progress bars too."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows, number
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import (
    Meaning,
    higher_is_better,
    is_ignored,
    meaning,
    translated,
    words,
)
from traindx.mlp.readers.thinning import thinned_rows

NUMBER = r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|NaN|inf)"
NAME = r"(?<![A-Za-z])([A-Za-z](?:[\w@./]|-(?=\w)| (?=[A-Za-z])){0,60})"
PAIR = re.compile(
    rf"{NAME}['\"]?\s*(?:[:=]+\s*|\s)(?:tensor)?[\[(]?['\"]?"
    rf"({NUMBER})(?:/(\d+)\b|(%(?![|\d])|(?!%)))(?![\w.:/-])"
)
EPOCH = re.compile(
    r"\b(?:epoch|ep)\b(?!s)(?:\s?\(\w+\))?\W{0,4}(\d+(?:\.\d+)?)(?![\w.]*:\d)|\b(\d+)\s?epoch\b(?!s)"
    r"|^\s*\[\s*(\d+)\s*,\s*\d+\s*\]",
    re.IGNORECASE,
)
STEP = re.compile(
    r"\b(?:global_steps?|steps?|iteration|iter|num_updates|update|batch)\b[ :=#\[('\"|-]{0,16}(\d+)"
    r"(\s*/\s*\d+)?(?![\w.])",
    re.IGNORECASE,
)
COUNTER = re.compile(r"\|\s*(\d+)/\d+\s*\[|^\s*\[\s*\d+\s*,\s*(\d+)\s*\]")
BRACKET = re.compile(r"\[\s*(\d+)\s*/\s*\d+")
"""How far an epoch has come: a bar's "| 33/100 [", "[1,  2000]"; "[ 640/60000 (1%)]"."""
NUMBERED = re.compile(r"(?:^|\]\s)\s*\[\s*(\d+)\s*[\],]")
"""A counter without a name at the start: "[10]", "[1, 2000]"."""
SPLIT = re.compile(
    r"\b(train|training|val|valid|validation|test|eval|evaluation|dev)(?:_?\d+)?\b(?![./])", re.I
)
HEADING = re.compile(
    r"^\W*(?P<split>eval\w*|valid\w*|test\w*)\b(?:\W+(?:set|data|on|stats|results?|calculation"
    r"|begins?|starts?|started|phase|metrics?|running|net|summary)\b)*\W*$",
    re.IGNORECASE,
)
EVALUATING = re.compile(r"\b(?:testing|validating|evaluating|evaluation)\b", re.IGNORECASE)
RESULT = re.compile(r"^\s*(\*)\s+(?:Acc|Prec)@1|\bSaving dict for global step\b")
GLOBAL = re.compile(r"\bglobal[_ ]step\b[ :=]{0,4}(\d+)(?![\w.])", re.IGNORECASE)
PLACE = re.compile(
    r"\W*(?:(?:global_step|step|iter|iteration|epoch|batch)\W{1,4}\d+(?:\s*/\s*\d+)?\W*)+$",
    re.IGNORECASE,
)
"""A line that says where the following lines are, and no more."""
UNFINISHED = re.compile(
    r"\bETA\b|(?<!\d)(?P<done>\d+)/(?!(?P=done)\b)\d+\s+(?:\[[=>. ]+\]|[━╸╺ ]*━)"
)
"""A progress bar on its way, whose numbers are means of an epoch so far."""
BEST = re.compile(r"\bbest (?:val|acc|epoch)|early stopp", re.IGNORECASE)
END = "train_runtime"
"""It stands in the line that sums up a run of HF Trainer."""
STAMP = re.compile(r"\d{2,4}[-/.]\d\d?[-/.]\d{2,4}[ T]?|\d\d?:\d\d(?::\d\d)?(?:[,.]\d+)?Z?")
LOSS = re.compile(r"loss\w*['\"]?(?:\s*[:=]+\s*|\s)['\"\[(]?(?:tensor\()?[-+.\dnNi]", re.IGNORECASE)
AXES = frozenset(
    [
        "epoch",
        "ep",
        "step",
        "steps",
        "iter",
        "iteration",
        "batch",
        "update",
        "num_updates",
        "global_step",
        "global_steps",
    ]
)
SIGNALS = ("loss", "accuracy", "reward", "loss_component", "generator_loss", "discriminator_loss")
Row = dict[str, Any]
FEW = 2
"""Rows; with fewer the states that a progress bar went through are rows too."""


def recognise(document: Document) -> float:
    """Whether a line in it gives a loss; or two lines something else that is learned by."""
    if document.given is not None or document.data is not None or not document.text:
        return 0.0
    if LOSS.search(document.text):
        return 0.35
    spoken = (line for line in _lines(document.text[:50_000]) if ":" in line or "=" in line)
    told = (row for row in _rows(spoken) if _signals(row))
    return 0.2 if len(list(islice(told, 2))) == 2 else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The lines as rows; an epoch in a line of its own holds for the lines after it."""
    rows, notes = _rows_of(document)
    first = next((i for i, row in enumerate(rows) if _signals(row)), len(rows))
    if first == len(rows):
        raise ReadError(
            f"{document.name}: no line gives a loss; a line such as 'epoch 1 loss 0.5' is read"
        )
    rows, starts = _without_ends(rows[first:])
    return histories(from_rows(rows, starts=starts, notes=notes), document, aliases)


def _rows_of(document: Document) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of a log, and how many of a large one were left out."""
    if document.rest is not None:
        lines = chain.from_iterable(map(_lines, document.texts()))
        kept, notes = thinned_rows(_batches(_rows(lines)))
        return [dict(row) for row in kept], notes
    rows = list(_rows(_lines(document.text)))
    few = sum(map(_signals, rows)) < FEW
    return list(_rows(_states(document.text))) if few else rows, ()


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """The rows, many at a time, with numbers in them."""
    rows = ({name: number(value) for name, value in row.items()} for row in rows)
    while batch := list(islice(rows, 10_000)):
        yield batch


def _without_ends(rows: Iterable[Row]) -> tuple[list[Row], tuple[int, ...]]:
    """The rows, and where a run of which only the end was written begins."""
    kept: list[Row] = []
    starts: list[int] = []
    trained = True
    for row in rows:
        if row:
            kept.append(row)
            trained = trained or not _evaluated(name for name in row if name not in AXES)
        else:
            starts += [] if trained else [len(kept)]
            trained = False
    return kept, tuple(starts)


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
    return ("/" in line or "ETA" in line) and UNFINISHED.search(line) is not None


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    """The lines with values; an empty row where a line sums up the run."""
    epoch: str | None = None
    step: str | None = None
    split = ""
    for raw in lines:
        line = STAMP.sub(" ", raw if raw.isascii() else translated(raw))
        if END in line:
            yield {}
            continue
        now = _epoch(line)
        split, epoch = ("" if now else split), now or epoch
        values = {} if BEST.search(line) else dict(_values(line, _by_form(line) or split))
        if not values:
            heading = HEADING.match(line)
            split = heading["split"].lower() if heading else ""
        if values or EVALUATING.search(line) or PLACE.match(line):
            step = _step(line, bool(values) and _evaluated(values)) or step
        if values:
            yield values | ({"epoch": epoch} if epoch else {}) | ({"step": step} if step else {})


def _by_form(line: str) -> str:
    """The split of a line that is known as an evaluation's by its form alone."""
    found = RESULT.search(line) if "@1" in line or "Saving" in line else None
    return ("test" if found[1] else "val") if found else ""


def _epoch(line: str) -> str | None:
    found = EPOCH.search(line)
    return next((n for n in found.groups() if n), None) if found else None


def _evaluated(values: Iterable[str]) -> bool:
    return all(words(name).split in ("val", "test") for name in values)


def _step(line: str, evaluated: bool = False) -> str | None:
    """The step that a line gives; an evaluation's batches are none."""
    if throughout := GLOBAL.search(line):
        return throughout[1]
    if named := STEP.search(line):
        of_evaluation = evaluated and named[2] and SPLIT.search(line[: named.start()])
        return None if of_evaluation else named[1]
    epoch = EPOCH.search(line)
    if counted := COUNTER.search(line) or BRACKET.search(line, epoch.end() if epoch else 0):
        return None if evaluated else next(n for n in counted.groups() if n)
    numbered = None if epoch else NUMBERED.search(line)
    return numbered[1] if numbered else None


# --- Pairs -------------------------------------------------------------------------------------


def _values(line: str, split: str = "") -> Iterator[tuple[str, str]]:
    """The pairs of a line whose name says something; a split before them holds for them."""
    for pair in PAIR.finditer(line):
        name = _known(pair[1])
        if name is None or (value := _value(pair, name)) is None:
            continue
        if not SPLIT.search(name) and not _is_of_run(name):
            before = SPLIT.findall(line[: pair.start(1) + len(pair[1]) - len(name)])
            prefix = before[-1] if before else split
            name = f"{prefix} {name}" if prefix else name
        yield name.lower(), value


def _value(pair: re.Match[str], name: str) -> str | None:
    """The number of a pair; "Accuracy: 70/100" is a share, "loss: 3/10" is nothing."""
    if not pair[3]:
        return pair[2] + (pair[4] or "")
    found = meaning(name)
    total = float(pair[3])
    right = found is not None and found.quantity == "accuracy" and total
    return str(float(pair[2]) / total) if right else None


def _is_of_run(name: str) -> bool:
    """Whether it means the same in whatever split: a learning rate, a name that has its own."""
    own, other = meaning(name), meaning(f"val {name}")
    return own is not None and other is not None and _place(own) == _place(other)


def _place(found: Meaning) -> tuple[str, str]:
    return found.quantity, found.scope


@lru_cache(10_000)
def _known(text: str) -> str | None:
    """The last words of the text that name a quantity; None if none do."""
    last = text.split(" ")[-4:]
    for start in range(len(last)):
        name = " ".join(last[start:])
        if name.lower() in AXES or is_ignored(name):
            return None
        found = meaning(name)
        if found is None or (
            found.quantity in ("metric", "loss_component") and start < len(last) - 1
        ):
            continue
        return name if _is_telling(name, found) else None
    return None


def _is_telling(name: str, found: Meaning) -> bool:
    """Whether it is more than some word with a number after it."""
    if found.quantity != "metric":
        return found.rank < 9_000
    core = words(name).core
    known = higher_is_better(core) is not None or found.doubtful
    return bool(core) and (known or re.match(r"(?:train|val\w*|test|eval)[_/]", name) is not None)


def _signals(row: Row) -> bool:
    return any((found := meaning(name)) is not None and found.quantity in SIGNALS for name in row)
