"""Data frames and estimators of the real libraries, where they are installed."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from traindx.mlp.history import History
from traindx.mlp.readers import ReadError, read

NAN = math.nan
LOSS, VAL = ("loss", "train"), ("loss", "val")
SPARSE: dict[str, list[Any]] = {
    "_step": [1, 2, 3, 4],
    "train/loss": [2.0, 1.5, 1.0, 0.5],
    "val/loss": [None, 1.8, None, 1.2],
}


def values(history: History, name: tuple[str, str] = LOSS) -> list[float]:
    return [float(v) for v in history.series[name].values]


def check_sparse(history: History) -> None:
    assert history.axis == "step"
    assert values(history) == SPARSE["train/loss"]
    assert list(history.series[VAL].steps) == [2, 4]


# --- pandas ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtypes", ["numpy", "nullable"])
def test_gaps_of_pandas_are_silence(dtypes: str) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(SPARSE)
    check_sparse(read(frame.convert_dtypes() if dtypes == "nullable" else frame))


def test_an_index_with_a_name_is_a_column() -> None:
    pd = pytest.importorskip("pandas")
    check_sparse(read(pd.DataFrame(SPARSE).set_index("_step")))


def test_nan_at_the_end_of_a_frame_is_a_value() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"step": [1, 2, 3], "loss": [2.0, NAN, NAN], "lr": [0.1] * 3})
    assert values(read(frame)) == pytest.approx([2.0, NAN, NAN], nan_ok=True)


def test_columns_of_several_levels_and_twice_the_same() -> None:
    pd = pytest.importorskip("pandas")
    levels = pd.DataFrame({("train", "loss"): [2.0, 1.0], ("val", "loss"): [2.5, 1.5]})
    assert values(read(levels), VAL) == [2.5, 1.5]
    twice = pd.DataFrame([[1, 2.0, 3.0], [2, 1.0, 2.0]], columns=["epoch", "loss", "loss"])
    assert values(read(twice)) == [2.0, 1.0]


def test_a_long_frame_is_made_wide() -> None:
    pd = pytest.importorskip("pandas")
    names = ["train_loss", "val_loss"] * 2
    frame = pd.DataFrame({"step": [1, 1, 2, 2], "name": names, "value": [2.0, 2.5, 1.0, 1.5]})
    assert (values(read(frame)), values(read(frame), VAL)) == ([2.0, 1.0], [2.5, 1.5])


def test_a_column_alone_is_read_by_its_name() -> None:
    pd = pytest.importorskip("pandas")
    index = pd.Index([10, 20], name="step")
    history = read(pd.Series([2.0, 1.0], index=index, name="val_loss"))
    assert list(history.series[VAL].steps) == [10, 20]


def test_an_empty_frame_is_refused() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(ReadError):
        read(pd.DataFrame())


# --- polars ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lazy", [False, True])
def test_gaps_of_polars_are_silence(lazy: bool) -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(SPARSE)
    check_sparse(read(frame.lazy() if lazy else frame))


def test_nan_of_polars_is_a_value_for_it_has_null_besides() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"step": [1, 2, 3], "loss": [2.0, NAN, 1.0], "lr": [0.1] * 3})
    assert values(read(frame)) == pytest.approx([2.0, NAN, 1.0], nan_ok=True)


def test_a_column_of_polars_is_read() -> None:
    pl = pytest.importorskip("polars")
    assert values(read(pl.Series("loss", [2.0, 1.0]))) == [2.0, 1.0]


# --- Estimators --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_fitted_network_of_scikit_learn_has_its_curves(wrapped: bool) -> None:
    sklearn = pytest.importorskip("sklearn.neural_network")
    pipeline = pytest.importorskip("sklearn.pipeline")
    network = sklearn.MLPClassifier([4], max_iter=5, early_stopping=True, random_state=0)
    points = [[float(n % 7), float(n % 3)] for n in range(40)]
    fitted = pipeline.make_pipeline(network) if wrapped else network
    history = read(fitted.fit(points, [n % 2 for n in range(40)]))
    assert values(history) == pytest.approx(network.loss_curve_)
    assert len(history.series["accuracy", "val"]) == len(network.loss_curve_)


@pytest.mark.filterwarnings("ignore")
def test_a_booster_of_lightgbm_has_its_curves() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    points = np.array([[n % 7, n % 3] for n in range(80)], float)
    answers = np.arange(80) % 2
    sets = [(points[:40], answers[:40]), (points[40:], answers[40:])]
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1)
    model.fit(*sets[0], eval_set=sets, eval_names=["train", "valid"])
    history = read(model)
    assert (len(values(history)), len(values(history, VAL))) == (3, 3)


BOOSTERS = {
    "xgboost": {"validation_0": {"logloss": [0.6, 0.5]}, "validation_1": {"logloss": [0.7, 0.6]}},
    "catboost": {"learn": {"Logloss": [0.6, 0.5]}, "validation": {"Logloss": [0.7, 0.6]}},
    "lightgbm": {"training": {"l2": [0.6, 0.5]}, "valid_1": {"l2": [0.7, 0.6]}},
}


@pytest.mark.parametrize("kind", BOOSTERS)
@pytest.mark.parametrize("form", ["dict", "method", "attribute"])
def test_what_a_booster_evaluated_is_read(kind: str, form: str) -> None:
    result = BOOSTERS[kind]
    forms = {
        "dict": result,
        "method": SimpleNamespace(evals_result=lambda: result),
        "attribute": SimpleNamespace(evals_result_=result),
    }
    history = read(forms[form])
    assert (values(history), values(history, VAL)) == ([0.6, 0.5], [0.7, 0.6])


def test_metrics_of_mlflow_are_read() -> None:
    metrics = [SimpleNamespace(key="loss", value=2.0 - n, step=n) for n in range(2)]
    assert values(read(metrics)) == [2.0, 1.0]


def test_rows_may_come_one_by_one() -> None:
    assert values(read({"step": n, "loss": 2.0 - n} for n in range(2))) == [2.0, 1.0]
