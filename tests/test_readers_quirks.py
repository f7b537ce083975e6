# ruff: noqa: E501
"""What logs of strangers hold in store: each quirk in a small log, and what is read of it."""

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from traindx.mlp.readers import ReadError, read, read_all

Series = dict[str, list[float]]
NAN, INF = math.nan, math.inf


def lines(*rows: Any) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n"


def state(*rows: dict[str, Any]) -> str:
    return json.dumps({"global_step": 3, "log_history": list(rows)})


def train(step: int, loss: float, **more: Any) -> dict[str, Any]:
    return {"loss": loss, "learning_rate": 1e-4, "epoch": step / 10, "step": step, **more}


def evaluated(step: int, **measured: Any) -> dict[str, Any]:
    return {**measured, "epoch": step / 10, "step": step}


LAST = ((1, 2.5), (2, 2.0), (2, 1.5))

# quirk: the log, what is read of it, a part of a remark
QUIRKS: dict[str, tuple[str, Series, str]] = {
    "HF: the summary is no point": (
        state(train(1, 3.0), train(2, 2.0), {"train_loss": 2.5, "train_runtime": 9, "step": 2}),
        {"loss@train": [3.0, 2.0]},
        "",
    ),
    "HF: a gradient norm that is NaN while the scaler starts": (
        state(train(1, 3.0, grad_norm=NAN), train(2, 2.0, grad_norm=1.0)),
        {"loss@train": [3.0, 2.0], "gradient_norm": [NAN, 1.0]},
        "",
    ),
    "HF: the evaluation comes first": (
        state(evaluated(0, eval_loss=3.5), train(1, 3.0), train(2, 2.0), evaluated(2, eval_loss=2)),
        {"loss@train": [3.0, 2.0], "loss@val": [3.5, 2.0]},
        "",
    ),
    "HF: one more evaluation after the training": (
        state(train(1, 3.0), train(2, 2.0), *(evaluated(n, eval_loss=v) for n, v in LAST)),
        {"loss@val": [2.5, 1.5]},
        "the last one was taken",
    ),
    "HF: evaluation sets with names": (
        state(train(1, 3.0), evaluated(1, eval_g0_loss=2.0), evaluated(2, eval_g0_loss=1.0)),
        {"loss@val": [2.0, 1.0]},
        "eval_g0_loss",
    ),
    "HF: training logged once, evaluated often": (
        state(*(evaluated(n, eval_loss=3.0 - n) for n in range(3)), train(3, 1.0)),
        {"loss@train": [1.0], "loss@val": [3.0, 2.0, 1.0]},
        "",
    ),
    "HF: evaluations that have metrics and no loss": (
        state(train(1, 3.0), train(2, 2.0), evaluated(2, eval_rouge1=0.4)),
        {"loss@train": [3.0, 2.0], "metric@val/rouge1": [0.4]},
        "",
    ),
    "HF: the history alone": (
        json.dumps([train(1, 3.0), train(2, 2.0)]),
        {"loss@train": [3.0, 2.0]},
        "",
    ),
    "HF: rewards, with a loss about zero": (
        state(train(1, 0.0, reward=0.1, kl=0.0), train(2, -0.01, reward=0.3, kl=0.1)),
        {"reward": [0.1, 0.3], "loss@train": [0.0, -0.01]},
        "",
    ),
    "YOLO: cells filled up with blanks": (
        lines(
            "               epoch,      train/box_loss,      train/obj_loss,     metrics/mAP_0.5,        val/box_loss,        val/obj_loss,               x/lr0,               x/lr2",
            "                   0,             0.10000,             0.20000,             0.00100,             0.15000,             0.25000,            0.000100,            0.100000",
            "                   1,             0.05000,             0.10000,             0.10000,             0.10000,             0.15000,            0.000200,            0.050000",
        ),
        {
            "loss@train": [0.3, 0.15],
            "loss@val": [0.4, 0.25],
            "metric@val/mAP_0.5": [0.001, 0.1],
            "learning_rate": [0.0001, 0.0002],
        },
        "sum of",
    ),
    "YOLO: validation was switched off": (
        lines(
            "epoch,time,train/box_loss,train/cls_loss,metrics/mAP50(B),metrics/mAP50(M),val/box_loss,val/cls_loss,lr/pg0",
            "1,9.1,1.0,2.0,0,0,0,0,0.1",
            "2,18.2,0.9,1.5,0,0,0,0,0.01",
        ),
        {"loss@train": [3.0, 2.4]},
        "not evaluated",
    ),
    "YOLO: no objects in the labels": (
        lines(
            "epoch,train/box_loss,train/cls_loss,metrics/mAP50(B),val/box_loss,val/cls_loss,lr/pg0",
            "1,0,2.0,0,0,1.5,0.1",
            "2,0,1.5,0,0,1.0,0.01",
        ),
        {"loss@train": [2.0, 1.5], "loss_component@train/box": [0.0, 0.0]},
        "sum of",
    ),
    "YOLO: infinity in one validation": (
        lines(
            "epoch,train/box_loss,metrics/mAP50(B),val/box_loss,lr/pg0",
            "1,2.0,0.1,inf,0.1",
            "2,1.5,0.2,1.4,0.01",
            "3,1.2,nan,1.3,0.01",
        ),
        {"loss@val": [INF, 1.4, 1.3]},
        "",
    ),
    "YOLO: classification": (
        lines(
            "epoch,train/loss,metrics/accuracy_top1,metrics/accuracy_top5,val/loss,lr/pg0",
            "1,2.0,0.5,0.9,1.9,0.1",
            "2,1.0,0.7,0.95,1.2,0.1",
        ),
        {"loss@train": [2.0, 1.0], "loss@val": [1.9, 1.2], "accuracy@val": [0.5, 0.7]},
        "",
    ),
    "Lightning: sparse rows, twins, and a test at the end": (
        lines(
            "epoch,step,test_loss,train_loss_epoch,train_loss_step,valid_loss",
            "0,9,,,2.5,",
            "0,10,,,,2.2",
            "0,10,,2.3,,",
            "1,19,,,1.5,",
            "1,20,,,,1.8",
            "1,20,,1.4,,",
            "1,20,1.9,,,",
        ),
        {"loss@train": [2.3, 1.4], "loss@val": [2.2, 1.8], "metric@train/loss_step": [2.5, 1.5]},
        "",
    ),
    "Lightning: names of one's own, epochs only": (
        lines("validation_epoch_average,train_cross_entropy,epoch", "2.2,2.3,0", "1.8,1.9,1"),
        {"loss@train": [2.3, 1.9], "loss@val": [2.2, 1.8]},
        "by its name alone",
    ),
    "Lightning: resumed, it begins late": (
        lines("epoch,step,loss", *(f"{n},{n * 100},{9 - n / 10}" for n in range(50, 54))),
        {"loss@train": [4.0, 3.9, 3.8, 3.7]},
        "begins at step 5000",
    ),
    "Keras: old names and further outputs": (
        lines("epoch,acc,l0_loss,loss,lr,val_acc,val_l0_loss,val_loss", "0,.1,1,2,.1,.2,1,2.1", "1,.3,.5,1,.1,.4,.6,1.2"),
        {"loss@train": [2.0, 1.0], "loss@val": [2.1, 1.2], "accuracy@val": [0.2, 0.4]},
        "",
    ),
    "Keras: the index has no name": (
        lines(",loss,val_loss", "0,2.0,2.1", "1,1.5,1.9", "2,1.0,1.8"),
        {"loss@train": [2.0, 1.5, 1.0], "loss@val": [2.1, 1.9, 1.8]},
        "",
    ),
    "Keras: no epoch at all": (
        lines("accuracy,loss", "0.1,2.0", "0.2,1.0"),
        {"loss@train": [2.0, 1.0], "accuracy@train": [0.1, 0.2]},
        "",
    ),
    "Keras: appended without a header": (
        lines("epoch,loss", "0,3", "1,2", "2,1", "0,5", "1,4", "2,3"),
        {"loss@train": [5.0, 4.0, 3.0]},
        "2 runs in one source; this is the last, after one of 3 points (loss 3 to 1)",
    ),
    "Keras: a loss of exactly zero": (
        lines("epoch,accuracy,loss", "0,1.0,0.0", "1,1.0,0.0"),
        {"loss@train": [0.0, 0.0], "accuracy@train": [1.0, 1.0]},
        "",
    ),
    "JSON: further keys, lists of other lengths": (
        json.dumps(
            {
                "classes": ["a", "b", "c"],
                "phase_starts": [0, 2],
                "when": "2024-01-01",
                "train_loss": [3.0, 2.0, 1.0],
                "val_loss": [3.0, 2.5],
                "train_metrics": {"r2": [0.1, 0.2, 0.3]},
            }
        ),
        {"loss@train": [3.0, 2.0, 1.0], "loss@val": [3.0, 2.5], "metric@train/r2": [0.1, 0.2, 0.3]},
        "",
    ),
    "fastai: a header for every fit, one row of lr_find": (
        lines(
            "epoch,train_loss,valid_loss,accuracy,time",
            "0,3.0,#na#,,00:02",
            "epoch,train_loss,valid_loss,accuracy,time",
            "0,2.0,1.9,0.5,01:03",
            "1,1.5,1.6,0.6,01:02",
        ),
        {"loss@train": [2.0, 1.5], "loss@val": [1.9, 1.6], "accuracy@val": [0.5, 0.6]},
        "2 runs",
    ),
    "text: per cent, both splits, time stamps": (
        lines(
            "2024-05-05 10:00:01,123 - INFO - Epoch 1/35, Train Loss: 0.9000, Test Acc: 59.25%",
            "2024-05-05 10:00:09,456 - INFO - Epoch 2/35, Train Loss: 0.7000, Test Acc: 79.25%",
        ),
        {"loss@train": [0.9, 0.7], "accuracy@val": [0.5925, 0.7925]},
        "taken for it",
    ),
    "text: nanoGPT's two kinds of lines": (
        lines(
            "step 0: train loss 4.2, val loss 4.3",
            "iter 0: loss 4.2, time 9000.12ms, mfu -100.00%",
            "iter 10: loss 3.9, time 20.12ms, mfu 4.00%",
            "step 20: train loss 3.0, val loss 3.2",
            "iter 20: loss 3.1, time 20.12ms, mfu 4.00%",
        ),
        {"loss@val": [4.3, 3.2]},
        "",
    ),
    "text: colours and a bar that writes over itself": (
        "\x1b[32mEpoch 1/2\x1b[0m\n 1/9 - ETA: 3s - loss: 9\r 9/9 [==] - loss: 2.0\nEpoch 2/2\n 1/9 - ETA: 3s - loss: 8\r 9/9 [==] - loss: 1.5\n",
        {"loss@train": [2.0, 1.5]},
        "",
    ),
    "text: several runs": (
        lines(*(f"epoch {n} loss {9 - n}" for n in (1, 2, 3, 1, 2))),
        {"loss@train": [8.0, 7.0]},
        "2 runs",
    ),
    "detectron2: other keys in each line, NaN for classes without objects": (
        lines(
            {"iteration": 19, "total_loss": 2.0, "loss_cls": 1.5, "lr": 0.1},
            '{"iteration": 39, "total_loss": 1.0, "bbox/AP": 20.0, "bbox/AP-cat": NaN}',
        ),
        {"loss@train": [2.0, 1.0], "metric@val/bbox/AP": [20.0]},
        "",
    ),
    "mmdetection: iterations counted anew, a first line about the machine": (
        lines(
            {"env_info": "loss: 3", "seed": 1},
            {"mode": "train", "epoch": 1, "iter": 50, "lr": 0.1, "loss": 3.0, "acc": 90.0},
            {"mode": "train", "epoch": 1, "iter": 100, "lr": 0.1, "loss": 2.0, "acc": 91.0},
            {"mode": "val", "epoch": 1, "iter": 20, "bbox_mAP": 0.1},
            {"mode": "train", "epoch": 2, "iter": 50, "lr": 0.1, "loss": 1.0, "acc": 92.0},
        ),
        {"loss@train": [3.0, 2.0, 1.0], "accuracy@train": [0.9, 0.91, 0.92]},
        "counted through",
    ),
    "DETR: lists among the values, runs appended": (
        lines(
            *(
                {"train_loss": 3.0 - n, "test_loss": 3.5 - n, "epoch": n, "test_coco": [0.1, 0.2]}
                for n in (0, 1, 0, 1, 2)
            )
        ),
        {"loss@train": [3.0, 2.0, 1.0], "loss@val": [3.5, 2.5, 1.5]},
        "2 runs",
    ),
    "W&B: columns in any order, one metric a row": (
        lines("_timestamp,val/loss,_step,train/loss,_runtime", "1.6e9,,0,2.0,1", "1.6e9,2.1,0,,1", "1.6e9,,10,1.0,2", "1.6e9,1.2,10,,2"),
        {"loss@train": [2.0, 1.0], "loss@val": [2.1, 1.2]},
        "",
    ),
    "W&B: the least and the largest beside each run": (
        lines('"Step","a - loss","a - loss__MIN","a - loss__MAX"', '"1","2.0","1.9","2.1"', '"2","1.0","0.9","1.1"'),
        {"loss@train": [2.0, 1.0]},
        "the run 'a'",
    ),
    "long form: a column says of which split the row is": (
        lines("epoch,Phase,loss", "1,train,2.0", "1,test,2.1", "2,train,1.0", "2,test,1.2"),
        {"loss@train": [2.0, 1.0], "loss@val": [2.1, 1.2]},
        "taken for it",
    ),
    "a metric outside of its range": (
        lines("epoch,loss,accuracy", "1,2.0,-0.3", "2,1.0,140"),
        {"loss@train": [2.0, 1.0], "metric@train/accuracy": [-0.3, 140.0]},
        "no accuracy",
    ),
    "the total and its parts": (
        lines("step,loss_box,loss_cls,total_loss,loss", "1,1,1,2,9", "2,.5,.5,1,8"),
        {"loss@train": [2.0, 1.0], "loss_component@train/box": [1.0, 0.5]},
        "",
    ),
    "JSON: a history a line": (
        lines({"loss": [3, 2, 1], "val_loss": [3, 2, 2]}, {"loss": [5, 4], "val_loss": [6, 5]}),
        {"loss@train": [5.0, 4.0], "loss@val": [6.0, 5.0]},
        "2 runs",
    ),
    "JSON: fewer validation losses by a whole factor": (
        json.dumps({"train_loss": [6, 5, 4, 3, 2, 1], "val_loss": [5, 3]}),
        {"loss@train": [6.0, 5.0, 4.0, 3.0, 2.0, 1.0], "loss@val": [5.0, 3.0]},
        "laid evenly",
    ),
    "steps in some rows, epochs in others": (
        lines(
            {"step": 1, "loss": 3.0},
            {"step": 2, "loss": 2.0},
            {"epoch": 1, "val_loss": 2.5},
            {"step": 3, "loss": 1.0},
            {"step": 4, "loss": 0.5},
            {"epoch": 2, "val_loss": 1.5},
        ),
        {"loss@train": [3.0, 2.0, 1.0, 0.5], "loss@val": [2.5, 1.5]},
        "",
    ),
    "two columns that may be meant": (
        lines("epoch,loss,total_loss", "1,9,2.0", "2,8,1.0"),
        {"loss@train": [2.0, 1.0]},
        "'total_loss' was taken as the train loss, not 'loss'",
    ),
    "resumed from a checkpoint: the later of two values": (
        lines("step,loss", *(f"{s},{v}" for s, v in [(1, 9), (2, 8), (3, 7), (4, 6), (3, 5), (4, 4)])),
        {"loss@train": [9.0, 8.0, 5.0, 4.0]},
        "the last one was taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_is_read_as_it_is_meant(quirk: str, tmp_path: Path) -> None:
    content, expected, remark = QUIRKS[quirk]
    path = tmp_path / "some_log"
    path.write_text(content, encoding="utf-8")
    history = read(path)
    for name, values in expected.items():
        quantity, _, scope = name.partition("@")
        found = history.series[quantity, scope].values
        assert list(found) == pytest.approx(values, nan_ok=True), name
    assert remark in " | ".join(history.notes)


REFUSED = {
    "a table of runs": (
        '"Name","State","Created","loss"\n"a","finished","now","0.2"\n',
        "table of",
    ),
    "a summary": ('{"loss": 0.2, "accuracy": 0.9, "_runtime": 30}', "no list of numbers"),
    "only times": ("iter\tPassed\tRemaining\n0\t10\t90\n1\t20\t80\n", "no curve"),
    "a value without a name": ("Wall time,Step,Value\n1e9,1,0.1\n1e9,2,0.5\n", "aliases"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_history_is_declined_with_the_reason(kind: str, tmp_path: Path) -> None:
    content, reason = REFUSED[kind]
    path = tmp_path / "some_log"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ReadError, match=reason):
        read(path)


def test_each_run_of_a_file_can_be_had(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(lines("epoch,loss", "0,3", "1,2", "2,1", "0,5", "1,4"), encoding="utf-8")
    assert [list(run.series["loss", "train"].values) for run in read_all(path)] == [
        [3, 2, 1],
        [5, 4],
    ]


def test_a_curve_named_by_its_file_is_what_the_name_says(tmp_path: Path) -> None:
    path = tmp_path / "run-fit_1-tag-val_accuracy.csv"
    path.write_text("Wall time,Step,Value\n1e9,1,0.1\n1e9,2,0.5\n", encoding="utf-8")
    assert list(read(path).series["accuracy", "val"].values) == [0.1, 0.5]


REAL = Path(__file__).parents[2] / "shared" / "realworld"


@pytest.mark.skipif(not REAL.is_dir(), reason="the logs of strangers are not in the repository")
def test_every_log_of_strangers_is_read_or_declined() -> None:
    for path in sorted(REAL.glob("*/*")):
        with suppress(ReadError):
            assert read(path).series
