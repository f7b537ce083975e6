"""Data sets with a number in the names of columns, as XGBoost, LightGBM and TabNet give them."""

import re
from collections.abc import Iterable, Sequence

from traindx.mlp.readers.names import meaning, words

NUMBERED = re.compile(
    r"^(.*?)((?:validation|valid|val|eval|test)_(\d+))(?:'s)?[-_/ .:]+(.+)$", re.I
)
UNNAMED = "validation_0"
"""XGBoost's name for the first of several sets; by custom these are the training data."""


def by_split(titles: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What such columns are called by their splits, and what is doubtful about it.

    The measures of a set beyond one of training and one of validation are metrics, never losses.
    """
    titles = list(titles)
    found = {title: match for title in titles if (match := NUMBERED.match(title))}
    sets = list(dict.fromkeys(match[2] for match in found.values()))
    numbers = sorted(int(match[3]) for match in {m[2]: m for m in found.values()}.values())
    if not found or numbers not in (list(range(len(sets))), list(range(1, len(sets) + 1))):
        return {}, ()
    trained = any(_is_of_training(title) for title in titles if title not in found)
    places, notes = _places(sets, trained)
    called = {t: f"{places[m[2]]}/{m[1].rpartition('/')[2]}{m[4]}" for t, m in found.items()}
    return called, notes


def _places(sets: Sequence[str], trained: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """What stands for each set; beyond one of training and one of validation its own name."""
    places = {name: f"metric@{words(name).split}/set/{name}" for name in sets}
    if trained or len(sets) == 1 or sets[0].lower() != UNNAMED:
        return {**places, sets[0]: words(sets[0]).split}, ()
    note = f"'{sets[0]}' was taken for the training data, '{sets[1]}' for the validation data"
    return {**places, sets[0]: "train", sets[1]: "val"}, (note,)


def _is_of_training(title: str) -> bool:
    found = meaning(title)
    return found is not None and found.scope.partition("/")[0] == "train"
