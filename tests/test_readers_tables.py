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


# --- Losses and their parts --------------------------------------------------------------------

YOLO = "epoch,{0},metrics/mAP50(B),{1},lr/pg0,lr/pg1,lr/pg2"


def test_what_yolo_measures_in_training_and_validation_alike_is_the_loss(tmp_path: Path) -> None:
    header = YOLO.format("train/box_om,train/cls_oo", "val/box_om,val/cls_oo")
    rows = ("1,1,2,0.5,1.5,2.5,1e-3,1e-3,1e-3", "2,0.5,1,0.6,1,2,1e-3,1e-3,1e-3")
    log = read(written(tmp_path, header, *rows))
    assert (values(log, "loss", "train"), values(log, "loss", "val")) == ([3.0, 1.5], [4.0, 3.0])
    assert "the val loss is the sum of 'val/box_om', 'val/cls_oo'" in remarks(log)


@pytest.mark.parametrize(
    ("rates", "taken"),
    [("0.1,1e-3,1e-3", "lr/pg1"), ("1e-3,0.1,1e-3", "lr/pg0"), ("1e-3,1e-3,0.1", "lr/pg0")],
    ids=["the first warms up", "the second warms up", "the last warms up"],
)
def test_the_learning_rate_is_the_one_that_most_groups_share(
    rates: str, taken: str, tmp_path: Path
) -> None:
    header = YOLO.format("train/loss", "val/loss")
    log = read(written(tmp_path, header, f"1,1,0.5,1.5,{rates}", "2,0.5,0.6,1,8e-4,8e-4,8e-4"))
    assert values(log, "learning_rate") == [1e-3, 8e-4]
    assert log.titles["learning_rate", ""] == taken
    assert next(iter(log.over("learning_rate"))) == ""


def test_of_learning_rates_that_all_differ_the_first_is_taken(tmp_path: Path) -> None:
    rows = ("1,2.0,1e-3,1e-4,1e-5", "2,1.0,8e-4,8e-5,8e-6")
    log = read(written(tmp_path, "epoch,loss,lr_0,lr_1,lr_2", *rows))
    assert values(log, "learning_rate") == [1e-3, 8e-4]
