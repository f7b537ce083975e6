"""Pairs: the names and values in a line of text, and which of them say something."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from traindx.mlp.readers.names import (
    Meaning,
    higher_is_better,
    is_ignored,
    is_place,
    meaning,
    quantity_of,
    words,
)

NUMBER = r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|NaN|inf)"
NAME = r"(?<![A-Za-z])(?!(?<=\d)[KMG]\b)(?P<name>[A-Za-z](?:[\w@./]|-(?=\w)| (?=[A-Za-z])){0,60})"
VERB = r"\s+(?:is|was|reached)"
PAIR = re.compile(
    rf"{NAME}['\"]?(?:\s?\((?P<more>[A-Za-z%][\w %.,-]{{0,20}})\))?(?:{VERB})?"
    rf"\s*(?:(?P<sign>[:=]+)\s*|\s)(?:tensor)?[\[(]?['\"]?"
    rf"(?P<value>{NUMBER})(?:/(?P<total>\d+)\b|(?P<percent>%(?![|\d])|(?!%)))(?![\w/-]|\.\w|:\S)"
)
VERBS = re.compile(rf"{VERB}$")
SPLIT = re.compile(
    r"\b(train|training|val|valid|validation|test|eval|evaluation|dev)(?:_?\d+)?\b(?![./])", re.I
)
MEASURED_ON = re.compile(
    r"^(?P<name>\w+) (?:in|on|for|over) (?:the )?(?P<split>train(?:ing)?|val(?:id(?:ation)?)?|test)"
    r"(?: (?:data|dataset|set|split))?$",
    re.IGNORECASE,
)
"""A split behind a name, as in "loss on the validation set"."""
BARE = re.compile(
    r"(?<![\w.])(train|training|val|valid|validation|test|eval|dev)[\s:=]{1,3}"
    r"(\d*\.\d+(?:e[-+]?\d+)?|nan)(?![\w.%])",
    re.IGNORECASE,
)
"""A split with a number right after it, as in "train 1.50 val 0.89"."""
KIND = re.compile(r"\b(loss|acc(?:uracy)?)\b(?!\W{0,3}[\d.])", re.IGNORECASE)
"""What the numbers are that follow with nothing but their splits: "loss: train 1.5 val 0.9"."""
CODE = re.compile(r"[\w.]+:\d+")
"""A place in a program, "solver.cpp:228", or a port."""
TOP = re.compile(r"top[-_@]?\d+$", re.IGNORECASE)
AXES = frozenset(
    ("epoch", "ep", "step", "steps", "iter", "iteration", "batch", "update", "num_updates")
) | {"global_step", "global_steps"}


class Pair(NamedTuple):
    """A name with a number after it; `name` is "" if it is not known."""

    text: str
    """All the words before the number that may be its name."""
    name: str
    value: str
    split: str
    """The last split that is named before."""
    signed: bool
    """Whether a sign stands between them, as in "loss: 0.5"."""


def pairs(line: str) -> list[Pair]:
    """The names in a line with a number after each."""
    split = SPLIT.search(line) is not None
    said = (_pair(found, split) for found in PAIR.finditer(line))
    return [pair for pair in said if pair]


def values(line: str, said: list[Pair], split: str = "", bare: bool = False) -> dict[str, str]:
    """The values of a line by name; a split before a name holds for it, or else `split`."""
    known = [pair for pair in said if pair.name]
    found = {_of_split(pair, split).lower(): pair.value for pair in _told_apart(known)}
    if any(not pair.name and SPLIT.fullmatch(pair.text.rpartition(" ")[2]) for pair in said):
        found |= _bare(line, found, bare)
    return _of_one_split(found)


def unknown(said: list[Pair]) -> dict[str, str]:
    """The names with a sign and a number that mean nothing here."""
    return {
        pair.text.lower(): pair.value
        for pair in said
        if not pair.name and pair.signed and _is_strange(pair.text)
    }


@lru_cache(10_000)
def _is_strange(text: str) -> bool:
    told = text.lower() in AXES or is_place(text) or is_ignored(text) or meaning(text)
    return not told and len(text) > 1 and len(text.split(" ")) <= 3


def _pair(found: re.Match[str], split: bool) -> Pair | None:
    text, more, sign, value = found.group("name", "more", "sign", "value")
    text = VERBS.sub("", text) if text.endswith(("s", "d")) else text
    text = f"{more} {text}" if more and more[0].isalpha() else text
    text = MEASURED_ON.sub(r"\g<split> \g<name>", text) if " " in text else text
    signed = sign is not None
    name = known(text, signed)
    if name is None:
        return Pair(text, "", value, "", signed and not CODE.fullmatch(found[0]))
    if (value := _value(found, name)) is None:
        return None
    before = found.string[: found.start()] + text[: len(text) - len(name)] if split or more else ""
    splits = SPLIT.findall(before) if before else ()
    return Pair(text, name, value, splits[-1].lower() if splits else "", signed)


def _value(pair: re.Match[str], name: str) -> str | None:
    """The number of a pair; "Accuracy: 70/100" is a share, "loss: 3/10" is nothing."""
    value, total, percent = pair.group("value", "total", "percent")
    if not total:
        return str(value + (percent or ""))
    found = meaning(name)
    right = found is not None and found.quantity == "accuracy" and float(total)
    return str(float(value) / float(total)) if right else None


def _told_apart(said: list[Pair]) -> list[Pair]:
    """The pairs, with longer names where several texts would have one."""
    if len({(pair.name, pair.split) for pair in said}) == len(said):
        return said
    texts = {(pair.name, pair.split, pair.text) for pair in said}
    times = Counter((name, split) for name, split, _ in texts)
    return [
        pair._replace(name=_longer(pair)) if times[pair.name, pair.split] > 1 else pair
        for pair in said
    ]


def _longer(pair: Pair) -> str:
    said = pair.text.split(" ")
    longer = " ".join(said[-1 - len(pair.name.split(" ")) :])
    return longer if meaning(longer) is not None else pair.name


def _of_split(pair: Pair, split: str) -> str:
    """The name with the split that stands before it, if it has none and can have one."""
    name, prefix = pair.name, pair.split or split
    return (
        f"{prefix} {name}" if prefix and not SPLIT.search(name) and not _is_of_run(name) else name
    )


def _of_one_split(found: dict[str, str]) -> dict[str, str]:
    """With the metrics of a line whose only loss is of an evaluation as of this, too."""
    splits = {words(name).split for name in found if quantity_of(name) == "loss"}
    metrics = [name for name in found if quantity_of(name) in ("metric", "accuracy")]
    if splits not in ({"val"}, {"test"}) or any(words(name).split for name in metrics):
        return found
    return {f"{min(splits)} {n}" if n in metrics else n: value for n, value in found.items()}


def _bare(line: str, found: dict[str, str], alone: bool) -> Iterator[tuple[str, str]]:
    """What stands right after the names of splits, where a loss is meant by that."""
    told = list(BARE.finditer(line))
    if not told or (not alone and len({words(pair[1]).split for pair in told}) < 2):
        return
    has_loss = any(quantity_of(name) in ("loss", "loss_component") for name in found)
    for pair in told:
        kinds = KIND.findall(line[: pair.start()])
        if kinds or not has_loss:
            yield f"{pair[1]} {kinds[-1] if kinds else ''}".strip().lower(), pair[2]


@lru_cache(10_000)
def _is_of_run(name: str) -> bool:
    """Whether it means the same in whatever split: a learning rate, a name that has its own."""
    own, other = meaning(name), meaning(f"val {name}")
    return own is not None and other is not None and _place(own) == _place(other)


def _place(found: Meaning) -> tuple[str, str]:
    return found.quantity, found.scope


@lru_cache(10_000)
def known(text: str, signed: bool = True) -> str | None:
    """The last words of the text that name a quantity; None if none do."""
    last = text.split(" ")[-4:]
    for start in range(len(last)):
        name = " ".join(last[start:])
        if name.lower() in AXES or is_ignored(name):
            return None
        found = meaning(name)
        if found is None or not (start == len(last) - 1 or _is_whole(last[start:], found, signed)):
            continue
        return name if _is_telling(name, found) else None
    return None


def _is_whole(last: list[str], found: Meaning, signed: bool) -> bool:
    """Whether several words are one name, and not a name after other words."""
    if found.quantity not in ("metric", "loss_component") or TOP.match(last[0]):
        return True
    return len(last) == 2 and last[0].lower() == "loss" and signed


def _is_telling(name: str, found: Meaning) -> bool:
    """Whether it is more than some word with a number after it."""
    if found.quantity == "loss":
        return not found.doubtful
    if found.quantity != "metric":
        return True
    core = words(name).core
    good = higher_is_better(core) is not None or found.doubtful
    return bool(core) and (good or re.match(r"(?:train|val\w*|test|eval)[_/]", name) is not None)
