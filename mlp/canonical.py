"""Canonical names: one word for what each framework spells its own way; usual learning rates."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def canonical(group: str, name: str) -> str:
    """The one name of a loss, activation, optimizer, initializer or layer kind.

    `canonical("loss", "sparse_categorical_crossentropy")` is "cross_entropy". A name that is not
    in the table comes back in snake case. Raises KeyError if there is no such group.
    """
    known = _synonyms(group)
    return next((known[s] for s in _spellings(name) if s in known), _snake(name))


@cache
def takes_logits(loss: str) -> bool | None:
    """Whether a loss of this name applies softmax or sigmoid itself; None if that is open."""
    for answer, names in _table()["takes_logits"].items():
        if not {_squashed(n) for n in names}.isdisjoint(_spellings(loss)):
            return answer in (True, "true")
    return None


def usual_rate(optimizer: str) -> float | None:
    """The learning rate that this optimizer is usually started with, by its canonical name."""
    rate = _table()["usual_rate"].get(optimizer)
    return None if rate is None else float(rate)


def adaptive(optimizer: str) -> bool:
    """Whether the optimizer scales each weight's step by what it has seen of its gradient."""
    return optimizer not in _table()["plain"]


@cache
def _table() -> dict[str, Any]:
    text = files("traindx.mlp").joinpath("canonical.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table


@cache
def _synonyms(group: str) -> dict[str, str]:
    return {_squashed(s): word for word, names in _table()[group].items() for s in (word, *names)}


def _spellings(name: str) -> tuple[str, ...]:
    """The whole name, its last dotted part, and that without "loss" or "optimizer" or a number."""
    last = re.sub(r"\(.*|<function\s+|\s+at 0x.*", "", name.strip()).rsplit(".", 1)[-1]
    bare = re.sub(r"(?i)[_\s]*(loss|optimizer|initializer|activation|layer|v[12])$", "", last)
    numbered = re.sub(r"_\d+$", "", last)
    return tuple(_squashed(s) for s in (name, last, bare, numbered))


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _snake(name: str) -> str:
    last = re.sub(r"\(.*", "", name.strip()).rsplit(".", 1)[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+", "_", last).lower()
