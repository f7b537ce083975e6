"""Long form: tables in which a word in each row says what its numbers are, as wide ones.

Either of which split they are (a column `phase` with "train" and "val"), or which quantity the one
number of the row is (a column `metric` beside a column `value`).
"""

from collections.abc import Mapping, Sequence

from traindx.mlp.readers.names import UNSPLIT, is_place, meaning, plain, words

Cells = Mapping[str, Sequence[object]]
NAMES = frozenset(
    ["metric", "metric_name", "name", "tag", "key", "variable", "series", "quantity", "measure"]
)
VALUES = frozenset(["value", "scalar", "metric_value", "val", "number"])
MOST_NAMES = 200


def unfolded(cells: Cells) -> Cells:
    """The columns, each of one quantity and one split."""
    spoken = {t: kinds for t, column in cells.items() if (kinds := _kinds(t, column))}
    for title, kinds in spoken.items():
        if all(words(kind).split and not _rest(kind) for kind in kinds):
            return _by_split(cells, title, kinds)
    named = next((title for title in spoken if plain(title) in NAMES), None)
    value = next((title for title in cells if plain(title) in VALUES), None)
    if named is None or value is None or named == value:
        return cells
    return _by_name(cells, named, value, spoken[named])


def _kinds(title: str, column: Sequence[object]) -> list[str]:
    """The words in a column, if they are few and may say what the rows are."""
    first = next((c for c in column if c is not None), None)
    if not isinstance(first, str) or not (words(first).split or plain(title) in NAMES):
        return []
    kinds = dict.fromkeys(c for c in column if isinstance(c, str) and c.strip())
    return [] if len(kinds) > MOST_NAMES or any(_is_number(kind) for kind in kinds) else [*kinds]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _rest(kind: str) -> str:
    """What a word says beside its split."""
    core = words(kind).core
    return "" if words(core).split or core in ("", "phase", "set", "split") else core


def _by_split(cells: Cells, phase: str, kinds: Sequence[str]) -> Cells:
    spread: dict[str, Sequence[object]] = {}
    for title, column in cells.items():
        if title != phase and _is_of_all(title):
            spread[title] = column
        elif title != phase:
            spread |= {f"{kind}/{title}": _where(column, cells[phase], kind) for kind in kinds}
    return spread


def _is_of_all(title: str) -> bool:
    """Whether a column means the same for every split, or names its own."""
    found = meaning(title)
    return (
        is_place(title)
        or bool(words(title).split)
        or (found is not None and found.quantity in UNSPLIT)
    )


def _by_name(cells: Cells, named: str, value: str, kinds: Sequence[str]) -> Cells:
    kept = {title: column for title, column in cells.items() if title not in (named, value)}
    return kept | {kind: _where(cells[value], cells[named], kind) for kind in kinds}


def _where(column: Sequence[object], words_: Sequence[object], kind: str) -> list[object]:
    """The cells of the rows with that word; nothing in the others."""
    return [c if word == kind else None for c, word in zip(column, words_, strict=False)]
