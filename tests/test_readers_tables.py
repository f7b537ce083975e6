"""Tables and JSON whose columns do not say what they are: what is read of them, and said."""

import json
import math
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


# --- Evaluations with steps of their own -------------------------------------------------------


def test_validation_of_mmengine_stands_where_training_was(tmp_path: Path) -> None:
    trained = (
        {"lr": 0.1, "loss": 3.0 / e, "epoch": e, "iter": 9 * e, "step": 9 * e} for e in (1, 2, 3)
    )
    evaluated = (
        {"accuracy/top1": 20.0 * e, "coco/bbox_mAP": 0.1 * e, "step": e} for e in (1, 2, 3)
    )
    log = read(
        written(tmp_path, *(row for pair in zip(trained, evaluated, strict=True) for row in pair))
    )
    assert (values(log, "accuracy", "val"), steps(log, "accuracy", "val")) == (
        [0.2, 0.4, 0.6],
        [9, 18, 27],
    )
    assert "sorted" not in remarks(log)
    assert "steps of their own" in remarks(log)


def test_validation_of_mmengine_by_iterations_keeps_its_steps(tmp_path: Path) -> None:
    trained = [{"lr": 0.1, "loss": 3.0 / i, "iter": i, "step": i} for i in (50, 100, 150)]
    rows = [
        trained[0],
        {"mIoU": 0.1, "step": 60},
        trained[1],
        {"mIoU": 0.2, "step": 120},
        trained[2],
    ]
    log = read(written(tmp_path, *rows))
    assert [list(s.steps) for s in log.over("metric").values()] == [[60, 120]]


LIGHTNING = "step,epoch,train_loss,val_loss_step,test_loss_step,test_loss_epoch"


def test_a_test_after_the_training_is_one_evaluation_at_its_end(tmp_path: Path) -> None:
    fit = (f"{s},{s // 100},{300 / s},,," for s in (100, 200, 300))
    tested = (f"{batch},,,,{0.5 + batch / 10}," for batch in (0, 1, 2, 3))
    log = read(written(tmp_path, LIGHTNING, *fit, *tested, "301,3,,,,0.61"))
    assert (values(log, "loss", "test"), steps(log, "loss", "test")) == ([0.61], [301])
    assert values(log, "metric", "test/loss_step") == pytest.approx([0.65])
    assert ("loss", "val") not in log.series
    assert steps(log, "loss", "train") == [100, 200, 300]


def test_batches_of_validation_with_a_count_of_their_own_are_one_value_each_time(
    tmp_path: Path,
) -> None:
    rows = (["100,0,3,,,", "0,0,,2.0,,", "1,0,,3.0,,"], ["200,1,2,,,", "2,1,,1.0,,", "3,1,,2.0,,"])
    log = read(written(tmp_path, LIGHTNING, *rows[0], *rows[1], "300,2,1,,,"))
    assert (values(log, "loss", "val"), steps(log, "loss", "val")) == ([2.5, 1.5], [100, 200])
    assert len(read_all(tmp_path / "some_log")) == 1


@pytest.mark.parametrize(
    "rows",
    [
        ["10,3,", "20,2,", "30,1,", "10,,3", "20,,2", "30,,1"],
        ["10,3,", "20,2,", "10,,3", "30,1,", "20,,2", "30,,1"],
    ],
    ids=["all the validation after the training", "validation that is late"],
)
def test_rows_of_one_count_stay_where_their_steps_say(rows: list[str], tmp_path: Path) -> None:
    log = read(written(tmp_path, "step,train_loss,val_loss", *rows))
    assert steps(log, "loss", "val") == [10, 20, 30]


def test_a_run_that_begins_with_a_validation_is_no_evaluation_of_the_one_before(
    tmp_path: Path,
) -> None:
    run = ["0,,4", "100,3,", "200,2,2", "300,1,1"]
    assert len(read_all(written(tmp_path, "step,train_loss,val_loss", *run, *run))) == 2


def test_where_iterations_repeat_the_rising_epochs_are_the_axis(tmp_path: Path) -> None:
    rows = ({"mode": "val", "epoch": e, "iter": 5, "top1_acc": 0.1 * e} for e in (5, 10))
    log = read(written(tmp_path, *rows))
    assert (log.axis, steps(log, "accuracy", "val")) == ("epoch", [5, 10])
    assert not log.notes


# --- Values that are no new measurements -------------------------------------------------------


def evaluated(*pairs: tuple[float, float]) -> dict[str, list[float]]:
    losses, accuracies = zip(*pairs, strict=True)
    return {
        "loss": [3.0 / n for n in range(1, len(pairs) + 1)],
        "val_loss": list(losses),
        "val_accuracy": list(accuracies),
    }


A, B, C, D = (0.912345, 0.5), (0.812345, 0.6), (0.712345, 0.7), (0.612345, 0.8)


def test_an_evaluation_that_repeats_the_one_before_is_left_out() -> None:
    log = read(evaluated(A, B, B, C, D))
    assert steps(log, "loss", "val") == steps(log, "accuracy", "val") == [1, 2, 4, 5]
    assert len(values(log, "loss", "train")) == 5
    assert "repeat all of the one before to the last digit were left out (1)" in remarks(log)


@pytest.mark.parametrize(
    "pairs",
    [
        [A, B, (0.812345, 0.65), C, D],
        [(0.9, 0.5), (0.8, 0.6), (0.8, 0.6), (0.7, 0.7)],
        [A, A, A, A],
        [A, B, C, D, D, D, D, D],
        [(math.nan, 0.5), (math.nan, 0.5), (math.nan, 0.6), (math.nan, 0.7)],
    ],
    ids=["one value is new", "rounded", "always the same", "it stands still at last", "NaN"],
)
def test_values_that_are_alike_by_chance_or_for_good_are_kept(
    pairs: list[tuple[float, float]],
) -> None:
    assert len(values(read(evaluated(*pairs)), "loss", "val")) == len(pairs)


# --- Losses under other names ------------------------------------------------------------------


@pytest.mark.parametrize("error", ["val_recon_mse", "val_mse", "valid/nll_per_dim", "Valid MSE"])
def test_the_one_error_of_validation_is_its_loss(error: str) -> None:
    log = read({"train_loss": [3.0, 2.0], error: [4.0, 3.0], "val_f1": [0.1, 0.2]})
    assert values(log, "loss", "val") == [4.0, 3.0]
    assert f"'{error}' was taken as the validation loss, for there is no other" in remarks(log)


@pytest.mark.parametrize(
    "more",
    [
        {"val_mae": [5.0, 4.0]},
        {"train_mse": [5.0, 4.0]},
        {"val_loss": [5.0, 4.0]},
    ],
    ids=["one of two", "training has it too", "there is a loss"],
)
def test_an_error_of_validation_is_no_loss_where_that_is_less_than_clear(
    more: dict[str, list[float]],
) -> None:
    log = read({"train_loss": [3.0, 2.0], "val_mse": [4.0, 3.0], **more})
    assert "val_mse" not in (log.titles.get(("loss", "val")) or "")


def test_what_falls_in_training_and_validation_is_the_loss_where_none_is_named() -> None:
    curves = {
        "train/kobj": [3.0, 2, 1],
        "val/kobj": [3.0, 2, 2],
        "train/q": [1, 2, 3],
        "val/q": [1, 2, 3],
    }
    log = read({**curves, "train/f1": [0.3, 0.2, 0.1], "val/f1": [0.3, 0.2, 0.1]})
    assert (values(log, "loss", "train"), values(log, "loss", "val")) == ([3, 2, 1], [3, 2, 2])
    assert "taken for parts of the loss, as they fall" in remarks(log)


# --- Columns without a name --------------------------------------------------------------------


def test_one_column_without_a_name_is_a_loss_by_guess(tmp_path: Path) -> None:
    log = read(written(tmp_path, "0.9", "0.5", "0.4"))
    assert values(log, "loss", "train") == [0.9, 0.5, 0.4]
    assert "has no name; that it is a loss is a guess" in remarks(log)


def test_one_column_that_rises_as_an_accuracy_does_is_no_loss(tmp_path: Path) -> None:
    path = written(tmp_path, "0.3", "0.4", "0.9", "0.95")
    with pytest.raises(ReadError, match="--map loss=column_1"):
        read(path)
    assert values(read(path, aliases={"column_1": "accuracy@val"}), "accuracy", "val")[0] == 0.3


def test_a_first_column_that_counts_is_the_epoch(tmp_path: Path) -> None:
    path = written(
        tmp_path, "0\t0.9\t0.5", "1\t0.8\t0.6", "2\t0.7\t0.7", "0\t0.9\t0.5", "1\t0.6\t0.6"
    )
    run = read(path, aliases={"column_2": "loss@val"})
    assert (values(run, "loss", "val"), steps(run, "loss", "val")) == ([0.9, 0.6], [0, 1])
    with pytest.raises(ReadError, match="--map loss=column_2 "):
        read(path)


UNREAD = {
    "losses with numbers": (
        ["loss0,loss1,acc0,acc1", "2,3,40,50"],
        "--map loss=loss0 --map loss@val=loss1",
    ),
    "a header alone": (["time,loss"], "columns time, loss and no row"),
    "a summary of W&B": (
        ['{"_step": 900, "_runtime": 62.5, "_wandb": {"runtime": 62}, "val/loss": 3.5}'],
        "a summary, which has the final values of a run, not the history of one",
    ),
    "numbers side by side": ([",0.5,0.4,0.3"], "one line of 4 numbers without names"),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_not_read_says_what_would_help(kind: str, tmp_path: Path) -> None:
    lines, said = UNREAD[kind]
    with pytest.raises(ReadError) as refused:
        read(written(tmp_path, *lines))
    assert said in str(refused.value)


def test_a_loss_that_was_left_out_is_named_where_there_is_no_other() -> None:
    log = read({"loss0": [3.0, 2.0], "val_accuracy": [0.1, 0.2]})
    assert "'loss0': losses by their names; say which, as --map loss=loss0" in remarks(log)


def test_a_cell_beyond_the_header_is_left_out_and_said(tmp_path: Path) -> None:
    log = read(written(tmp_path, "epoch;loss", "0", "0;0.5", "1;0.4;0.6", "2;0.3;0.5"))
    assert values(log, "loss", "train") == [0.5, 0.4, 0.3]
    assert "left out, meaning unknown: 'column_3'" in remarks(log)


# --- Data sets with numbers --------------------------------------------------------------------


def test_of_two_numbered_sets_the_first_is_the_training_data() -> None:
    log = read({"validation_0-logloss": [3.0, 2.0], "validation_1-logloss": [4.0, 5.0]})
    assert (values(log, "loss", "train"), values(log, "loss", "val")) == ([3, 2], [4, 5])
    assert "'validation_0' was taken for the training data" in remarks(log)


def test_results_within_a_report_are_read_as_those_alone() -> None:
    sets = {"validation_0": {"rmse": [3.0, 2.0]}, "validation_1": {"rmse": [4.0, 5.0]}}
    log = read({"results": sets, "best_iteration": 1})
    assert (values(log, "loss", "train"), values(log, "loss", "val")) == ([3, 2], [4, 5])


@pytest.mark.parametrize("name", ["validation_0-logloss", "valid_0's l2", "val_0_logloss"])
def test_one_numbered_set_is_validation_and_stands_there_once(name: str) -> None:
    log = read({name: [3.0, 2.0]})
    assert set(log.series) == {("loss", "val")}


def test_a_further_set_is_not_added_to_the_first() -> None:
    log = read({"loss": [5.0, 4.0], "eval_0/loss": [3.0, 2.0], "eval_1/loss": [4.0, 5.0]})
    assert values(log, "loss", "val") == [3, 2]
    assert values(log, "metric", "val/set/eval_1/loss") == [4, 5]


def test_numbers_that_count_no_sets_are_part_of_the_name() -> None:
    assert ("metric", "val/5_shot_acc") in read({"loss": [5.0, 4.0], "val_5_shot_acc": [0.1, 0.2]})


# --- Lists of several lengths ------------------------------------------------------------------


def test_what_was_measured_once_was_measured_at_the_end() -> None:
    once = {"val_loss": [0.5], "val_acc": [84.6], "classes": [10, 20]}
    log = read({"train_loss": [3.0, 2.0, 1.0, 0.5], **once})
    assert (values(log, "loss", "val"), steps(log, "loss", "val")) == ([0.5], [4])
    assert (values(log, "accuracy", "val"), steps(log, "accuracy", "val")) == ([0.846], [4])
    assert "left out, of another length than the losses: 'classes'" in remarks(log)


# --- Folders -----------------------------------------------------------------------------------

CURVES = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0]}
TABLE = ["epoch,loss,val_loss", "1,3,3.5", "2,2,2.5", "3,1,2.0000001"]


def test_a_run_that_was_logged_in_two_formats_counts_once(tmp_path: Path) -> None:
    written(tmp_path, *TABLE, name="metrics.csv")
    written(tmp_path, {**CURVES, "accuracy": [0.1, 0.2, 0.3]}, name="history.json")
    (run,) = read_all(tmp_path)
    assert values(run, "accuracy", "train") == [0.1, 0.2, 0.3]
    assert "the same run is logged in" in remarks(run)
    assert "metrics.csv too; it was read once" in remarks(run)


@pytest.mark.parametrize(
    ("name", "curves"),
    [
        ("other.csv", None),
        ("history.json", {**CURVES, "val_loss": [3.5, 2.5, 2.1]}),
        ("history.json", {"val_loss": [3.5, 2.5, 2.0, 1.9]}),
        ("history.json", {"accuracy": [0.1, 0.2, 0.3]}),
    ],
    ids=["the same format", "another value", "another length", "nothing in common"],
)
def test_runs_that_differ_are_told_apart(name: str, curves: Any, tmp_path: Path) -> None:
    written(tmp_path, *TABLE, name="metrics.csv")
    written(tmp_path, *(TABLE if curves is None else [curves]), name=name)
    assert len(read_all(tmp_path)) == 2


def test_runs_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("a/x.csv", "b.csv", "c/x.csv", "d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path, *(TABLE if name.endswith("csv") else [{"loss": [1, 2]}]), name=name)
    found = [Path(run.source).relative_to(tmp_path).as_posix() for run in read_all(tmp_path)]
    assert found == ["a/x.csv", "b.csv", "c/x.csv", "d.json"]


# --- Metrics of no named split -----------------------------------------------------------------


@pytest.mark.parametrize("best", [[0.5, 0.7, 0.6], [0.5, 0.7, 0.7]], ids=["the last", "the best"])
def test_a_metric_that_repeats_that_of_validation_is_none_of_training(best: list[float]) -> None:
    log = read({"loss": [3.0, 2.0, 1.0], "val_f1": [0.5, 0.7, 0.6], "best_f1": best})
    assert set(log.series) == {("loss", "train"), ("metric", "val/f1")}
    assert "'best_f1': the last or the best value of validation again" in remarks(log)


@pytest.mark.parametrize(
    ("own", "of_validation"), [([0.6, 0.8], [0.5, 0.7]), ([0.5, 0.5], [0.5, 0.5])]
)
def test_a_metric_with_values_of_its_own_is_one_of_training(
    own: list[float], of_validation: list[float]
) -> None:
    log = read({"loss": [3.0, 2.0], "val_f1": of_validation, "f1": own})
    assert values(log, "metric", "train/f1") == own


def test_that_a_metric_is_of_training_is_said_to_be_a_guess() -> None:
    guess = "taken for measured on training data, as only the loss says: 'r2'"
    assert guess in remarks(read({"train_loss": [3.0, 2.0], "r2": [0.1, 0.2]}))
    assert guess not in remarks(read({"loss": [3.0, 2.0], "r2": [0.1, 0.2]}))
