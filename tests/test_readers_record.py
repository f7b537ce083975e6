"""Run records: what is saved is loaded again, to the bit."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traindx.mlp.history import History, Series
from traindx.mlp.readers import ReadError, read
from traindx.mlp.record import load, save
from traindx.mlp.settings import Layer, Settings

NAMES = st.tuples(st.sampled_from(["loss", "metric", "weight_norm"]), st.text(max_size=8))
CURVES = st.lists(
    st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats()), max_size=9
)
SETTINGS = st.builds(
    Settings,
    task=st.sampled_from([None, "binary", "regression"]),
    learning_rate=st.none() | st.floats(),
    class_shares=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
    layers=st.none()
    | st.tuples(st.builds(Layer, name=st.text(max_size=5), init_std=st.none() | st.floats())),
)


def series(points: list[tuple[float, float]]) -> Series:
    by_step = {step + 0.0: value for step, value in points}
    steps = sorted(by_step)
    return Series(np.array(steps, np.float64), np.array([by_step[s] for s in steps], np.float64))


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(NAMES, CURVES.map(series), max_size=4),
    SETTINGS,
    st.sampled_from(["epoch", "step"]),
    st.lists(st.text(max_size=9), max_size=2),
    st.sampled_from(["run.json", "run.json.gz"]),
)
def test_what_is_saved_is_loaded_again(
    tmp_path_factory: pytest.TempPathFactory, curves, configured, axis, notes, name
) -> None:
    path = tmp_path_factory.mktemp("runs") / name
    history = History(curves, configured, axis, "", tuple(notes))
    save(history, path)
    again = load(path)
    assert dict(again.series) == curves
    assert list(again.series) == list(curves)
    assert again.settings.model_dump_json() == configured.model_dump_json()
    assert (again.axis, again.notes) == (axis, tuple(notes))
    assert list(path.parent.iterdir()) == [path]
    assert dict(read(path).series) == curves


def record(**changes: object) -> str:
    curve = {"quantity": "loss", "scope": "train", "steps": [1, 2], "values": [0.5, "nan"]}
    return json.dumps({"format": "traindx-run/1", "series": [curve | changes]})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (record(steps=[1]), "1 steps and 2 values"),
        (record(steps=[2, 1]), "do not rise"),
        (record(steps=[1, "inf"]), "do not rise"),
        (record(values=[1, "x"]), "series.0.values.1"),
        (record(extra=1), "series.0.extra"),
        ('{"format": "traindx-run/9", "series": []}', "format"),
        ('{"loss": [1, 2]}', "not a run record"),
        ("loss 0.5", "not a run record"),
        ("", "empty"),
    ],
)
def test_a_record_that_is_none_says_what_is_wrong(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(ReadError, match=what):
        load(path)


def test_an_old_record_stays_whole_if_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.mkdir()
    with pytest.raises(OSError, match=r"run\.json"):
        save(History({}), path)
    assert list(tmp_path.iterdir()) == [path]
