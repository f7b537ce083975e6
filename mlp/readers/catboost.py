"""CatBoost: `catboost_training.json`; `learn_error.tsv` and `test_error.tsv`; console output."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document, ReadError

PRINTED = re.compile(
    r"^(\d+):\s+learn: ([-+\w.]+)(?:\s+test: ([-+\w.]+))?(?=\s.*\btotal: )", re.MULTILINE
)


ROW = re.compile(r'"iteration":\s*\d')
MIXED = (
    "several trainings wrote into it at the same time; "
    "give each a folder of its own (train_dir) and train again"
)

FILES = {"train": "learn_error.tsv", "val": "test_error.tsv"}


def recognise(document: Document) -> float:
    if document.data is None and document.text[:1] == "{" and _rows_within(document.text) > 1:
        return 0.9 if '"learn":' in document.text else 0.0
    if isinstance(document.data, Mapping) and isinstance(document.data.get("iterations"), list):
        return 0.95 if isinstance(document.data.get("meta", {}), Mapping) else 0.0
    head = document.text[:50_000]
    printed = "learn: " in head and PRINTED.search(head)
    return 0.9 if printed or head.startswith("iter\t") else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    if printed := PRINTED.findall(document.text):
        rows = [{"iteration": i, "train/loss": a, "val/loss": b or None} for i, a, b in printed]
        return histories(from_rows(rows), document, aliases)
    if document.data is None and document.text[:1] == "{":
        raise ReadError(f"{document.name}: {MIXED}")
    if document.data is None:
        return _from_table(document, aliases)
    data: Mapping[str, Any] = document.data
    measures = _measures(data.get("meta", {}))
    whole = (row for row in data["iterations"] if isinstance(row, Mapping) and "iteration" in row)
    listed = [_row(row, measures) for row in whole]
    lost = _rows_within(document.text) - len(listed)
    notes = (f"{MIXED} ({lost} rows are not whole)",) if lost > 1 else ()
    return histories(from_rows(listed, notes=notes), document, aliases)


def _rows_within(text: str) -> int:
    """How many rows were begun in a text that may not be whole JSON."""
    return len(ROW.findall(text))


def _measures(meta: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of the measures of each split."""
    found = {}
    for split in ("learn", "test"):
        listed = meta.get(f"{split}_metrics")
        named = listed if isinstance(listed, list) else []
        found[split] = [str(m.get("name")) for m in named if isinstance(m, Mapping)]
    return found


def _row(row: Mapping[str, Any], measures: Mapping[str, list[str]]) -> dict[str, Any]:
    plain: dict[str, Any] = {"iteration": row.get("iteration")}
    for split, names in measures.items():
        values = row.get(split)
        for i, value in enumerate(values if isinstance(values, list) else []):
            plain[f"{split}/{names[i] if i < len(names) else 'loss'}"] = value
    return plain


def _from_table(document: Document, aliases: Aliases) -> list[History]:
    """The table's one measure, of the split that the file is named for."""
    sheet = table(document)
    split = "val" if "test" in Path(document.name).name else "train"
    other = "train" if split == "val" else "val"
    note = f"the {other} curve, if there is one, is in another file ({FILES[other]})"
    titles = [title for title in sheet.columns if title not in ("iter", "Passed", "Remaining")]
    if not titles:
        raise ReadError(f"{document.name}: the times of a run, no curve; give learn_error.tsv")
    names = {t: f"loss@{split}" if t == titles[0] else f"metric@{split}/{t}" for t in titles}
    return histories(replace(sheet, names=names, notes=(note,)), document, aliases)
