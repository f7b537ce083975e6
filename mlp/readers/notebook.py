"""Notebooks (`.ipynb`): what the cells printed, and the tables of HF Trainer and fastai in HTML."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from io import BytesIO
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers import read, read_all
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document, ReadError

TABLE = re.compile(r"<table.*?</table>", re.DOTALL | re.IGNORECASE)
LINE = re.compile(r"<tr.*?</tr>", re.DOTALL | re.IGNORECASE)
CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")


def recognise(document: Document) -> float:
    data = document.data
    is_notebook = isinstance(data, Mapping) and isinstance(data.get("cells"), list)
    return 0.95 if is_notebook and "nbformat" in data else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """The runs of the cells, those of a single point only if there are no others."""
    cells = document.data["cells"]
    runs = [
        replace(run, source=document.name, notes=(*run.notes, f"from the output of cell {place}"))
        for place, cell in enumerate(cells, 1)
        for log in (_logs(cell) if isinstance(cell, Mapping) else ())
        for run in _read(log, aliases)
    ]
    if not runs:
        raise ReadError(
            f"{document.name}: a notebook without a loss in what its cells printed; "
            "run it and save it with its outputs"
        )
    return [run for run in runs if _points(run) > 1] or runs


def _points(run: History) -> int:
    return max(map(len, run.series.values()), default=0)


def _read(log: str, aliases: Aliases) -> list[History]:
    file = BytesIO(log.encode("utf-8", "replace"))
    try:
        return [read(file, aliases=aliases)] if aliases else read_all(file)
    except ReadError:
        return []


def _logs(cell: Mapping[str, Any]) -> Iterator[str]:
    """The tables that a cell shows, and all that it printed."""
    printed = []
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, Mapping):
            continue
        shown = output.get("data")
        shown = shown if isinstance(shown, Mapping) else {}
        tables = [*_tables(_text(shown.get("text/html")))]
        yield from tables
        printed.append(_text(output.get("text")) or ("" if tables else _plain(shown)))
    yield "".join(printed)


def _plain(shown: Mapping[str, Any]) -> str:
    text = _text(shown.get("text/plain"))
    return f"{text}\n" if text else ""


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _tables(html: str) -> Iterator[str]:
    """The tables with a loss, with tabs between their cells."""
    for table in TABLE.findall(html):
        rows = [CELL.findall(line) for line in LINE.findall(table)]
        lines = ["\t".join(map(_said, row)) for row in rows if row]
        if lines and "loss" in lines[0].lower():
            yield "\n".join(lines) + "\n"


def _said(cell: str) -> str:
    return " ".join(unescape(TAG.sub(" ", cell)).split())
