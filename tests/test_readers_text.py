# ruff: noqa: E501
"""Text logs: what each manner of printing a training says, in a few lines made up for it."""

import json
import re
from pathlib import Path

import pytest

from traindx.mlp.history import History
from traindx.mlp.readers import ReadError, read, read_all

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
    "two full stops behind a number": (
        ("Epoch 1/2.. Train loss: 3.5.. Validation loss: 2.25..", "Epoch 2/2.. Train loss: 2.5.. Validation loss: 1.25."),
        {"loss@train": [3.5, 2.5], "loss@val": [2.25, 1.25]},
        [1, 2],
        "",
    ),
    "what an evaluation after the last epoch measured": (
        (*(f"Epoch {n}/3\n1/1 - 0s - loss: {3 - n}.5 - val_loss: {4 - n}.5" for n in (1, 2, 3)), "--- Result ---", "1/1 - 0s - loss: 1.5"),
        {"loss@train": [2.5, 1.5, 0.5], "loss@val": [3.5, 2.5, 1.5]},
        [1, 2, 3],
        "left out: what was measured after the last epoch",
    ),
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
    "a word between the name and the number": (
        ("epoch: 0, loss is: 0.6, acc is: 0.5", "epoch: 1, loss is: 0.5, acc is: 0.6", "epoch: 2, loss was 0.4, acc was 0.7"),
        {"loss@train": [0.6, 0.5, 0.4], "accuracy@train": [0.5, 0.6, 0.7]},
        [0, 1, 2],
        "",
    ),
    "the split stands in brackets": (
        ("epoch 1: loss (train): 0.6, loss (val): 0.7", "epoch 2: loss (train): 0.5, loss (val): 0.6"),
        {"loss@train": [0.6, 0.5], "loss@val": [0.7, 0.6]},
        [1, 2],
        "",
    ),
    "only a heading tells the evaluation from the training": (
        ("epoch: 0, loss: 0.6", "testing in eval mode……", "epoch: 0, loss: 0.7", "Now continue training……", "epoch: 1, loss: 0.5", "testing in eval mode……", "epoch: 1, loss: 0.6"),
        {"loss@train": [0.6, 0.5], "loss@val": [0.7, 0.6]},
        [0, 1],
        "",
    ),
    "a heading after the name of a logger": (
        ("INFO - main - Epoch 1", "INFO - main - loss: 0.6", "INFO - main - Running validation", "INFO - main - loss: 0.7", "INFO - main - Epoch 2", "INFO - main - loss: 0.5", "INFO - main - Running validation", "INFO - main - loss: 0.6"),
        {"loss@train": [0.6, 0.5], "loss@val": [0.7, 0.6]},
        [1, 2],
        "",
    ),
    "a heading holds no longer than the lines that name their split": (
        ("[INFO] Step 50/300; xent: 2.3;", "[INFO] valid stats calculation", "[INFO] Validation xent: 2.2", "[INFO] Step 100/300; xent: 1.9;", "[INFO] valid stats calculation", "[INFO] Validation xent: 2.0"),
        {"loss@train": [2.3, 1.9], "loss@val": [2.2, 2.0]},
        [50, 100],
        "",
    ),
    "nothing tells the evaluation from the training": (
        ("epoch 1 loss 0.6", "epoch 1 loss 0.7", "epoch 2 loss 0.5", "epoch 2 loss 0.6"),
        {"loss@train": [0.6, 0.5], "loss@val": [0.7, 0.6]},
        [1, 2],
        "each epoch has two lines with the same names; the second was taken for validation's",
    ),
    "a heading that counts epochs from one, above lines that count from zero": (
        tuple(f"=== {what} epoch {n + 1} ===\nEpoch {n} | loss = {n + at}.5" for n in (0, 1, 2) for what, at in (("training", 1), ("validate", 3))),
        {"loss@train": [1.5, 2.5, 3.5], "loss@val": [3.5, 4.5, 5.5]},
        [0, 1, 2],
        "",
    ),
    "a split behind the name": (
        ("#Epoch 0 Train Loss: 0.5", "#Epoch 0 Loss in Validation data 0.75", "#Epoch 1 Train Loss: 0.25", "#Epoch 1 Loss in Validation data 0.5"),
        {"loss@train": [0.5, 0.25], "loss@val": [0.75, 0.5]},
        [0, 1],
        "",
    ),
    "a sentence with a counter is no loss": (
        ("Epoch 1 loss: 0.6", "Test on Epoch 1", "mAP: 0.80", "Epoch 2 loss: 0.5", "Test on Epoch 2", "mAP: 0.85"),
        {"loss@train": [0.6, 0.5], "metric@val/map": [0.8, 0.85]},
        [1, 2],
        "",
    ),
    "scores right after the validation loss": (
        ("epoch: 1", "train loss : -0.6", "validation loss: -0.7", "Average global foreground Dice: [0.7, 0.9]", "epoch: 2", "train loss : -0.7", "validation loss: -0.8", "Average global foreground Dice: [0.8, 0.9]"),
        {"loss@train": [-0.6, -0.7], "loss@val": [-0.7, -0.8], "metric@val/dice": [0.7, 0.8]},
        [1, 2],
        "taken for measured on validation data, by the lines around them: 'dice'",
    ),
    "scores beside the only loss, that of validation": (
        ("epoch 1: perplexity: 9.6 eval_loss: 2.2", "epoch 2: perplexity: 6.3 eval_loss: 1.8"),
        {"loss@val": [2.2, 1.8], "metric@val/perplexity": [9.6, 6.3]},
        [1, 2],
        "",
    ),
    "the best value, once more": (
        ("Epoch 1", "train_loss 0.6", "val_loss 0.7", "Pseudo dice [0.1, 0.2]", "Yayy! New best EMA pseudo Dice: 0.15", "Epoch 2", "train_loss 0.5", "val_loss 0.6", "Pseudo dice [0.3, 0.4]", "Yayy! New best EMA pseudo Dice: 0.2"),
        {"loss@train": [0.6, 0.5], "metric@val/dice": [0.1, 0.3]},
        [1, 2],
        "",
    ),
    "what was saved repeats the value before it": (
        ("Epoch 1, loss: 0.6", "Epoch 1 - Validation Accuracy: 0.78, F1: 0.77", "保存最佳模型，F1分数: 0.77", "Epoch 2, loss: 0.5", "Epoch 2 - Validation Accuracy: 0.88, F1: 0.87", "Saved the best model, F1: 0.87"),
        {"loss@train": [0.6, 0.5], "metric@val/f1": [0.77, 0.87]},
        [1, 2],
        "",
    ),
    "an aborted run before a whole one": (
        (*(f"Epoch 1, Batch {n}, Loss: {9 - n / 100}" for n in (0, 100, 200)), *(f"Epoch {e}, Batch {n}, Loss: {9 - e}" for e in (1, 2) for n in (0, 100, 200))),
        {"loss@train": [8, 8, 8, 7, 7, 7]},
        [0, 100, 200, 300, 400, 500],
        "2 runs in one source; this is the last, after one of 3 points",
    ),
    "unnamed evaluations in each epoch are no new runs": (
        tuple(f"Epoch {e}, Batch {n}, Loss: {9 - e}" for e in (1, 2, 3) for n in (0, 100, 0, 100)),
        {"loss@train": [8, 8, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6]},
        list(range(1, 13)),
        "",
    ),
    "how long an epoch is stands after the slash": (
        tuple(f"Train Epoch: {e} [{n}/60000 ({n // 600}%)]\tLoss: {9 - e}" for e in (1, 2, 3) for n in (0, 25600)),
        {"loss@train": [8, 8, 7, 7, 6, 6]},
        [0, 25600, 60000, 85600, 120000, 145600],
        "",
    ),
    "the total is that of the run": (
        tuple(f"epoch: {1 + n // 20}, iter: {n}/1000, loss: {9 - n / 100}" for n in (10, 20, 30, 40)),
        {"loss@train": [8.9, 8.8, 8.7, 8.6]},
        [10, 20, 30, 40],
        "",
    ),
    "full bars, of epochs of two lengths": (
        tuple(f"Epoch: {e} Loss: {9 - e}: 100%|██| {10 if e < 3 else 5}/{10 if e < 3 else 5} [00:01<00:00,  3.1it/s]" for e in (1, 2, 3, 4)),
        {"loss@train": [8, 7, 6, 5]},
        [1, 2, 3, 4],
        "",
    ),
    "a bar's per cent is no step": (
        tuple(f"steps:  {n}%|█    | {12 * n}/1200 [00:0{n}<01:00, 1.7it/s, avr_loss=0.{9 - n}]" for n in (1, 2, 3)),
        {"loss@train": [0.8, 0.7, 0.6]},
        [12, 24, 36],
        "",
    ),
    "a step in thousands says less than the epoch": (
        ("INFO step:800 smpl:26K ep:81 epch:2.02 loss:1.4 grdn:3.8", "INFO step:1K smpl:32K ep:101 epch:2.53 loss:1.2 grdn:3.4", "INFO step:1K smpl:38K ep:121 epch:3.04 loss:1.0 grdn:3.2"),
        {"loss@train": [1.4, 1.2, 1.0], "gradient_norm": [3.8, 3.4, 3.2]},
        [2.02, 2.53, 3.04],
        "",
    ),
    "how much time is left ends the line": (
        tuple(f"[TRAIN] epoch: 1, iter: {n}/1000, loss: {9 - n / 10}, ips: 12.1 samples/sec | ETA 00:05:01" for n in (10, 20, 30)),
        {"loss@train": [8, 7, 6]},
        [10, 20, 30],
        "",
    ),
    "the kind of a step in brackets": (
        ("Iter (batch) 5: Train loss 5.9", "Iter (batch) 10: Train loss 4.8", "Iter (batch) 10: Val loss 4.2"),
        {"loss@train": [5.9, 4.8], "loss@val": [4.2]},
        [5, 10],
        "",
    ),
    "epochs before the word": (
        ("1/3 * Epoch (train): loss=1.5", "1/3 * Epoch (valid): loss=1.6", "2/3 * Epoch (train): loss=1.2", "2/3 * Epoch (valid): loss=1.4"),
        {"loss@train": [1.5, 1.2], "loss@val": [1.6, 1.4]},
        [1, 2],
        "",
    ),
    "batches of an epoch, from and to": (
        ("1/40epoch started", *(f"{e}epoch:train:{n - 9}-{n}batch: loss={9 - e}" for e in (1, 2) for n in (10, 20))),
        {"loss@train": [8, 8, 7, 7]},
        [10, 20, 30, 40],
        "",
    ),
    "updates as Marian counts them": (
        ("[2021-05-26 23:22:42] Ep. 1 : Up. 500 : Sen. 15,203 : Cost 6.01 * 414,436 after 414,436 : L.r. 3.0e-04", "[2021-05-26 23:32:42] Ep. 1 : Up. 1000 : Sen. 31,050 : Cost 4.39 * 412,771 after 827,207", "[2021-05-26 23:32:52] [valid] Ep. 1 : Up. 1000 : cross-entropy : 219.2 : new best", "[2021-05-26 23:32:53] [valid] Ep. 1 : Up. 1000 : ce-mean-words : 4.5 : stalled 1 times"),
        {"loss@train": [6.01, 4.39], "loss@val": [4.5], "metric@val/cross_entropy": [219.2], "learning_rate": [3e-4]},
        [500, 1000],
        "the cross-entropy of sentences",
    ),
    "losses that differ by a word before": (
        ("epoch 1 Encoder Loss: 0.5, Decoder Loss: 0.3", "epoch 2 Encoder Loss: 0.4, Decoder Loss: 0.1"),
        {"loss_component@train/encoder": [0.5, 0.4], "loss_component@train/decoder": [0.3, 0.1]},
        [1, 2],
        "the sum of",
    ),
    "losses that differ by a word after": (
        ("epoch 1 - Loss Encoder: 0.5, Loss Decoder: 0.3", "epoch 2 - Loss Encoder: 0.4, Loss Decoder: 0.1"),
        {"loss_component@train/encoder": [0.5, 0.4], "loss_component@train/decoder": [0.3, 0.1]},
        [1, 2],
        "the sum of",
    ),
    "losses beside a discriminator's are not added": (
        ("epoch 1 - Loss Discriminator: 0.5, Loss Encoder: -0.3, Loss Decoder: 0.1", "epoch 2 - Loss Discriminator: 0.4, Loss Encoder: -0.9, Loss Decoder: 0.1"),
        {"discriminator_loss": [0.5, 0.4], "metric@train/loss encoder": [-0.3, -0.9]},
        [1, 2],
        "",
    ),
    "the right answer, and one of five": (
        ("epoch 1 train Loss: 2.4 Top-1 Acc: 33.5 Top-5 Acc: 68.8", "epoch 2 train Loss: 2.1 Top-1 Acc: 43.9 Top-5 Acc: 79.8"),
        {"accuracy@train": [0.335, 0.439], "metric@train/top_5_acc": [68.8, 79.8]},
        [1, 2],
        "",
    ),
    "names that mean nothing here": (
        ("epoch 1 loss: 0.6, bananas: 3, solver.cpp:228, ips: 12", "epoch 2 loss: 0.5, bananas: 4, apples: 1"),
        {"loss@train": [0.6, 0.5]},
        [1, 2],
        "left out, meaning unknown: 'bananas'",
    ),
    "splits with nothing but a number": (
        ("[1] train 1.50 val 0.89 acc 0.7", "[2] train 1.20 val 0.80 acc 0.8"),
        {"loss@train": [1.5, 1.2], "loss@val": [0.89, 0.8], "accuracy@val": [0.7, 0.8]},
        [1, 2],
        "'train' was taken as the train loss, by its name alone",
    ),
    "splits with nothing but a number, in lines of their own": (
        ("epoch 1", "train: 1.50", "val: 1.60", "epoch 2", "train: 1.20", "val: 1.40"),
        {"loss@train": [1.5, 1.2], "loss@val": [1.6, 1.4]},
        [1, 2],
        "by its name alone",
    ),
    "what the numbers are stands before their splits": (
        ("epoch 1 | loss: train 1.5, val 1.6 | acc: train 0.5, val 0.4", "epoch 2 | loss: train 1.2, val 1.4 | acc: train 0.6, val 0.5"),
        {"loss@train": [1.5, 1.2], "loss@val": [1.6, 1.4], "accuracy@train": [0.5, 0.6], "accuracy@val": [0.4, 0.5]},
        [1, 2],
        "",
    ),
    "a checkpoint for each better value": (
        tuple(f"Epoch {n}, global step {33 * n}: 'val_wer' reached 0.{9 - n}000 (best 0.{9 - n}000), saving model" for n in (1, 2, 3)),
        {"metric@val/wer": [0.8, 0.7, 0.6]},
        [33, 66, 99],
        "",
    ),
    "spaCy's table below other lines": (
        ("i Pipeline: ['tok2vec', 'ner']", "Epoch Steps   LOSS TRANS...  LOSS NER  ENTS_F  SCORE", "----  ------  -------------  --------  ------  ------", "  0       0         930.71    580.89    0.02    0.00", "  6     200       59137.80  60075.65   75.45    0.75", " 13     400        5045.91   6005.56   81.79    0.82", "Saved pipeline"),
        {"loss@train": [119213.45, 11051.47], "metric@val/ents_f1": [0.02, 75.45, 81.79], "metric@val/score": [0.0, 0.75, 0.82]},
        [200, 400],
        "the first row has the loss of one batch",
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


SETTINGS: dict[str, tuple[Lines, dict[str, object]]] = {
    "before a loss whose split stands behind it": (
        ("lr: 3e-4, batch size: 64", "epoch 1", "loss on the training set: 0.5", "epoch 2", "loss on the training set: 0.4"),
        {"learning_rate": 0.0003, "batch_size": 64},
    ),
    "before the first loss": (
        ("Config: embed_dim=256, batch_size=64", "  lr=0.001, clip=5.0", "  vocab_tgt=28692", "Iteration 0, Loss: 10.2", "Iteration 100, Loss: 10.1, batch_size=3"),
        {"batch_size": 64, "learning_rate": 0.001, "vocabulary": 28692},
    ),
    "in words": (
        ("running with learning rate = 0.0001 and batch size = 700", "num classes: 10", "epoch 1 loss 0.5", "epoch 2 loss 0.4"),
        {"batch_size": 700, "learning_rate": 0.0001, "classes": 10},
    ),
    "the epochs that were planned": (
        ("Epoch 1/1000 - loss: 0.5", "Epoch 2/1000 - loss: 0.4"),
        {"epochs": 1000.0},
    ),
    "epochs counted from 0 to the last": (
        ("Epoch 0/2 - loss: 0.5", "Epoch 1/2 - loss: 0.4", "Epoch 2/2 - loss: 0.4"),
        {"epochs": 3.0},
    ),
    "several plans are none": (
        ("Epoch 1/10 - loss: 0.5", "Epoch 2/10 - loss: 0.4", "Epoch 1/20 - loss: 0.5"),
        {},
    ),
    "two values are none, and a curve is no setting": (
        ("batch_size: 8", "eval batch_size: 16", "batch_size: 32", "lr: 0.1", "epoch 1 loss: 0.5 lr: 0.1", "epoch 2 loss: 0.4 lr: 0.05"),
        {},
    ),
    "batches are no epochs": (
        ("Epoch: [0][ 10/30] Loss 2.5", "Epoch: [0][ 20/30] Loss 2.4"),
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_that_are_printed_are_known(kind: str, tmp_path: Path) -> None:
    lines, expected = SETTINGS[kind]
    found = read_all(written(lines, tmp_path))[-1].settings
    assert found.model_dump(exclude_none=True) == expected


def test_a_word_that_stands_in_a_line_alone_gives_no_columns(tmp_path: Path) -> None:
    lines = tuple(f"epoch {n} loss: {9 - n / 100} word{n}: {n}, word{n}b: 1" for n in range(500))
    notes = " ".join(read(written(lines, tmp_path)).notes)
    assert "word" not in notes


# --- Notebooks, and CatBoost's files -----------------------------------------------------------


def notebook(*cells: list[dict[str, object]]) -> str:
    said = [{"cell_type": "code", "source": [], "outputs": outputs} for outputs in cells]
    return json.dumps({"cells": said, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def printed(*lines: str) -> dict[str, object]:
    return {"output_type": "stream", "name": "stdout", "text": [f"{line}\n" for line in lines]}


def test_what_the_cells_of_a_notebook_printed_is_read(tmp_path: Path) -> None:
    cells = (
        [printed("loading")],
        [printed("epoch 1 loss 0.9"), printed("epoch 2 loss 0.8")],
        [printed("epoch 1 loss 0.5", "epoch 2 loss 0.4", "epoch 3 loss 0.3")],
        [printed("test loss: 0.7")],
    )
    runs = read_all(written(notebook(*cells), tmp_path, "some.ipynb"))
    assert [values(run, "loss@train") for run in runs] == [[0.9, 0.8], [0.5, 0.4, 0.3]]
    assert "from the output of cell 3" in runs[1].notes
    assert runs[1].source.endswith("some.ipynb")


def test_a_table_that_a_notebook_shows_is_read(tmp_path: Path) -> None:
    html = (
        "<table><thead><tr><th>Step</th><th>Training Loss</th><th>Validation Loss</th></tr></thead>"
        "<tbody><tr><td>10</td><td>2.1</td><td>No log</td></tr>"
        "<tr><td>20</td><td>1.5</td><td><b>1.9</b></td></tr></tbody></table><p>"
    )
    other = "<table><tr><th>name</th></tr><tr><td>3</td></tr></table>"
    shown = {"text/html": [html], "text/plain": ["<IPython.core.display.HTML object>"]}
    cell: list[dict[str, object]] = [{"data": {"text/html": other}}, {"data": shown}]
    history = read(written(notebook(cell), tmp_path, "some.ipynb"))
    assert (values(history, "loss@train"), places(history, "loss@train")) == ([2.1, 1.5], [10, 20])
    assert values(history, "loss@val") == [1.9]


def test_a_notebook_takes_the_names_that_are_wished(tmp_path: Path) -> None:
    path = written(notebook([printed("epoch 1 loss: 9 f1: 3", "epoch 2 loss: 9 f1: 2")]), tmp_path)
    assert values(read(path, aliases={"f1": "loss@train"}), "loss@train") == [3.0, 2.0]


@pytest.mark.parametrize(
    "text",
    [
        notebook([printed("hello")]),
        '{"nbformat": 4, "cells": [1, null, {"outputs": 3}, {"outputs": [2, {"data": 1, "text": 7}]}]}',
    ],
)
def test_a_notebook_without_a_loss_says_so(text: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="a notebook without a loss in what its cells printed"):
        read(written(text, tmp_path))


MIXED = """{
"meta":{"learn_metrics":[{"best_value":"Min","name":"RMSE"}],"learn_sets":["learn"]},
"iterations":[
{"learn":[13.9],"iteration":0,"passed_time":0.1},
{"learn":[14.1],"iteration":0,"passe,
{"learn":[13.2],"iteration":1,"passed_time":0.2},
"""


def test_spacys_heading_without_its_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no whole row of spaCy's table"):
        read(written("E  #  LOSS NER  SCORE\n", tmp_path))


def test_a_file_of_catboost_that_several_trainings_wrote_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="several trainings wrote into it at the same time"):
        read(written(MIXED, tmp_path, "catboost_training.json"))


def test_a_file_of_catboost_that_breaks_off_is_read(tmp_path: Path) -> None:
    whole = MIXED.replace('{"learn":[14.1],"iteration":0,"passe,\n', "")
    history = read(written(f'{whole}{{"learn":[12.8],"itera', tmp_path, "catboost_training.json"))
    assert values(history, "loss@train") == [13.9, 13.2]


def test_an_error_file_of_catboost_does_not_claim_another(tmp_path: Path) -> None:
    history = read(written("iter\tRMSE\n0\t3.0\n1\t2.0\n", tmp_path, "learn_error.tsv"))
    assert "the val curve, if there is one, is in another file (test_error.tsv)" in history.notes


def test_quotes_that_fold_lines_into_one_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no table"):
        read(written('a, "b\n1, 2\n3, 4\n', tmp_path))


# --- Tables and messages among other things ----------------------------------------------------

TABLE = """Device: cpu, Epochs: 30

Epoch    Train Loss   Train Acc    Test Loss    Test Acc     Time
-----------------------------------------------------------------
1        2.4288       0.2771       1.7552       0.2771       0.55    s
10       1.7038       0.2646       1.7079       0.2458       0.44    s
20       1.5817       0.3562       1.6219       0.3292       0.37    s
-----------------------------------------------------------------
Test Accuracy: 0.33
"""


@pytest.mark.parametrize("bar", ["  ", " | "])
def test_a_table_that_is_printed_in_a_text_is_read(bar: str, tmp_path: Path) -> None:
    lines = [re.sub(r"\s{2,}", bar, line) for line in TABLE.splitlines()]
    log = read(written(lines, tmp_path))
    assert (values(log, "loss@train"), places(log, "loss@train")) == (
        [2.4288, 1.7038, 1.5817],
        [1, 10, 20],
    )
    assert values(log, "accuracy@val") == [0.2771, 0.2458, 0.3292]
    assert any("table that is printed" in note for note in log.notes)


def test_the_messages_of_a_logger_are_read(tmp_path: Path) -> None:
    said = [f"Epoch : {n}\t Loss : {2 - n / 10:.2f}" for n in range(1, 5)]
    rows = [json.dumps({"level": "INFO", "timestamp": "2026", "message": text}) for text in said]
    log = read(written(rows, tmp_path, "run.jsonl"))
    assert (values(log, "loss@train"), places(log, "loss@train")) == (
        [1.9, 1.8, 1.7, 1.6],
        [1, 2, 3, 4],
    )
