# ruff: noqa: E501
"""Text logs: what each manner of printing a training says, in a few lines made up for it."""

from pathlib import Path

import pytest

from traindx.mlp.history import History
from traindx.mlp.readers import read

Lines = tuple[str, ...]
Series = dict[str, list[float]]


def written(lines: Lines | str, tmp_path: Path, name: str = "some.log") -> Path:
    path = tmp_path / name
    path.write_text(lines if isinstance(lines, str) else "\n".join(lines) + "\n", encoding="utf-8")
    return path


def values(history: History, name: str) -> list[float]:
    quantity, _, scope = name.partition("@")
    return [float(v) for v in history.series[quantity, scope].values]


def places(history: History, name: str) -> list[float]:
    quantity, _, scope = name.partition("@")
    return [float(s) for s in history.series[quantity, scope].steps]


# the lines, what is read of them, where the first of these series stands, a part of a remark
READ: dict[str, tuple[Lines, Series, list[float], str]] = {
    "XGBoost: a regression": (
        ("[0]\ttrain-rmse:2.5\teval-rmse:2.6", "", "[1]\ttrain-rmse:1.5\teval-rmse:1.8"),
        {"loss@train": [2.5, 1.5], "loss@val": [2.6, 1.8]},
        [0, 1],
        "by its name alone",
    ),
    "XGBoost: sets without a name": (
        ("[0]\tvalidation_0-mlogloss:2.5\tvalidation_1-mlogloss:2.6", "[9]\tvalidation_0-mlogloss:1.5\tvalidation_1-mlogloss:1.8"),
        {"loss@train": [2.5, 1.5], "loss@val": [2.6, 1.8]},
        [0, 9],
        "'validation_0' was taken for the training data",
    ),
    "XGBoost: one set without a name": (
        ("[0]\tvalidation_0-merror:0.5", "[1]\tvalidation_0-merror:0.4", "[2]\tvalidation_0-merror:0.3"),
        {"loss@val": [0.5, 0.4, 0.3]},
        [0, 1, 2],
        "",
    ),
    "XGBoost: two measures, a time stamp, blanks of another program": (
        ("[12:01:05] INFO: [0]#011train-auc:0.6#011train-error:0.4", "[12:01:05] INFO: [1]#011train-auc:0.7#011train-error:0.3"),
        {"loss@train": [0.4, 0.3], "metric@train/auc": [0.6, 0.7]},
        [0, 1],
        "",
    ),
    "XGBoost: a cross-validation with the spread over its folds": (
        ("[0]\ttrain-rmse:1.5+0.01\ttest-rmse:1.6+0.02", "[1]\ttrain-rmse:1.2+0.01\ttest-rmse:1.4+0.02"),
        {"loss@train": [1.5, 1.2], "loss@val": [1.6, 1.4]},
        [0, 1],
        "",
    ),
    "LightGBM: the best round is printed once more": (
        ("Training until validation scores don't improve for 5 rounds", "[10]\ttraining's l2: 0.5\tvalid_1's l2: 0.6", "[20]\ttraining's l2: 0.4\tvalid_1's l2: 0.7", "Early stopping, best iteration is:", "[10]\ttraining's l2: 0.5\tvalid_1's l2: 0.6"),
        {"loss@train": [0.5, 0.4], "loss@val": [0.6, 0.7]},
        [10, 20],
        "",
    ),
    "LightGBM: two validation sets are two": (
        ("[1]\tvalid_0's auc: 0.6\tvalid_1's auc: 0.5", "[2]\tvalid_0's auc: 0.7\tvalid_1's auc: 0.6"),
        {"metric@val/auc": [0.6, 0.7], "metric@val/set/valid_1/auc": [0.5, 0.6]},
        [1, 2],
        "further data sets are metrics only: 'valid_1'",
    ),
    "LightGBM in R": (
        ("[1]:  valid's l1:  0.6", "[2]:  valid's l1:  0.5"),
        {"loss@val": [0.6, 0.5]},
        [1, 2],
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_lines_are_read_as_they_are_meant(kind: str, tmp_path: Path) -> None:
    lines, expected, steps, remark = READ[kind]
    history = read(written(lines, tmp_path))
    for name, said in expected.items():
        assert values(history, name) == pytest.approx(said, nan_ok=True), name
    assert places(history, next(iter(expected))) == steps
    assert remark in " | ".join(history.notes)
