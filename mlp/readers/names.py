"""Names: what the columns of a log mean, by `aliases.yaml`."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml
from yamlcore import CCoreLoader

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
PUNCTUATION = re.compile(r"[^a-z0-9]+")
RATE = re.compile(r"(?:^|_)(?:lr|learning_rate)(?:_|\d*$)")
"""One of several learning rates, of a group of weights or of an optimizer."""
SPLITS = ("train", "val", "test")
OF_FILES = frozenset({"log", "logs", "history", "results", "loss", "losses"})
"""Words of the names of files that say nothing about what is measured, beside a loss."""
UNSPLIT = frozenset(
    {"learning_rate", "gradient_norm", "loss_scale", "epoch", "generator_loss"}
    | {"discriminator_loss", "reward", "reward_std", "zero_reward_share", "kl", "policy_entropy"}
    | {"completion_length", "reward_margin", "chosen_logp", "rejected_logp"}
)
"""Quantities of the whole run: their scope is "", whatever split their column names."""


@dataclass(frozen=True)
class Meaning:
    """What a column holds. Of several columns for one name, the least `rank` is taken."""

    quantity: str
    scope: str
    rank: int = 0
    doubtful: bool = False
    split_named: bool = True


@dataclass(frozen=True)
class Words:
    """A column's name, taken apart."""

    split: str
    core: str
    twin: str = ""
    """Which of two like it it is, "step" or "epoch", where the name says so."""
    given: frozenset[str] = field(default_factory=frozenset)


@cache
def table() -> dict[str, Any]:
    """The table of names."""
    text = files("traindx.mlp").joinpath("readers/aliases.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, CCoreLoader))


@cache
def _split_of() -> dict[str, str]:
    return {word: split for split, words in table()["splits"].items() for word in words}


@cache
def _quantities() -> dict[str, tuple[str, int]]:
    return {
        core: (quantity, rank)
        for quantity, cores in table()["quantities"].items()
        for rank, core in enumerate(cores)
    }


@cache
def _ignored() -> re.Pattern[str]:
    return re.compile("|".join(table()["ignored"]))


@cache
def _stems() -> tuple[re.Pattern[str], dict[str, str]]:
    """Stems of other languages, the longest first, and the English for each."""
    stems = table()["foreign_stems"].items()
    english = {_bare(stem): word for word, given in stems for stem in given}
    longest = sorted(english, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest)), re.IGNORECASE), english


@cache
def _foreign() -> dict[str, str]:
    return {_bare(w): word for word, given in table()["foreign"].items() for w in given}


def _bare(text: str) -> str:
    """The text without accents."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in apart if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", kept)


def translated(text: str) -> str:
    """The text without accents, and with English in the place of the stems that are known."""
    stems, english = _stems()
    return stems.sub(lambda found: f" {english[found[0].lower()]} ", _bare(text))


@lru_cache(10_000)
def plain(name: str) -> str:
    """The name in English and in lower case, with "_" for all punctuation."""
    tokens = PUNCTUATION.sub("_", CAMEL.sub("_", translated(name)).lower()).strip("_").split("_")
    return "_".join(_foreign().get(token, token) for token in tokens)


@lru_cache(10_000)
def words(name: str) -> Words:
    """The split, the core and the ending of a column's name."""
    tokens = plain(name).split("_")
    split = next((_split_of()[token] for token in tokens if token in _split_of()), "")
    rest = [token for token in tokens if token not in _split_of()]
    twin = next((t for t in ("step", "epoch") if t in rest), "") if len(rest) > 1 else ""
    noise = table()["noise"]
    core = [token for token in rest if token not in noise]
    return Words(split, "_".join(core or rest), twin, frozenset(tokens))


def split_alone(name: str) -> str:
    """The split that a file or a folder is named for; empty if its name says more, or none."""
    word = words(name)
    return word.split if {*word.core.split("_")} <= {"", *OF_FILES, *table()["noise"]} else ""


def without_split(name: str) -> str:
    """The name in plain form without the words that name its split."""
    return "_".join(token for token in plain(name).split("_") if token not in _split_of())


def axis_rank(name: str, axis: str) -> int | None:
    """How well the name fits an axis ("step", "epoch"); less is better, None is not at all."""
    named = "_step" if name.strip() == "_step" else plain(name)
    order = table()["axis"][axis]
    return order.index(named) if named in order else None


def is_place(name: str) -> bool:
    """Whether the column says where its rows lie."""
    return any(axis_rank(name, axis) is not None for axis in table()["axis"])


@lru_cache(10_000)
def is_ignored(name: str) -> bool:
    """Whether the column speaks of the machine, not of the training."""
    return _ignored().fullmatch(plain(name)) is not None or not plain(name)


@lru_cache(10_000)
def meaning(name: str) -> Meaning | None:
    """What a column of this name holds; None if its name does not say."""
    word = words(name)
    found = _looked_up(word)
    if found is not None:
        return found
    if RATE.search(word.core):
        return Meaning("learning_rate", "", 5_000)
    if "loss" in word.core.split("_") or word.core.endswith("loss"):
        part = word.core.replace("_loss", "").replace("loss_", "") or word.core
        return Meaning(
            "loss_component", f"{word.split or 'train'}/{part}", split_named=bool(word.split)
        )
    if word.split or higher_is_better(word.core) is not None:
        return Meaning(
            "metric", f"{word.split or 'train'}/{word.core}", split_named=bool(word.split)
        )
    return None


def _looked_up(word: Words) -> Meaning | None:
    twin = {"": 0, "epoch": -1, "step": 40}[word.twin]
    if word.core in _quantities():
        quantity, rank = _quantities()[word.core]
        scope = "" if quantity in UNSPLIT else word.split or "train"
        return Meaning(quantity, scope, 100 * rank + twin, split_named=bool(word.split))
    if word.core in table()["doubtful_losses"]:
        rank = 10_000 + table()["doubtful_losses"].index(word.core)
        return Meaning(
            "metric", f"{word.split or 'train'}/{word.core}", rank, True, bool(word.split)
        )
    if word.split and not set(word.core.split("_")) - {"", *table()["noise"], *_split_of()}:
        return Meaning("loss", word.split, 9_000 + twin, True)
    return None


def quantity_of(name: str) -> str:
    """The quantity that a column of this name holds; "" if its name does not say."""
    found = meaning(name)
    return found.quantity if found else ""


def declared(text: str) -> Meaning:
    """The meaning written as "quantity@scope", or as a name that says it ("val_loss")."""
    quantity, scoped, scope = text.partition("@")
    found = None if scoped else meaning(text)
    if found is not None and found.rank < 9_000:
        return replace(found, rank=-1000, doubtful=False)
    return Meaning(quantity.strip(), scope.strip(), -1000)


def misspelt(text: str) -> str | None:
    """The quantity that was probably meant by a name that is none."""
    quantity = text.partition("@")[0].strip()
    known = {*table()["quantities"], *table()["axis"], "metric", "loss_component"}
    if quantity in known or meaning(quantity) is not None:
        return None
    return next(iter(get_close_matches(quantity, known, 1)), None)


def is_error(name: str) -> bool:
    """Whether a word of the name is one of an error, which training makes small."""
    return not set(plain(name).split("_")).isdisjoint(table()["errors"])


def is_share(name: str) -> bool:
    """Whether a word of the name is one of a metric that is a share of a whole."""
    return not set(plain(name).split("_")).isdisjoint(table()["higher_is_better"]["shares"])


def higher_is_better(name: str) -> bool | None:
    """Whether more of a metric is better, by the words of its name; None if they do not say."""
    found = plain(name).split("_")
    directions: Mapping[str, list[str]] = table()["higher_is_better"]
    if any(token in directions["less"] or token.endswith("loss") for token in found):
        return False
    return True if any(token in directions["more"] for token in found) else None
