"""Text logs: lines with "name: value", "name=value" or "train loss 2.1"."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError
from traindx.mlp.readers.names import is_ignored, meaning

NUMBER = r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|NaN|inf)"
PAIR = re.compile(
    r"([A-Za-z](?:[\w@./]|-(?=\w)| (?=[A-Za-z]))*)['\"]?\s*(?:[:=]+\s*|\s)(?:tensor)?[\[(]?['\"]?"
    rf"({NUMBER})(%?)(?![\w.:/-])"
)
EPOCH = re.compile(r"\b(?:epoch|ep)\b(?!s)\W{0,4}(\d+(?:\.\d+)?)(?![\w.]*[:]\d)", re.IGNORECASE)
STEP = re.compile(
    r"\b(?:global_step|step|iteration|iter|num_updates|update|batch)\b\W{0,4}(\d+)(?![\w.])",
    re.IGNORECASE,
)
BATCH = re.compile(r"\]\s?\[\s*(\d+)/\d+\]")
SPLIT = re.compile(
    r"\b(train|training|val|valid|validation|test|eval|evaluation|dev)\b(?![./])", re.IGNORECASE
)
STAMP = re.compile(r"\d{2,4}[-/.]\d\d?[-/.]\d{2,4}[ T]?|\d\d?:\d\d(?::\d\d)?(?:[,.]\d+)?Z?")
LOSS = re.compile(r"loss\w*['\"]?(?:\s*[:=]+\s*|\s)['\"\[(]?(?:tensor\()?[-+.\dnNi]", re.IGNORECASE)
AXES = frozenset(
    ["epoch", "ep", "step", "iter", "iteration", "batch", "update", "num_updates", "global_step"]
)
SIGNALS = ("loss", "accuracy", "reward", "loss_component", "generator_loss", "discriminator_loss")


def recognise(document: Document) -> float:
    """Whether a line in it gives a loss."""
    if document.given is not None or document.data is not None:
        return 0.0
    return 0.35 if LOSS.search(document.text) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The lines as rows; an epoch in a line of its own holds for the lines after it."""
    rows = list(_rows(document.text))
    first = next((i for i, row in enumerate(rows) if _signals(row)), len(rows))
    if first == len(rows):
        raise ReadError(
            f"{document.name}: no line gives a loss; a line such as 'epoch 1 loss 0.5' is read"
        )
    return histories(from_rows(rows[first:]), document, aliases)


def _rows(text: str) -> Iterator[dict[str, Any]]:
    epoch: str | None = None
    for line in text.replace("\b", "\r").split("\n"):
        line = STAMP.sub(" ", _last_state(line))
        if (found := EPOCH.search(line)) is not None:
            epoch = found[1]
        values = dict(_values(line))
        if not values:
            continue
        step = STEP.search(line) or BATCH.search(line)
        yield values | ({"epoch": epoch} if epoch else {}) | ({"step": step[1]} if step else {})


def _last_state(line: str) -> str:
    """What a line showed last, where a progress bar wrote over it."""
    states = [state for state in line.split("\r") if state.strip()]
    return next(
        (state for state in reversed(states) if LOSS.search(state)), states[-1] if states else ""
    )


def _values(line: str) -> Iterator[tuple[str, str]]:
    """The pairs of a line whose name says something; a split before them holds for them."""
    for pair in PAIR.finditer(line):
        name = _known(pair[1])
        if name is None:
            continue
        if not SPLIT.search(name) and meaning(f"val {name}") != meaning(name):
            before = SPLIT.findall(line[: pair.start(1) + len(pair[1]) - len(name)])
            name = f"{before[-1].lower()} {name}" if before else name
        yield name.lower(), pair[2] + pair[3]


@lru_cache(10_000)
def _known(text: str) -> str | None:
    """The last words of the text that name a quantity; None if none do."""
    words = text.split(" ")[-4:]
    for start in range(len(words)):
        name = " ".join(words[start:])
        if name.lower() in AXES or is_ignored(name):
            return None
        found = meaning(name)
        if found is not None and (
            found.quantity not in ("metric", "loss_component") or start == len(words) - 1
        ):
            return name if found.rank < 9_000 or found.quantity == "metric" else None
    return None


def _signals(row: dict[str, Any]) -> bool:
    return any((found := meaning(name)) is not None and found.quantity in SIGNALS for name in row)
