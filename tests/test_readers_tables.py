"""Tables and JSON whose columns do not say what they are: what is read of them, and said."""

import json
from pathlib import Path
from typing import Any

import pytest

from traindx.mlp.history import History
from traindx.mlp.readers import ReadError, read, read_all


def written(folder: Path, *lines: Any, name: str = "some_log") -> Path:
    """A file with these lines; what is no text is written as JSON."""
    path = folder / name
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def values(history: History, quantity: str, scope: str = "") -> list[float]:
    return list(map(float, history.series[quantity, scope].values))


def steps(history: History, quantity: str, scope: str = "") -> list[float]:
    return list(map(float, history.series[quantity, scope].steps))


def remarks(history: History) -> str:
    return " | ".join(history.notes)


# --- Cells -------------------------------------------------------------------------------------


def test_the_first_cell_may_be_empty(tmp_path: Path) -> None:
    log = read(written(tmp_path, "a,loss,epoch,step", ",1.5,0,0", ",1.4,1,1"))
    assert values(log, "loss", "train") == [1.5, 1.4]


def test_a_cell_that_only_looks_like_a_number_is_no_end_of_the_table(tmp_path: Path) -> None:
    log = read(written(tmp_path, "epoch,loss", "1,1.5", "2,1-2", "3,1.25"))
    assert values(log, "loss", "train") == [1.5, 1.25]
