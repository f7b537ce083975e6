"""Logs that other programs print: each gives the curves that it was made of."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from foreign_logs import ACC, LOGS, LR, TRAIN, VAL

from traindx.mlp.history import History
from traindx.mlp.readers import read

EPOCHS, STEPS = "epoch", "step"
LOSSES, WITH_ACC, TRAIN_ONLY = ("val",), ("val", "acc"), ()

# log: its axis, and what it has beside the training loss
HAS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "keras_verbose1.txt": (EPOCHS, (*WITH_ACC, "lr")),
    "keras3_backspace.txt": (EPOCHS, (*WITH_ACC, "lr")),
    "keras_verbose2.txt": (EPOCHS, WITH_ACC),
    "pytorch_mnist.txt": (STEPS, WITH_ACC),
    "pytorch_imagenet.txt": (STEPS, WITH_ACC),
    "pytorch_print.txt": (EPOCHS, WITH_ACC),
    "pytorch_cifar_tutorial.txt": (STEPS, TRAIN_ONLY),
    "tqdm.txt": (EPOCHS, LOSSES),
    "tqdm_one_bar.txt": (STEPS, TRAIN_ONLY),
    "lightning_bar.txt": (EPOCHS, LOSSES),
    "hf_stdout.txt": (EPOCHS, WITH_ACC),
    "axolotl.txt": (EPOCHS, LOSSES),
    "hf_notebook_table.txt": (STEPS, WITH_ACC),
    "hf_model_card.md": (STEPS, WITH_ACC),
    "fairseq.txt": (STEPS, LOSSES),
    "fairseq_old.txt": (STEPS, LOSSES),
    "opennmt.txt": (STEPS, (*WITH_ACC,)),
    "megatron.txt": (STEPS, LOSSES),
    "deepspeed.txt": (STEPS, TRAIN_ONLY),
    "paddle.txt": (STEPS, WITH_ACC),
    "paddle_hapi.txt": (STEPS, WITH_ACC),
    "mmengine.log": (STEPS, ("lr",)),
    "detectron2.log": (STEPS, TRAIN_ONLY),
    "flax.txt": (EPOCHS, WITH_ACC),
    "jax_clu.txt": (STEPS, WITH_ACC),
    "jax_step.txt": (STEPS, TRAIN_ONLY),
    "stable_baselines3.txt": (STEPS, TRAIN_ONLY),
    "fastai_notebook.txt": (EPOCHS, WITH_ACC),
    "yolov5_results.txt": (EPOCHS, LOSSES),
    "ultralytics_console.txt": (EPOCHS, TRAIN_ONLY),
    "wandb_export.csv": (STEPS, LOSSES),
    "tensorboard_export.csv": (STEPS, TRAIN_ONLY),
    "decimal_comma.csv": (EPOCHS, WITH_ACC),
    "excel_sep.csv": (EPOCHS, LOSSES),
    "spaces.txt": (EPOCHS, LOSSES),
    "logger_table.txt": (EPOCHS, LOSSES),
    "skorch.txt": (EPOCHS, WITH_ACC),
    "xgboost.txt": (STEPS, LOSSES),
    "lightgbm.txt": (STEPS, LOSSES),
    "catboost.txt": (STEPS, LOSSES),
    "sklearn_verbose.txt": (STEPS, TRAIN_ONLY),
    "caffe.log": (STEPS, (*WITH_ACC, "lr")),
    "darknet.txt": (STEPS, ("lr",)),
    "espnet.txt": (EPOCHS, WITH_ACC),
    "detr_text.txt": (STEPS, LOSSES),
    "torchtune.txt": (STEPS, TRAIN_ONLY),
    "litgpt.txt": (STEPS, LOSSES),
    "llamafactory_stdout.txt": (EPOCHS, TRAIN_ONLY),
    "nemo.txt": (STEPS, TRAIN_ONLY),
    "tf_estimator.txt": (STEPS, WITH_ACC),
    "accelerate.txt": (EPOCHS, LOSSES),
    "spanish.csv": (EPOCHS, LOSSES),
    "chinese.txt": (EPOCHS, WITH_ACC),
    "json_between.txt": (EPOCHS, WITH_ACC),
    "structlog.jsonl": (EPOCHS, LOSSES),
    "coqui_tts.txt": (STEPS, ("lr",)),
    "chainer.txt": (EPOCHS, WITH_ACC),
    "mosaicml.jsonl": (STEPS, TRAIN_ONLY),
    "mxnet.txt": (EPOCHS, WITH_ACC),
    "ignite.txt": (EPOCHS, WITH_ACC),
    "mlx.txt": (STEPS, (*LOSSES, "lr")),
    "icefall.txt": (STEPS, LOSSES),
    "speechbrain.txt": (EPOCHS, (*LOSSES, "lr")),
    "julia.txt": (EPOCHS, WITH_ACC),
    "abbreviated.csv": (EPOCHS, LOSSES),
    "russian.csv": (EPOCHS, WITH_ACC),
}


@pytest.fixture(params=sorted(LOGS))
def log(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, History]:
    path = tmp_path / request.param
    path.write_text(LOGS[request.param], encoding="utf-8")
    return request.param, read(path)


def close(found: float, expected: float, within: float = 0.006) -> bool:
    return math.isclose(found, expected, abs_tol=within)


def test_it_has_the_axis_and_the_losses(log: tuple[str, History]) -> None:
    name, history = log
    axis, has = HAS[name]
    assert history.axis == axis
    train = history.series["loss", "train"]
    assert len(train) % len(TRAIN) == 0
    assert close(train.values[0], TRAIN[0], 0.2)
    assert close(train.values[-1], TRAIN[-1], 0.11)
    assert (("loss", "val") in history.series) == ("val" in has)


def test_it_has_what_was_measured_on_other_data(log: tuple[str, History]) -> None:
    name, history = log
    for quantity, expected in (("loss", VAL), ("accuracy", ACC)):
        if {"loss": "val", "accuracy": "acc"}[quantity] in HAS[name][1]:
            found = history.series[quantity, "val"].values
            assert len(found) == len(expected)
            assert all(map(close, found, expected))


def test_it_has_the_learning_rate(log: tuple[str, History]) -> None:
    name, history = log
    if "lr" in HAS[name][1]:
        assert set(history.series["learning_rate", ""].values) == {LR}


def test_it_has_no_series_of_what_is_no_metric(log: tuple[str, History]) -> None:
    """File names with line numbers, bars and clocks are not measured."""
    odd = ("py", "time", "step", "wall", "n_updates", "callbacks")
    assert not [n for n in log[1].series if n[1].rpartition("/")[2].rpartition("_")[2] in odd]


# --- Reinforcement learning --------------------------------------------------------------------

MONITOR = (
    '#{"t_start": 1679509164.19, "env_id": null}\nr,l,t\n-25.9,800,1.6\n-6.5,790,1.9\n3,9,2.1\n'
)
LEARNED = {"total_loss": 8.5, "policy_loss": -0.02, "vf_loss": 8.7, "kl": 0.01, "entropy": 0.6}
RLLIB = {
    ("loss", "train"): "total_loss",
    ("loss_component", "train/policy"): "policy_loss",
    ("loss_component", "train/vf"): "vf_loss",
    ("kl", ""): "kl",
    ("policy_entropy", ""): "entropy",
}


def test_the_episodes_of_a_monitor_have_reward_and_length(tmp_path: Path) -> None:
    path = tmp_path / "monitor.csv"
    path.write_text(MONITOR)
    history = read(path)
    assert history.series["reward", ""].values.tolist() == [-25.9, -6.5, 3]
    assert history.series["reward", ""].steps.tolist() == [1, 2, 3]
    assert history.series["metric", "train/episode_length"].values.tolist() == [800, 790, 9]
    assert len(history.series) == 2
    assert history.settings.task == "reinforcement"


def rllib_rows(*policies: str) -> list[dict[str, object]]:
    learner = {policy: {"learner_stats": LEARNED} for policy in policies}
    return [
        {
            "training_iteration": n,
            "episode_reward_mean": 10.0 * n,
            "config": {"lr": 0.1},
            "info": {"learner": learner},
        }
        for n in (1, 2, 3)
    ]


def rllib_json(*policies: str) -> str:
    return "".join(json.dumps(row) + "\n" for row in rllib_rows(*policies))


def rllib_csv(*policies: str) -> str:
    paths = [f"info/learner/{p}/learner_stats/{key}" for p in policies for key in LEARNED]
    head = ",".join(["training_iteration", "episode_reward_mean", "config/lr", *paths])
    cells = [*LEARNED.values()] * len(policies)
    return "\n".join([head, *(",".join(map(str, [n, 10 * n, 0.1, *cells])) for n in (1, 2, 3))])


@pytest.mark.parametrize("text", [rllib_json, rllib_csv])
@pytest.mark.parametrize("policies", [("default_policy",), ("red", "blue")])
def test_rllib_says_what_the_policy_learned(
    text: Callable[..., str], policies: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_text(text(*policies))
    history = read(path)
    found = {name: set(history.series[name].values) for name in RLLIB}
    assert found == {name: {LEARNED[key]} for name, key in RLLIB.items()}
    assert {*history.series} == {*RLLIB, ("reward", "")}
    assert any("'blue'" in note for note in history.notes) == (len(policies) > 1)
