"""Places: the epoch and the step that lines of text give, and steps that go on through epochs."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from traindx.mlp.history import Array
from traindx.mlp.readers.text_pairs import SPLIT

PASSED = re.compile(r"\bepch\W{1,2}(\d+\.\d+)")
EPOCH = re.compile(
    r"\b(?:epoch|ep)\b(?!s)(?:\s?\(\w+\))?\W{0,4}(?P<named>\d+(?:\.\d+)?)(?![\w.]*:\d)"
    r"|^\W*(?P<starred>\d+)\s*/\s*\d+\s*\*\s*epoch\b"
    r"|(?<![\d/])(?P<before>\d+)\s?epoch\b(?!s)"
    r"|^\s*\[\s*(?P<first>\d+)\s*,\s*\d+\s*\]",
    re.IGNORECASE,
)
STEP = re.compile(
    r"\b(?:global_steps?|steps?|iteration|iter|num_updates|update|up|batch)\b(?:\s?\(\w+\))?"
    r"[ .:=#\[('\"|-]{0,16}(?P<count>\d+)(?:\s*/\s*(?P<total>\d+)|(?P<thousands>[KM])\b)?"
    r"(?![\w.%])",
    re.IGNORECASE,
)
COUNTER = re.compile(
    r"\|\s*(?P<count>\d+)/(?P<total>\d+)\s*\[|^\s*\[\s*\d+\s*,\s*(?P<second>\d+)\s*\]"
)
BRACKET = re.compile(r"\[\s*(?P<count>\d+)\s*/\s*(?P<total>\d+)")
"""How far an epoch has come: a bar's "| 33/100 [", "[1,  2000]"; "[ 640/60000 (1%)]"."""
BATCHES = re.compile(r"\b\d+-(?P<count>\d+)batch\b")
NUMBERED = re.compile(r"(?:^|\]\s)\s*\[\s*(?P<count>\d+)\s*[\],]")
"""A counter without a name at the start: "[10]", "[1, 2000]"."""
GLOBAL = re.compile(r"\bglobal[_ ]step\b[ :=]{0,4}(?P<count>\d+)(?![\w.])", re.IGNORECASE)
PLACE = re.compile(
    r"\W*(?:(?:global_step|step|iter|iteration|epoch|batch)\W{1,4}\d+(?:\s*/\s*\d+)?\W*)+$",
    re.IGNORECASE,
)
"""A line that says where the following lines are, and no more."""
TOTAL = "steps of an epoch"
"""In a row whose step is counted within an epoch whose length the log says, this length."""
Row = dict[str, Any]


def epoch(line: str) -> str | None:
    found = (PASSED.search(line) if "epch" in line else None) or EPOCH.search(line)
    return next((n for n in found.groups() if n), None) if found else None


def step(line: str, evaluated: bool = False) -> tuple[str, str] | None:
    """The step that a line gives, and of how many; an evaluation's batches are none."""
    if throughout := GLOBAL.search(line):
        return throughout["count"], ""
    if named := STEP.search(line):
        of_evaluation = evaluated and named["total"] and SPLIT.search(line[: named.start()])
        return None if of_evaluation else _counted(named)
    at = EPOCH.search(line)
    if found := COUNTER.search(line) or BRACKET.search(line, at.end() if at else 0):
        return None if evaluated else _counted(found)
    if at:
        batches = BATCHES.search(line)
        return (batches["count"], "") if batches else None
    numbered = NUMBERED.search(line)
    return (numbered["count"], "") if numbered else None


def _counted(found: re.Match[str]) -> tuple[str, str]:
    said = {name: n for name, n in found.groupdict().items() if n}
    thousands = {"k": "000", "m": "000000"}.get(said.get("thousands", "").lower(), "")
    return said.get("count", said.get("second", "")) + thousands, said.get("total", "")


# --- All rows ----------------------------------------------------------------------------------


def placed(rows: Sequence[Row]) -> list[Row]:
    """The rows with steps that go on from epoch to epoch, where they are known to be counted anew.

    They are where the log says how long an epoch is, and where a run was begun anew in the first
    epoch. Steps that say nothing beside the epochs are left out.
    """
    kept = [{name: v for name, v in row.items() if name != TOTAL} for row in rows]
    if not rows:
        return kept
    places = np.array([[_number(row, name) for name in ("epoch", "step", TOTAL)] for row in rows])
    epochs, steps, totals = places.T
    if _one_each(epochs, steps, totals):
        return [{name: v for name, v in row.items() if name != "step"} for row in kept]
    if _is_begun_anew(epochs, steps):
        spacing = float(np.median(np.diff(np.unique(steps[np.isfinite(steps)]))))
        totals = np.where(totals > 0, totals, np.nanmax(steps) + spacing)
    through = _through(epochs, steps, totals)
    if through is None:
        return kept
    return [
        row | {"step": float(at)} if np.isfinite(at) else row
        for row, at in zip(kept, through, strict=True)
    ]


def _number(row: Row, name: str) -> float:
    found = row.get(name)
    return np.nan if found is None else float(found)


def _through(epochs: Array, steps: Array, totals: Array) -> Array | None:
    """The steps since the beginning, where they are counted anew in epochs of a known length."""
    own = np.isfinite(epochs) & np.isfinite(steps) & (totals > 0)
    e, s, of = epochs[own], steps[own], totals[own]
    rises = np.diff(e)
    anew = np.diff(s)[rises > 0] <= 0
    if not len(anew) or 2 * anew.sum() < len(anew) or np.any(e % 1):
        return None
    base = 0.0 if e.min() == 0 else 1.0
    gone = np.concatenate([[0.0], np.cumsum(np.maximum(rises, 0) * of[:-1])])
    begun = np.maximum.accumulate(np.where(np.append(True, rises < 0), np.arange(len(e)), 0))
    start = gone - gone[begun] + (e[begun] - base) * of[begun]
    last = np.maximum(np.cumsum(own) - 1, 0)
    further = np.where(np.isfinite(epochs), epochs - e[last], 0.0)
    afterwards = np.where(
        further < 0, np.maximum(epochs - base, 0) * of[last], start[last] + further * of[last]
    )
    through: Array = np.where(further == 0, (start + s)[last], afterwards)
    return through


def _one_each(epochs: Array, steps: Array, totals: Array) -> bool:
    """Whether epochs change from row to row and the step they have says nothing."""
    known = np.isfinite(epochs) & np.isfinite(steps)
    own = known & (totals > 0)
    kept = own if own.any() else known
    e, s = epochs[kept], steps[kept]
    rises, climbs = np.diff(e), np.diff(s)
    changes = (rises != 0) | (climbs != 0)
    stands = np.any(climbs[changes] <= 0) if own.any() else np.any(climbs[changes] == 0)
    return len(e) > 2 and bool(stands) and bool(np.all(rises[changes] != 0))


def _is_begun_anew(epochs: Array, steps: Array) -> bool:
    """Whether steps fall back to the first, in the epoch that was the first already.

    That steps fall in several epochs, or in the only one, may mean that they are of validation.
    """
    falls = np.flatnonzero((np.diff(epochs) == 0) & (np.diff(steps) < 0)) + 1
    first = np.nanmin(epochs, initial=np.inf)
    if not len(falls) or np.any(epochs[falls] != first) or not np.any(epochs > first):
        return False
    return bool(np.all(steps[falls] <= steps[np.isfinite(steps)][0]))
