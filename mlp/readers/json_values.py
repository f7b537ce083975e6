"""JSON and plain values: a dict of lists (also nested), a list of dicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet, from_rows, sheet
from traindx.mlp.readers.document import Document, ReadError, is_numbers
from traindx.mlp.readers.names import meaning

MOST = 0.3
DEPTH = 4


def recognise(document: Document) -> float:
    """A little sure of every JSON text or value with lists in it; another format is surer."""
    return MOST if isinstance(document.data, Mapping | list) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    if document.rows and all(_has_lists(row) for row in document.rows):
        sheets = [_sheet(_listed(row), ()) for row in document.rows]
        return [run for sheet in sheets for run in histories(sheet, document, aliases)]
    if document.rows:
        return histories(
            from_rows(flattened(document.rows), frame=document.frame), document, aliases
        )
    return histories(_lists(document), document, aliases)


def flattened(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The rows with mappings inside spread out: {"train": {"loss": 1}} is {"train/loss": 1}."""
    if not any(isinstance(value, Mapping) for row in rows[:50] for value in row.values()):
        return rows
    return [dict(_leaves(row)) for row in rows]


def _leaves(row: Mapping[str, Any], prefix: str = "", depth: int = DEPTH) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in row.items():
        if isinstance(value, Mapping) and depth:
            found += _leaves(value, f"{prefix}{key}/", depth - 1)
        else:
            found.append((f"{prefix}{key}", value))
    return found


def _lists(document: Document) -> Sheet:
    """The lists of numbers anywhere in the value, or the list of mappings that is longest."""
    data = document.data
    leaves = _leaves(data) if isinstance(data, Mapping) else [("loss", data)]
    lists = _listed(data) if isinstance(data, Mapping) else {"loss": data}
    lists = {key: value for key, value in lists.items() if is_numbers(value)}
    tables = [value for _, value in leaves if _is_table(value)]
    if tables and len(max(tables, key=len)) >= max(map(len, lists.values()), default=0):
        return from_rows(flattened(max(tables, key=len)))
    if not lists:
        raise ReadError(
            f"{document.name}: no list of numbers in it; give a log with losses over time"
        )
    return _sheet(lists, leaves, frame=document.frame)


def _sheet(
    lists: Mapping[str, Sequence[Any]], leaves: Sequence[tuple[str, Any]], **more: Any
) -> Sheet:
    """The lists as columns, with lists of words beside them that may say what they are."""
    kept, left = _of_one_run(lists)
    columns, notes = _spread(kept)
    longest = max(map(len, columns.values()))
    spoken = {key: value for key, value in leaves if _is_words(value) and len(value) == longest}
    return sheet({**columns, **spoken}, notes=notes + left, **more)


def _has_lists(row: Mapping[str, Any]) -> bool:
    """Whether it is a history in itself: lists of numbers under names with a loss among them."""
    return any("loss" in key.lower() and len(value) > 1 for key, value in _listed(row).items())


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of numbers in a mapping, by their names."""
    return {key: plain for key, value in _leaves(row) if is_numbers(plain := _plain(value))}


def _spread(
    columns: Mapping[str, Sequence[Any]],
) -> tuple[dict[str, Sequence[Any]], tuple[str, ...]]:
    """The columns; those that are shorter by a whole factor lie evenly among the others.

    What has one value was measured at the end.
    """
    longest = max(map(len, columns.values()))
    columns = {
        t: _laid(cells, longest) if len(cells) == 1 else cells for t, cells in columns.items()
    }
    short = {
        title: longest // len(cells)
        for title, cells in columns.items()
        if 1 < len(cells) <= longest / 2 and longest % len(cells) == 0
    }
    if not short:
        return dict(columns), ()
    titles = ", ".join(f"'{title}'" for title in short)
    note = f"{titles}: fewer values by a whole factor; they were laid evenly along the others"
    laid = {t: _laid(cells, short[t]) if t in short else cells for t, cells in columns.items()}
    return laid, (note,)


def _laid(cells: Sequence[Any], apart: int) -> list[Any]:
    return [cell for value in cells for cell in (*[None] * (apart - 1), value)]


def _is_words(value: Any) -> bool:
    """Whether it is a list of words, which may say what the numbers beside them are."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) or hasattr(value, "tolist") else value


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _of_one_run(
    lists: Mapping[str, Sequence[Any]],
) -> tuple[dict[str, Sequence[Any]], tuple[str, ...]]:
    """The lists as long as losses are, and what was measured once; those left out are told.

    Lists of class numbers and the like are much shorter.
    """
    longest = max(len(v) for k, v in lists.items())
    losses = [len(v) for k, v in lists.items() if "loss" in k.lower()]
    least = min(3, max(losses, default=longest))
    kept = {k: v for k, v in lists.items() if len(v) >= least or _is_of_a_run(k, v)}
    left = ", ".join(f"'{title}'" for title in lists if title not in kept)
    return kept, (f"left out, of another length than the losses: {left}",) if left else ()


def _is_of_a_run(title: str, cells: Sequence[Any]) -> bool:
    """Whether it is a loss, or one measurement that was made at the end."""
    return "loss" in title.lower() or (len(cells) == 1 and meaning(title) is not None)
