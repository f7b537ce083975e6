"""Readers: each format by its sample, the quirks of real logs, and every malformed neighbour."""

import gzip
import json
import random
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from traindx.mlp.history import History, curves
from traindx.mlp.readers import ReadError, read, read_all

SAMPLES = Path(__file__).parent / "samples"
LOSS = ("loss", "train")
VAL = ("loss", "val")

# sample: axis, then of each series the points, the first step and value, the last step and value
EXPECTED: dict[str, tuple[str, dict[tuple[str, str], tuple[float, ...]]]] = {
    "trainer_state.json": (
        "step",
        {LOSS: (12, 50, 2.5, 600, 0.6), VAL: (6, 100, 2.2, 600, 1.16)}
        | {("gradient_norm", ""): (12, 50, 1.5, 600, 1.2), ("epoch", ""): (12, 50, 0.5, 600, 6)},
    ),
    "keras.csv": (
        "epoch",
        {LOSS: (6, 0, 2.3, 5, 0.6), VAL: (6, 0, 2.2, 5, 1.16)}
        | {("accuracy", "val"): (6, 0, 0.1, 5, 0.78), ("learning_rate", ""): (6, 0, 1e-3, 5, 1e-3)},
    ),
    "history.json": (
        "epoch",
        {LOSS: (6, 1, 2.3, 6, 0.6), ("metric", "train/f1"): (6, 1, 0.12, 6, 0.8)},
    ),
    "lightning.csv": (
        "step",
        {LOSS: (6, 19, 2.3, 119, 0.6), VAL: (6, 19, 2.2, 119, 1.16)}
        | {("metric", "train/loss_step"): (12, 9, 2.4, 119, 0.5)},
    ),
    "yolo.csv": (
        "epoch",
        {LOSS: (6, 0, 3.05, 5, 1.35), VAL: (6, 0, 2.95, 5, 1.91)}
        | {("loss_component", "train/box"): (6, 0, 2.3, 5, 0.6)}
        | {("learning_rate", ""): (6, 0, 1e-3, 5, 1e-3)},
    ),
    "timm.csv": (
        "epoch",
        {LOSS: (6, 90, 2.3, 95, 0.6), VAL: (6, 90, 2.2, 95, 1.16)}
        | {("accuracy", "val"): (6, 90, 0.12, 95, 0.8)},
    ),
    "fastai.csv": (
        "epoch",
        {LOSS: (6, 0, 2.3, 5, 0.6), ("accuracy", "val"): (6, 0, 0.12, 5, 0.8)},
    ),
    "mmdet.log.json": (
        "step",
        {LOSS: (12, 50, 2.25, 600, 0.5), ("metric", "val/bbox_map"): (6, 100, 0.12, 600, 0.8)}
        | {("accuracy", "train"): (12, 50, 0.915, 600, 0.915)},
    ),
    "detectron2.json": (
        "step",
        {LOSS: (6, 19, 2.3, 119, 0.6), ("metric", "val/bbox/AP"): (1, 119, 31.2, 119, 31.2)},
    ),
    "detr.txt": (
        "epoch",
        {LOSS: (6, 0, 2.3, 5, 0.6), VAL: (6, 0, 2.2, 5, 1.16)}
        | {("loss_component", "train/loss_ce"): (6, 0, 2.3 / 3, 5, 0.2)},
    ),
    "trainer_log.jsonl": (
        "step",
        {LOSS: (6, 10, 2.3, 60, 0.6), ("epoch", ""): (6, 10, 0.1, 60, 0.6)},
    ),
    "build_nanogpt.txt": (
        "step",
        {LOSS: (12, 0, 2.3, 1251, 0.5), VAL: (6, 0, 2.2, 1250, 1.16)}
        | {("metric", "val/hellaswag"): (6, 0, 0.12, 1250, 0.8)},
    ),
    "nanogpt.txt": ("step", {LOSS: (12, 0, 2.3, 550, 0.55), VAL: (6, 0, 2.2, 500, 1.16)}),
    "console.log": (
        "epoch",
        {LOSS: (6, 1, 2.3, 6, 0.6), ("accuracy", "val"): (6, 1, 0.12, 6, 0.8)},
    ),
    "progress.log": ("epoch", {LOSS: (6, 1, 2.3, 6, 0.6), VAL: (6, 1, 2.2, 6, 1.16)}),
    "catboost_training.json": ("step", {LOSS: (6, 0, 2.3, 5, 0.6), VAL: (6, 0, 2.2, 5, 1.16)}),
    "test_error.tsv": ("step", {VAL: (6, 0, 2.2, 5, 1.16)}),
    "loss_curve.csv": ("epoch", {LOSS: (6, 1, 2.3, 6, 0.6)}),
    "loss_log.txt": (
        "step",
        {("generator_loss", "A"): (6, 100, 2.3, 600, 0.6)}
        | {("discriminator_loss", "A"): (6, 100, 0.4, 600, 0.5)},
    ),
    "wandb_history.csv": ("step", {LOSS: (6, 0, 2.3, 50, 0.6), VAL: (6, 0, 2.2, 50, 1.16)}),
    "wandb_chart.csv": ("step", {LOSS: (6, 0, 3.3, 50, 1.6)}),
    "events.out.tfevents.1": ("step", {LOSS: (6, 0, 2.3, 50, 0.6), VAL: (6, 0, 2.2, 50, 1.16)}),
    "recorded.json.gz": ("epoch", {VAL: (4, 1, 1.2, 4, 0.95)}),
}


def shape(history: History, name: tuple[str, str]) -> tuple[float, ...]:
    s = history.series[name]
    return len(s), s.steps[0], s.values[0], s.steps[-1], s.values[-1]


def text(tmp_path: Path, content: str | bytes, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def values(history: History, name: tuple[str, str] = LOSS) -> list[float]:
    return [float(v) for v in history.series[name].values]


@pytest.mark.parametrize("sample", EXPECTED)
def test_each_format_gives_the_series_of_its_sample(sample: str) -> None:
    axis, series = EXPECTED[sample]
    history = read(SAMPLES / sample)
    assert history.axis == axis
    for name, expected in series.items():
        assert shape(history, name) == pytest.approx(expected, rel=1e-6), name


def test_every_sample_is_expected_and_none_is_missing() -> None:
    assert {path.name for path in SAMPLES.iterdir() if path.is_file()} == set(EXPECTED)


@pytest.mark.parametrize("sample", [s for s in EXPECTED if not s.endswith(".gz")])
def test_a_gzipped_log_reads_like_the_log(sample: str, tmp_path: Path) -> None:
    raw = (SAMPLES / sample).read_bytes()
    path = text(tmp_path, gzip.compress(raw, mtime=0), sample + ".gz")
    assert dict(read(path).series) == dict(read(SAMPLES / sample).series)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "gbk"])
def test_the_encoding_does_not_matter(encoding: str, tmp_path: Path) -> None:
    word = {"gbk": "模型", "latin-1": "modèle"}.get(encoding, "x")
    content = f"epoch,loss,val_loss,{word}\n1,2.0,2.1,{word}\n2,1.5,1.9,{word}\n3,1.0,1.8,{word}\n"
    assert values(read(text(tmp_path, content.encode(encoding)))) == [2.0, 1.5, 1.0]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "  "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_does_not_matter(delimiter: str, end: str, tmp_path: Path) -> None:
    rows = [["epoch", "loss", "val_loss"], ["1", "2.0", "2.1"], ["2", "1.5", "1.9"]]
    history = read(text(tmp_path, end.join(delimiter.join(row) for row in rows)))
    assert values(history) == [2.0, 1.5]
    assert values(history, VAL) == [2.1, 1.9]


KERAS = SimpleNamespace(history={"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]}, epoch=[0, 1])
STATE = SimpleNamespace(log_history=[{"loss": 2.0, "step": 1}, {"loss": 1.0, "step": 2}])
ESTIMATOR = SimpleNamespace(loss_curve_=[2.0, 1.0], validation_scores_=None, classes_=[0, 1])


class Frame:
    """A data frame, as far as it is looked at."""

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns, self.shape, self.data = list(columns), (0, 0), columns

    def __getitem__(self, title: str) -> list[Any]:
        return self.data[title]


OBJECTS: dict[str, Any] = {
    "dict of lists": {"loss": [2.0, 1.0]},
    "dict of arrays": {"loss": np.array([2.0, 1.0])},
    "single precision": {"loss": [np.float32(2.0), np.float32(1.0)]},
    "splits": {"train": {"logloss": [2.0, 1.0]}, "valid": {"logloss": [2.5, 2.0]}},
    "numbered splits": {"validation_0": {"rmse": [2.0, 1.0]}, "validation_1": {"rmse": [3, 2]}},
    "list of dicts": [{"loss": 2.0}, {"loss": 1.0}],
    "keras": KERAS,
    "state": STATE,
    "trainer": SimpleNamespace(state=STATE),
    "log_history": STATE.log_history,
    "estimator": ESTIMATOR,
    "frame": Frame({"epoch": [1, 2], "loss": [2.0, 1.0]}),
    "losses": [2.0, 1.0],
    "array": np.array([2.0, 1.0]),
    "pair": ([2.0, 1.0], [2.5, 1.5]),
    "history": curves({LOSS: [2.0, 1.0]}),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_are_read_by_what_they_have(kind: str) -> None:
    assert values(read(OBJECTS[kind])) == [2.0, 1.0]


@pytest.mark.parametrize("kind", ["splits", "numbered splits", "keras", "pair"])
def test_objects_with_validation_have_it(kind: str) -> None:
    assert len(read(OBJECTS[kind]).series[VAL]) == 2


@pytest.mark.parametrize(
    "nothing", [None, 3, b"loss", {}, [], object(), {"a": "b"}, ["x"], [[1], [2]]]
)
def test_what_is_no_history_is_refused_with_what_is_accepted(nothing: object) -> None:
    with pytest.raises(ReadError, match="give"):
        read(nothing)


# --- Missing values ---------------------------------------------------------------------


def test_an_empty_cell_is_silence_and_a_written_nan_a_value(tmp_path: Path) -> None:
    history = read(text(tmp_path, "epoch,loss,val_loss\n1,2.0,\n2,nan,1.0\n3,1.5,#na#\n"))
    assert np.isnan(values(history)[1])
    assert values(history, VAL) == [1.0]


def test_nan_in_the_rows_of_another_split_is_silence(tmp_path: Path) -> None:
    rows = "".join(f"{i},{2 / i},nan\n{i},nan,{3 / i}\n" for i in range(1, 6))
    history = read(text(tmp_path, "step,train_loss,val_loss\n" + rows))
    assert values(history) == pytest.approx([2, 1, 2 / 3, 0.5, 0.4])
    assert values(history, VAL) == pytest.approx([3, 1.5, 1, 0.75, 0.6])


def test_nan_that_never_ends_is_a_value_even_in_a_frame() -> None:
    nan = float("nan")
    losses = [2.0, 1.0, nan, nan, nan]
    history = read(Frame({"epoch": [1, 2, 3, 4, 5], "loss": losses, "accuracy": [0.1] * 5}))
    assert np.isnan(values(history)[2:]).all()


def test_gaps_in_a_frame_are_silence() -> None:
    nan = float("nan")
    sparse = {"step": [1, 2, 3, 4], "loss": [2.0, 1.5, 1.0, 0.5], "val_loss": [nan, 1.8, nan, 1.2]}
    assert values(read(Frame(sparse)), VAL) == [1.8, 1.2]


def test_a_zero_loss_beside_a_broken_gradient_stays_as_it_is() -> None:
    rows = [
        {"loss": 1.0, "grad_norm": 2.0, "step": 1},
        {"loss": 0.0, "grad_norm": float("nan"), "step": 2},
    ]
    history = read({"log_history": rows})
    assert values(history) == [1.0, 0.0]
    assert np.isnan(values(history, ("gradient_norm", ""))[1])


def test_words_in_a_column_are_silence_with_a_note(tmp_path: Path) -> None:
    history = read(text(tmp_path, "epoch,loss\n1,2.0\n2,oops\n3,1.0\n4,0.9\n"))
    assert values(history) == [2.0, 1.0, 0.9]
    assert any("words" in note for note in history.notes)


# --- Names, axes, runs ------------------------------------------------------------------


def test_aliases_override_names() -> None:
    log = {"train/total_loss": [9.0, 8.0], "mystery": [2.0, 1.0]}
    assert values(read(log, aliases={"mystery": "loss@train"})) == [2.0, 1.0]


def test_an_alias_for_no_column_names_the_nearest() -> None:
    with pytest.raises(ReadError, match="did you mean 'mystery'"):
        read({"mystery": [2.0, 1.0]}, aliases={"mistery": "loss@train"})


def test_a_name_with_time_inside_of_a_word_is_no_time() -> None:
    history = read({"sentiment_loss": [2.0, 1.0], "step_time": [7.0, 8.0]})
    assert values(history) == [2.0, 1.0]
    assert set(history.series) == {LOSS, ("loss_component", "train/sentiment")}


def test_unknown_columns_are_named_in_the_notes() -> None:
    assert any("'fizz'" in note for note in read({"loss": [2.0, 1.0], "fizz": [7, 8]}).notes)


def test_the_total_is_preferred_to_its_parts() -> None:
    log = {"loss_cls": [1.0, 0.5], "loss": [9.0, 8.0], "total_loss": [2.0, 1.0]}
    assert values(read(log)) == [2.0, 1.0]


def test_per_cent_becomes_a_share(tmp_path: Path) -> None:
    history = read(text(tmp_path, "epoch,loss,acc,val_acc\n1,2.0,40,41%\n2,1.0,80,75%\n"))
    assert values(history, ("accuracy", "train")) == [0.4, 0.8]
    assert values(history, ("accuracy", "val")) == [0.41, 0.75]


def test_a_validation_that_was_off_is_left_out() -> None:
    history = read({"loss": [2.0, 1.0], "val_loss": [0.0, 0.0]})
    assert VAL not in history.series
    assert any("not evaluated" in note for note in history.notes)


def test_appended_runs_are_split_and_the_last_is_read(tmp_path: Path) -> None:
    path = text(
        tmp_path, "epoch,loss\n" + "0,3\n1,2\n2,1.9\n3,1.8\n" + "epoch,loss\n0,5\n1,4\n2,3.5\n"
    )
    assert values(read(path)) == [5.0, 4.0, 3.5]
    assert any("2 runs" in note for note in read(path).notes)
    assert [len(run.series[LOSS]) for run in read_all(path)] == [4, 3]


def test_steps_out_of_order_are_sorted_and_the_last_of_twins_wins() -> None:
    rows = [
        {"step": s, "loss": v}
        for s, v in [(1, 5.0), (3, 3.0), (2, 4.0), (4, 2.0), (4, 1.0), (5, 0.5)]
    ]
    history = read(rows)
    assert values(history) == [5.0, 4.0, 3.0, 1.0, 0.5]
    assert any("sorted" in note for note in history.notes)


def test_many_rows_an_epoch_are_numbered() -> None:
    history = read([{"epoch": i // 10, "loss": 5.0 - i / 10} for i in range(40)])
    assert history.axis == "step"
    assert len(history.series[LOSS]) == 40
    assert history.get("epoch") is not None


def test_several_evaluation_sets_give_one_validation_loss() -> None:
    rows = [{"step": i, "loss": 3.0 - i, "learning_rate": 1e-3, "epoch": i} for i in range(3)]
    rows += [{"step": i, "eval_a_loss": 4.0 - i, "eval_b_loss": 9.0, "epoch": i} for i in range(3)]
    history = read({"log_history": rows})
    assert values(history, VAL) == [4.0, 3.0, 2.0]


def test_the_summary_row_is_no_point() -> None:
    assert values(read(SAMPLES / "trainer_state.json"))[-1] == 0.6


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"loss": [0.1, 0.0], "reward": [0.1, 0.5], "kl": [0.0, 0.1]}, "reinforcement"),
        ({"loss": [0.69, 0.5], "rewards/margins": [0.0, 0.4]}, "preference"),
        ({"g_loss": [2.0, 1.0], "d_loss": [0.5, 0.6]}, "adversarial"),
        ({"loss": [5.0, 4.0], "perplexity": [148.4, 54.6]}, "language_model"),
        ({"loss": [5.0, 4.0]}, None),
    ],
)
def test_the_task_is_told_only_where_it_is_certain(
    columns: dict[str, Any], task: str | None
) -> None:
    assert read(columns).settings.task == task


# --- Recorded runs ----------------------------------------------------------------------


def test_a_recorded_run_has_its_layers_and_settings() -> None:
    history = read(SAMPLES / "recorded.json.gz")
    settings = history.settings
    layers = settings.layers or ()
    assert [layer.name for layer in layers] == ["hidden", "drop", "out"]
    assert [layer.activation for layer in layers] == ["relu", None, "softmax"]
    assert [layer.initializer for layer in layers] == ["he_uniform", None, "normal"]
    assert (settings.loss, settings.optimizer, settings.output_units) == (
        "cross_entropy",
        "rmsprop",
        3,
    )
    assert (settings.learning_rate, settings.clip_norm, settings.epochs) == (0.001, 1.0, 4)
    assert settings.class_shares == (0.2, 0.3, 0.5)
    assert (layers[0].fan_in, layers[0].l2, settings.dropout) == (4, 0.01, 0.25)


def test_a_recorded_run_has_its_tensors() -> None:
    history = read(SAMPLES / "recorded.json.gz")
    assert np.isnan(values(history)[2])
    assert values(history)[3] == np.inf
    assert list(history.series["probe_loss", "train"].steps) == [0, 2, 4]
    assert values(history, ("probe_loss", "train")) == [1.2, 0.7, 0.6]
    assert values(history, ("weight_max", "hidden")) == [2.0] * 3
    assert list(history.series["epoch_update_norm", "out"].steps) == [2, 4]
    assert values(history, ("activation_mean", "hidden")) == [0.4] * 3
    assert set(history.layers("dead_share")) == {"hidden"}
    assert values(history, ("input_rms", "hidden")) == [5.0] * 3
    assert values(history, ("input_rms", "out")) == [0.45] * 3


def test_the_verdict_in_a_recorded_run_is_not_read() -> None:
    assert "secret" not in repr(read(SAMPLES / "recorded.json.gz"))


# --- What cannot be read ----------------------------------------------------------------

BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n \n", "empty"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
        "git lfs pull",
    ),
    "pickle": (b"\x80\x04\x95\x00\x00", "pickle"),
    "zip": (b"PK\x03\x04\x00\x00", "zip"),
    "binary": (bytes(range(256)) * 9, "binary"),
    "prose": (b"It was a dark and stormy night.\nThe rain fell.\n", "no table"),
    "summary": (b'{"_step": 10, "loss": 0.3}', "no list of numbers"),
    "no metric": (b"epoch,temperature\n1,20\n2,21\n", "aliases"),
    "no number": (b"epoch,loss\na,b\nc,d\n", "give|no "),
    "nested": (b"[" * 100_000, "give|no "),
    "runs": (b'"Name","State","Runtime","loss"\n"a","finished","3","0.2"\n', "table of runs"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_says_where_what_and_what_instead(kind: str, tmp_path: Path) -> None:
    content, what = BAD[kind]
    path = text(tmp_path, content, "some.log")
    with pytest.raises(ReadError, match=what) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("path", ["no/such/file.csv", "null\0byte", ""])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ReadError):
        read(path if path else "missing.csv")


def test_a_directory_gives_its_runs_and_an_empty_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no log in this directory"):
        read(tmp_path)
    shutil.copy(SAMPLES / "keras.csv", tmp_path / "b.csv")
    shutil.copy(SAMPLES / "trainer_state.json", tmp_path / "a.json")
    text(tmp_path, "nothing here", "readme.txt")
    assert [Path(run.source).name for run in read_all(tmp_path)] == ["a.json", "b.csv"]


def test_a_log_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    whole = (SAMPLES / "trainer_state.json").read_text()
    history = read(text(tmp_path, whole[: len(whole) // 2], "trainer_state.json"))
    assert values(history) == values(read(SAMPLES / "trainer_state.json"))[: len(values(history))]
    assert any("cut off" in note for note in history.notes)


# --- No foreign exception, whatever the bytes -------------------------------------------


def attempt(path: Path) -> None:
    """Either a history in order or an error of ours."""
    try:
        history = read(path)
    except ReadError:
        return
    for series in history.series.values():
        assert series.steps.shape == series.values.shape
        assert np.isfinite(series.steps).all()
        assert (np.diff(series.steps) > 0).all()


@pytest.mark.parametrize("sample", EXPECTED)
def test_a_log_cut_anywhere_is_read_or_refused(sample: str, tmp_path: Path) -> None:
    raw = (SAMPLES / sample).read_bytes()
    for end in range(1, len(raw), max(100, len(raw) // 20)):
        attempt(text(tmp_path, raw[:end], sample))


def _flip(raw: bytes, rng: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.choice([1, 5, 40])):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _shuffle(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _drop(raw: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(raw)) for _ in range(2))
    return raw[:start] + raw[end:] or b"x"


def _rename(raw: bytes, rng: random.Random) -> bytes:
    words = [b"loss", b"epoch", b"step", b"train", b"val", b"config", b"history", b"mode"]
    return raw.replace(rng.choice(words), rng.choice([*words, b"", b"nan"]))


def _retype(raw: bytes, rng: random.Random) -> bytes:
    odd = [
        b"text",
        b"",
        b"nan",
        b"[]",
        b"{}",
        b"null",
        b"1e999",
        b'"',
        b"true",
        b"9" * 400,
        b"-1e308",
    ]
    return raw.replace(b"0." + str(rng.randrange(1, 10)).encode(), rng.choice(odd))


@pytest.mark.parametrize("change", [_flip, _shuffle, _drop, _rename, _retype])
def test_a_damaged_log_is_read_or_refused(change: Any, tmp_path: Path) -> None:
    rng = random.Random(1)
    for sample in EXPECTED:
        raw = (SAMPLES / sample).read_bytes()
        raw = gzip.decompress(raw) if sample.endswith(".gz") else raw
        for _ in range(6):
            attempt(text(tmp_path, change(raw, rng), sample.removesuffix(".gz")))


def test_foreign_values_in_objects_are_refused_or_left_out() -> None:
    odd: list[Any] = [None, "x", [], {}, True, object(), 10**400, float("nan"), -1]
    rng = random.Random(2)
    for _ in range(300):
        log = {
            key: [rng.choice(odd) for _ in range(4)]
            for key in ("loss", "step", "epoch", "val_loss")
        }
        for source in (
            log,
            [dict(zip(log, row, strict=True)) for row in zip(*log.values(), strict=True)],
        ):
            try:
                read(source)
            except ReadError:
                continue


def test_a_long_csv_is_read_fast(tmp_path: Path) -> None:
    rows = 100_000
    path = text(
        tmp_path, "step,loss,lr\n" + "\n".join(f"{i},{1 / (i + 1):.6f},0.001" for i in range(rows))
    )
    start = time.perf_counter()
    assert len(read(path).series[LOSS]) == rows
    assert time.perf_counter() - start < 2


def test_json_lines_with_a_broken_line_say_so(tmp_path: Path) -> None:
    lines = [json.dumps({"step": i, "loss": 1 / (i + 1)}) for i in range(5)] + ['{"step": 5, "lo']
    history = read(text(tmp_path, "\n".join(lines), "log.jsonl"))
    assert len(history.series[LOSS]) == 5
    assert any("not whole" in note or "cut off" in note for note in history.notes)
