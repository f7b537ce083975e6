"""Where logs lie: packed, on standard input, too large to be held, spread over a folder."""

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import zstandard

from traindx.configuration import Configuration, ConfigurationError, configuration
from traindx.mlp.history import History
from traindx.mlp.readers import ReadError, document, packed, read, read_all, sources, thinning
from traindx.mlp.readers.assemble import Wishes

LOSS, VAL = ("loss", "train"), ("loss", "val")
LOSSES = [2.3, 1.9, 1.5, 1.1]
LOG = "epoch,loss\n" + "".join(f"{n},{loss}\n" for n, loss in enumerate(LOSSES))


def values(history: History, name: tuple[str, str] = LOSS) -> list[float]:
    return [round(float(v), 6) for v in history.series[name].values]


# --- Packed ------------------------------------------------------------------------------------

PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


def zipped(files: Mapping[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


@pytest.mark.parametrize("kind", PACKERS)
def test_a_packed_log_is_unpacked_and_one_in_two_parts_too(kind: str, tmp_path: Path) -> None:
    half = len(LOG) // 2
    for number, parts in enumerate(([LOG], [LOG[:half], LOG[half:]])):
        path = tmp_path / f"log{number}.{kind}"
        path.write_bytes(b"".join(PACKERS[kind](part.encode()) for part in parts))
        assert values(read(path)) == LOSSES


@pytest.mark.parametrize("kind", PACKERS)
def test_a_packed_log_that_is_cut_off_says_so(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    long = "epoch,loss\n" + "".join(f"{n},{x}\n" for n, x in enumerate(rng.random(50_000)))
    path = tmp_path / "log"
    path.write_bytes(PACKERS[kind](long.encode())[:-20_000])
    history = read(path)
    assert len(history.series[LOSS]) > 10_000
    assert any("cut off" in note for note in history.notes)


def test_what_is_needed_for_zstd_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = tmp_path / "log.zst"
    path.write_bytes(zstandard.compress(LOG.encode()))
    with pytest.raises(ReadError, match=r"traindx\[zstd\]"):
        read(path)


def test_a_zip_of_one_file_is_read_and_one_of_several_is_not(tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    path.write_bytes(zipped({"a/log.csv": LOG}))
    assert values(read(path)) == LOSSES
    path.write_bytes(zipped({"a.csv": LOG, "b.csv": LOG}))
    with pytest.raises(ReadError, match="2 files"):
        read(path)
    path.write_bytes(zipped({"archive/data.pkl": "", "archive/version": "3"}))
    with pytest.raises(ReadError, match="never opened"):
        read(path)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(LOG.encode())))
    history = read("-")
    assert values(history) == LOSSES
    assert history.source == "<stdin>"


@pytest.mark.parametrize(
    "file", [io.StringIO(LOG), io.BytesIO(LOG.encode())], ids=["text", "bytes"]
)
def test_an_open_file_is_read(file: io.IOBase) -> None:
    assert values(read(file)) == LOSSES


# --- Large -------------------------------------------------------------------------------------

ROWS, EVERY_VAL, SPIKE_AT, NAN_AT = 60_000, 5_000, 31_111, 47_777


def cells(n: int) -> tuple[float, str]:
    """The loss of a row, and what stands in it."""
    loss = 90.0 if n == SPIKE_AT else 2 - n / ROWS
    return loss, "NaN" if n == NAN_AT else f"{loss:.6f}"


def large_csv() -> str:
    rows = (f"{n},{cells(n)[1]},{1.5 if n % EVERY_VAL == 0 else ''}\n" for n in range(ROWS))
    return "step,loss,val_loss\n" + "".join(rows)


def large_jsonl() -> str:
    rows = [f'{{"step": {n}, "loss": {cells(n)[1]}}}\n' for n in range(ROWS)]
    for n in range(0, ROWS, EVERY_VAL):
        rows[n] += f'{{"step": {n}, "val_loss": 1.5}}\n'
    return "".join(rows)


def large_text() -> str:
    rows = [f"step {n} loss {cells(n)[1]}\n" for n in range(ROWS)]
    for n in range(0, ROWS, EVERY_VAL):
        rows[n] += f"step {n} val loss 1.5\n"
    return "".join(rows)


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything above a hundred kilobytes is large."""
    monkeypatch.setattr(document, "LARGE", 100_000)
    monkeypatch.setattr(document, "HEAD", 50_000)
    monkeypatch.setattr(document, "PIECE", 20_000)
    monkeypatch.setattr(thinning, "MOST_CELLS", 30_000)
    monkeypatch.setattr(thinning, "MOST_VALUES", 30_000)


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
@pytest.mark.parametrize("log", [large_csv, large_jsonl, large_text])
def test_a_large_log_is_thinned_and_loses_nothing_rare(
    log: Callable[[], str], pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(log().encode()))
    history = read(path)
    train = history.series[LOSS]
    assert ROWS / 20 < len(train) < ROWS / 2
    assert len(history.series[VAL]) == ROWS // EVERY_VAL
    assert any("too many to be held" in note for note in history.notes)
    assert {SPIKE_AT, NAN_AT} <= {*train.steps}
    assert np.isnan(train.values[train.steps == NAN_AT]).all()


@pytest.mark.usefixtures("little_room")
def test_a_large_log_that_can_be_held_is_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(thinning, "MOST_CELLS", 10**9)
    path = tmp_path / "log.csv"
    path.write_text(large_csv())
    assert len(read(path).series[LOSS]) == ROWS


def test_a_large_log_takes_little_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(document, "LARGE", 2**19)
    monkeypatch.setattr(document, "HEAD", 2**16)
    monkeypatch.setattr(document, "PIECE", 2**16)
    monkeypatch.setattr(packed, "PIECE", 2**16)
    monkeypatch.setattr(thinning, "MOST_CELLS", 2**16)
    path = tmp_path / "log.csv"
    row = "0.123456,0.654321,0.111111,0.222222\n"
    with path.open("w") as file:
        file.write("loss,val_loss,grad_norm,learning_rate\n")
        file.writelines(row * 10_000 for _ in range(25))
    tracemalloc.start()
    try:
        read(path)
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size
    finally:
        tracemalloc.stop()


# --- Folders -----------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    low, high = number & 127, number >> 7
    return bytes([low | 128]) + varint(high) if high else bytes([low])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def record(body: bytes) -> bytes:
    return struct.pack("<Q", len(body)) + bytes(4) + body + bytes(4)


def events(path: Path, tag: str, numbers: Sequence[float], first: int = 0) -> None:
    """An event file with one curve."""
    parts = [record(field(3, b"brain.Event:2"))]
    for step, number in enumerate(numbers, first):
        value = field(1, tag.encode()) + b"\x15" + struct.pack("<f", number)
        parts.append(record(b"\x10" + varint(step) + field(5, field(1, value))))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))


def metric(path: Path, numbers: Sequence[float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stamp = 1_650_000_000_000
    path.write_text("".join(f"{stamp + n} {x} {n}\n" for n, x in enumerate(numbers)))


def errors(path: Path, numbers: Sequence[float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("iter\tLogloss\n" + "".join(f"{n}\t{x}\n" for n, x in enumerate(numbers)))


def checkpoint(path: Path, points: int) -> None:
    path.mkdir(parents=True)
    rows = [{"loss": x, "step": n + 1, "epoch": n} for n, x in enumerate(LOSSES[:points])]
    (path / "trainer_state.json").write_text(json.dumps({"log_history": rows}))


LATER = [x + 0.5 for x in LOSSES]


def keras_events(folder: Path) -> None:
    events(folder / "train" / "events.out.tfevents.1.v2", "epoch_loss", LOSSES)
    events(folder / "validation" / "events.out.tfevents.1.v2", "epoch_loss", LATER)


def added_scalars(folder: Path) -> None:
    events(folder / "events.out.tfevents.1", "lr", [0.1] * 4)
    events(folder / "Loss_train" / "events.out.tfevents.1", "Loss", LOSSES)
    events(folder / "Loss_val" / "events.out.tfevents.1", "Loss", LATER)


def two_event_files(folder: Path) -> None:
    events(folder / "events.out.tfevents.1", "train/loss", LOSSES)
    events(folder / "events.out.tfevents.2", "eval/loss", LATER)


def mlflow_run(folder: Path) -> None:
    metric(folder / "metrics" / "train_loss", LOSSES)
    metric(folder / "metrics" / "val" / "loss", LATER)
    (folder / "meta.yaml").write_text("run_id: 1\n")


def catboost_info(folder: Path) -> None:
    errors(folder / "learn_error.tsv", LOSSES)
    errors(folder / "test_error.tsv", LATER)
    (folder / "time_left.tsv").write_text("iter\tPassed\tRemaining\n0\t1\t2\n")


def tabled(path: Path, titles: str, *columns: Sequence[object]) -> None:
    """A table whose titles, with their delimiter, are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = "\t" if "\t" in titles else ","
    rows = [mark.join(map(str, row)) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([titles, *rows, ""]))


STEPS = range(len(LOSSES))


def dvclive_run(folder: Path) -> None:
    for split, numbers in (("train", LOSSES), ("val", LATER)):
        for name in ("loss", "acc"):
            path = folder / "plots" / "metrics" / split / f"{name}.tsv"
            tabled(path, f"step\t{name}", STEPS, numbers)
    tabled(folder / "plots" / "metrics" / "system" / "cpu.tsv", "step\tcpu", STEPS, LOSSES)
    summary = {"step": 3, "train": {"loss": LOSSES[-1]}, "val": {"loss": LATER[-1]}}
    (folder / "metrics.json").write_text(json.dumps(summary))


def dvclive_scalars(folder: Path) -> None:
    stamps = range(1_620_000_000, 1_620_000_004)
    tabled(folder / "scalars" / "loss.tsv", "timestamp\tstep\tloss", stamps, STEPS, LOSSES)
    tabled(folder / "scalars" / "eval" / "loss.tsv", "step\tloss", STEPS, LATER)


def dvclive_of_old(folder: Path) -> None:
    for name, numbers in (("loss", LOSSES), ("val_loss", LATER)):
        tabled(folder / f"{name}.tsv", f"timestamp\tstep\t{name}", STEPS, STEPS, numbers)
    (folder / "dvclive.json").write_text(json.dumps({"step": 3, "loss": LOSSES[-1]}))


def allennlp_epochs(folder: Path, first: int = 8) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for epoch, (loss, later) in enumerate(zip(LOSSES, LATER, strict=True), first):
        row = {"epoch": epoch, "training_epochs": epoch, "training_duration": "0:00:29.05"}
        row |= {"training_loss": loss, "validation_loss": later, "best_validation_loss": 0.1}
        (folder / f"metrics_epoch_{epoch}.json").write_text(json.dumps(row))
    (folder / "metrics.json").write_text(json.dumps({"best_epoch": 9, "training_epochs": 11}))


def catalyst_tables(folder: Path) -> None:
    for name, numbers in (("train", LOSSES), ("valid", LATER)):
        tabled(folder / f"{name}.csv", "step,accuracy01,loss", STEPS, STEPS, numbers)


def own_tables(folder: Path) -> None:
    tabled(folder / "train_log.csv", "epoch,lr,loss", STEPS, LOSSES, LOSSES)
    tabled(folder / "val_log.csv", "epoch,loss,f1", STEPS, LATER, LOSSES)


SPREAD = (keras_events, added_scalars, two_event_files, mlflow_run, catboost_info)
SPREAD += (dvclive_run, dvclive_scalars, dvclive_of_old, allennlp_epochs)
SPREAD += (catalyst_tables, own_tables)
NO_LOGS = ("meta.yaml", "time_left.tsv")


@pytest.mark.parametrize("spread", SPREAD)
def test_a_run_that_is_spread_over_a_folder_is_one(
    spread: Callable[[Path], None], tmp_path: Path
) -> None:
    spread(tmp_path / "run")
    (whole,) = read_all(tmp_path)
    for history in (whole, read(tmp_path / "run")):
        assert (values(history), values(history, VAL)) == (LOSSES, LATER)


@pytest.mark.parametrize("spread", SPREAD)
def test_a_run_that_is_a_folder_is_one_source(
    spread: Callable[[Path], None], tmp_path: Path
) -> None:
    spread(tmp_path / "run")
    (tmp_path / "other.csv").write_text(LOG)
    found = [path.name for path in sources(tmp_path) if path.name not in NO_LOGS]
    assert found == ["other.csv", "run"]


def test_the_run_of_dvclive_is_in_each_of_its_folders(tmp_path: Path) -> None:
    dvclive_run(tmp_path)
    for folder in (tmp_path, tmp_path / "plots", tmp_path / "plots" / "metrics"):
        history = read(folder)
        assert len(history.series) == 4
        assert (values(history), values(history, VAL)) == (LOSSES, LATER)
    assert values(read(tmp_path / "plots" / "metrics" / "val"), VAL) == LATER


@pytest.mark.parametrize("name", ["val/loss.tsv", "evaluation/loss.tsv", "logs/valid.csv"])
def test_a_file_of_one_split_takes_it_from_its_place(name: str, tmp_path: Path) -> None:
    tabled(tmp_path / name, "step\tloss" if "tsv" in name else "step,loss", STEPS, LOSSES)
    history = read(tmp_path / name)
    assert [*history.series] == [VAL]
    assert any("val data" in note for note in history.notes)
    assert [*read(tmp_path / name, aliases={"loss": "loss@train"}).series] == [LOSS]


@pytest.mark.parametrize("name", ["val/curve.tsv", "runs/loss.tsv", "val_a/loss.tsv", "logs/a.csv"])
def test_a_file_whose_place_says_no_split_is_of_training(name: str, tmp_path: Path) -> None:
    tabled(tmp_path / name, "step\tloss" if "tsv" in name else "step,loss", STEPS, LOSSES)
    history = read(tmp_path / name)
    assert [*history.series] == [LOSS]
    assert not history.notes


def test_a_file_whose_columns_name_their_split_keeps_it(tmp_path: Path) -> None:
    tabled(tmp_path / "train.csv", "epoch,loss,val_loss", STEPS, LOSSES, LATER)
    tabled(tmp_path / "val.csv", "epoch,loss,val_loss", STEPS, LATER, LOSSES)
    assert [values(run, VAL) for run in read_all(tmp_path)] == [LATER, LOSSES]


def test_tables_of_two_splits_that_are_counted_otherwise_are_two(tmp_path: Path) -> None:
    tabled(tmp_path / "train.csv", "epoch,loss", STEPS, LOSSES)
    tabled(tmp_path / "val.csv", "step,loss", STEPS, LATER)
    assert len(read_all(tmp_path)) == 2


def test_evaluations_in_a_table_of_their_own_lie_along_the_training(tmp_path: Path) -> None:
    tabled(tmp_path / "train.csv", "step,loss", range(401), np.linspace(2, 1, 401))
    tabled(tmp_path / "val.csv", "step,loss", range(1, 5), LATER)
    history = read(tmp_path)
    assert history.series[VAL].steps.tolist() == [100, 200, 300, 400]
    assert any("evenly" in note for note in history.notes)


def test_two_runs_in_tables_of_two_splits_are_told_apart(tmp_path: Path) -> None:
    for name, numbers in (("train", LOSSES), ("val", LATER)):
        tabled(tmp_path / f"{name}.csv", "step,loss", [*STEPS, *STEPS], numbers + numbers[::-1])
    first, last = read_all(tmp_path)
    assert (values(first), values(last, VAL)) == (LOSSES, LATER[::-1])


def test_epochs_of_allennlp_are_in_order_without_what_is_damaged(tmp_path: Path) -> None:
    allennlp_epochs(tmp_path)
    (tmp_path / "metrics_epoch_9.json").write_text("{")
    history = read(tmp_path)
    assert history.axis == "epoch"
    assert history.series[VAL].steps.tolist() == [8, 10, 11]
    assert any("metrics_epoch_9.json" in note for note in history.notes)
    assert not [name for name in history.series if "best" in name[1]]


@pytest.mark.parametrize(
    ("spread", "name"),
    [(allennlp_epochs, "metrics_epoch_8.json"), (dvclive_run, "metrics.json")],
)
def test_one_row_of_a_run_that_is_a_folder_asks_for_it(
    spread: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    spread(tmp_path)
    with pytest.raises(ReadError, match="give the folder"):
        read(tmp_path / name)


def test_the_store_of_aim_is_named_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "project" / ".aim").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "project", tmp_path / "project" / ".aim"):
        with pytest.raises(ReadError, match=r"project: holds an Aim store.*dataframe"):
            read(folder)
    (tmp_path / "log.csv").write_text(LOG)
    assert [values(run) for run in read_all(tmp_path)] == [LOSSES]


def test_a_folder_gives_each_run_once(tmp_path: Path) -> None:
    two_event_files(tmp_path / "a")
    mlflow_run(tmp_path / "mlruns" / "0" / "b")
    (tmp_path / "c.csv").write_text(LOG)
    (tmp_path / "notes.txt").write_text("nothing here\n")
    (tmp_path / ".hidden.csv").write_text(LOG)
    assert [Path(run.source).name for run in read_all(tmp_path)] == ["a", "c.csv", "b"]


def test_a_run_that_was_started_again_in_its_folder_is_two(tmp_path: Path) -> None:
    events(tmp_path / "events.out.tfevents.1", "loss", LOSSES)
    events(tmp_path / "events.out.tfevents.2", "loss", LATER)
    assert [values(run) for run in read_all(tmp_path)] == [LOSSES, LATER]
    assert "2 runs" in read(tmp_path).notes[-1]


def test_a_run_that_was_taken_up_again_in_its_folder_is_one(tmp_path: Path) -> None:
    events(tmp_path / "events.out.tfevents.1", "loss", LOSSES)
    events(tmp_path / "events.out.tfevents.2", "loss", LATER, first=4)
    assert [values(run) for run in read_all(tmp_path)] == [LOSSES + LATER]


def test_of_checkpoints_the_last_is_read(tmp_path: Path) -> None:
    checkpoint(tmp_path / "checkpoint-500", 2)
    checkpoint(tmp_path / "checkpoint-1000", 4)
    assert [values(run) for run in read_all(tmp_path)] == [LOSSES]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_a_folder_with_loops_and_pipes_and_damage_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "events.out.tfevents.1").write_bytes(b"damaged")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "loss").write_bytes(bytes(range(256)))
    assert [values(run) for run in read_all(tmp_path)] == [LOSSES]


def test_one_metric_of_mlflow_is_a_run_too(tmp_path: Path) -> None:
    metric(tmp_path / "metrics" / "val" / "loss", LOSSES)
    assert values(read(tmp_path / "metrics" / "val" / "loss"), VAL) == LOSSES


# --- Mapping -----------------------------------------------------------------------------------

MAPPED = {"train/total_loss": LOSSES, "loss": LATER, "score": LOSSES}


@pytest.mark.parametrize(
    ("aliases", "name"),
    [
        ({"loss": "train/total_loss"}, LOSS),
        ({"train/total_loss": "loss@train"}, LOSS),
        ({"val_loss": "score"}, VAL),
        ({"score": "val_loss"}, VAL),
        ({"loss@val": "score"}, VAL),
    ],
)
def test_a_mapping_may_be_written_either_way(
    aliases: dict[str, str], name: tuple[str, str]
) -> None:
    assert values(read(MAPPED, aliases=aliases), name) == LOSSES


def test_a_mapping_to_no_quantity_names_the_nearest() -> None:
    with pytest.raises(ReadError, match="did you mean 'loss'"):
        read(MAPPED, aliases={"score": "losss@val"})


def test_a_wish_holds_where_there_is_such_a_column() -> None:
    wishes = Wishes({"loss": "train/total_loss", "it": "step"}, {"score": "loss@val"})
    history = read(MAPPED, aliases=wishes)
    assert (values(history), values(history, VAL)) == (LOSSES, LOSSES)
    with pytest.raises(ReadError, match="'gone'"):
        read(MAPPED, aliases=Wishes({}, {"gone": "loss@val"}))


def test_a_project_says_what_its_columns_are(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.traindx.map]\nloss = "outer"\n')
    assert configuration(inner).map == {"loss": "outer"}
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert configuration(inner).map == {"loss": "outer"}
    (inner / "traindx.toml").write_text('[map]\nloss = "inner"\n')
    assert configuration(inner).map == {"loss": "inner"}


def test_a_project_that_says_nothing_has_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "traindx.toml").write_text("")
    assert configuration(tmp_path) == Configuration()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("[mop]\n", "did you mean 'map'"), ("[map\n", "TOML"), ("map = 3\n", "map")],
)
def test_a_mistake_in_it_is_named_with_its_file(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "traindx.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        configuration(tmp_path)
    assert "traindx.toml" in str(caught.value)
