"""Data made in place, the harm done to it, and specs: what they say and how they change."""

from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from traindx.mlp.network import SpecError, TrainingSpec, train
from traindx.mlp.network.activations import ACTIVATIONS
from traindx.mlp.network.data import CURVES, SHAPES, SPOILS, make
from traindx.mlp.network.initializers import SPREADS
from traindx.mlp.network.layers import NORMALIZATIONS
from traindx.mlp.network.objectives import LOSSES
from traindx.mlp.network.optimizers import FACTORS, RULES
from traindx.mlp.network.spec import (
    ActivationName,
    DataSpec,
    Initializer,
    LossName,
    OptimizerSpec,
    ScheduleSpec,
    Spoil,
)


def data(*spoil, seed=0, **parts):
    spec = DataSpec.model_validate({"samples": 200, "spoil": spoil} | parts)
    return make(spec, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("table", "known"),
    [
        ({*SHAPES, *CURVES}, set(get_args(DataSpec.model_fields["name"].annotation))),
        (set(SPOILS), set(get_args(Spoil.model_fields["kind"].annotation))),
        (set(RULES), set(get_args(OptimizerSpec.model_fields["name"].annotation))),
        (set(FACTORS), set(get_args(ScheduleSpec.model_fields["name"].annotation))),
        (set(ACTIVATIONS), set(get_args(ActivationName))),
        ({"auto", *LOSSES}, set(get_args(LossName))),
        ({*NORMALIZATIONS, None}, {"batch", "layer", None}),
        ({"auto", *SPREADS}, set(get_args(Initializer.model_fields["name"].annotation))),
    ],
    ids=[
        "data",
        "spoil",
        "optimizer",
        "schedule",
        "activation",
        "loss",
        "normalization",
        "initializer",
    ],
)
def test_every_word_of_a_spec_has_its_function(table, known):
    assert table == known


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SHAPES, *CURVES])
def test_data_is_split_and_repeatable(name):
    one, two, other = data(name=name), data(name=name), data(name=name, seed=1)
    assert (len(one.x), len(one.y), len(one.x_val), len(one.y_val)) == (140, 140, 60, 60)
    np.testing.assert_array_equal(one.x, two.x)
    assert not np.array_equal(one.x, other.x)
    assert np.isfinite(one.x).all()


@pytest.mark.parametrize(("name", "classes"), [("spirals", 4), ("blobs", 5), ("digits", 10)])
def test_classes_come_in_equal_parts(name, classes):
    made = data(name=name, classes=classes)
    counts = np.bincount(np.concatenate([made.y, made.y_val]).astype(int))
    assert counts.tolist() == [200 // classes] * classes


@pytest.mark.parametrize("name", ["two_moons", "blobs", "linear", "sine"])
def test_features_beyond_the_shape_are_added(name):
    assert data(name=name, features=6).x.shape == (140, 6)


def test_digits_are_images_that_can_be_told_apart():
    made = data(name="digits", size=14, noise=0.0)
    assert made.x.shape == (140, 196)
    assert made.x.min() >= 0
    assert made.x.max() <= 1
    means = [made.x[made.y == digit].mean(axis=0) for digit in range(10)]
    nearest = [np.argmin([np.linalg.norm(x - m) for m in means]) for x in made.x_val]
    assert (np.array(nearest) == made.y_val).mean() > 0.85


def test_standardized_data_has_mean_zero_and_spread_one():
    spoil = {"kind": "scale_inputs", "factor": 1000}, {"kind": "nan_rows", "share": 0.05}
    made = data(*spoil, name="blobs", features=3, standardize=True)
    finite = made.x[np.isfinite(made.x).all(axis=1)]
    np.testing.assert_allclose(finite.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(finite.std(axis=0), 1)
    targets = data(name="linear", standardize_targets=True)
    assert targets.y.std() == pytest.approx(1)
    assert targets.y_val.std() != pytest.approx(1, rel=1e-6)


# --- harm -----------------------------------------------------------------------------------------


def harmed(kind, **parts):
    data_parts = {k: parts.pop(k) for k in ("name", "noise", "classes") if k in parts}
    return data(**data_parts), data({"kind": kind, **parts}, **data_parts)


def test_inputs_are_scaled_and_shifted_on_both_sides():
    clean, scaled = harmed("scale_inputs", factor=7)
    np.testing.assert_allclose(scaled.x, 7 * clean.x)
    np.testing.assert_allclose(scaled.x_val, 7 * clean.x_val)
    clean, shifted = harmed("shift_inputs", factor=-3)
    np.testing.assert_allclose(shifted.x_val, clean.x_val - 3)
    clean, one = harmed("scale_one_input", factor=5)
    np.testing.assert_allclose(one.x, clean.x * [5, 1])


def test_targets_are_scaled_and_shifted():
    clean, scaled = harmed("scale_targets", name="sine")
    np.testing.assert_allclose(scaled.y, 1000 * clean.y)
    clean, shifted = harmed("shift_targets", name="sine", factor=2)
    np.testing.assert_allclose(shifted.y_val, 2 + clean.y_val)


def test_validation_alone_can_be_scaled():
    clean, scaled = harmed("scale_validation", factor=255)
    np.testing.assert_array_equal(scaled.x, clean.x)
    np.testing.assert_allclose(scaled.x_val, 255 * clean.x_val)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_share_of_the_labels_is_shuffled(share):
    clean, shuffled = harmed("shuffle_labels", share=share, name="digits")
    assert (clean.y != shuffled.y).mean() == pytest.approx(0.9 * share, abs=0.1)
    assert sorted(clean.y) == sorted(shuffled.y)


@pytest.mark.parametrize(("share", "rows"), [(0.0, 0), (1e-6, 1), (0.1, 14)])
def test_a_share_of_the_rows_is_lost(share, rows):
    _, lost = harmed("nan_rows", share=share)
    assert np.isnan(lost.x).all(axis=1).sum() == rows
    assert np.isfinite(lost.x_val).all()


def test_outliers_are_few_and_large():
    clean, wild = harmed("outliers", share=0.05, factor=1000)
    assert (clean.x != wild.x).any(axis=1).sum() == 7


def test_the_split_can_leak():
    _, leaking = harmed("duplicate_split", share=0.5)
    known = {tuple(row) for row in leaking.x}
    assert sum(tuple(row) in known for row in leaking.x_val) == 30


def test_training_rows_can_be_sorted():
    _, ordered = harmed("sort", name="digits")
    assert (np.diff(ordered.y) >= 0).all()
    assert (np.diff(ordered.y_val) < 0).any()


@pytest.mark.parametrize("classes", [2, 4])
def test_classes_can_be_rare(classes):
    _, rare = harmed("imbalance", share=0.06, name="blobs", classes=classes)
    everything = np.concatenate([rare.y, rare.y_val])
    assert len(everything) == 200
    assert (everything > 0).mean() == pytest.approx(0.06)


def test_harms_are_done_in_the_order_written():
    scale, shift = {"kind": "scale_inputs", "factor": 10}, {"kind": "shift_inputs", "factor": 1}
    difference = data(scale, shift).x - data(shift, scale).x
    np.testing.assert_allclose(difference, -9)


# --- specs ----------------------------------------------------------------------------------------


def test_defaults_make_a_healthy_run():
    history = train(TrainingSpec())
    assert history.series["accuracy", "val"].values[-1] > 0.95
    assert len(history.series["loss", "val"]) == 40


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimiser": {}}, "optimiser"),
        ({"data": {"name": "three_moons"}}, "two_moons"),
        ({"data": {"name": "two_moons", "classes": 3}}, "at most 2 classes"),
        ({"data": {"spoil": [{"kind": "nan_rows", "rows": 3}]}}, "rows"),
        ({"network": {"hidden": [0]}}, "greater than 0"),
        ({"optimizer": {"clip": {"at": -1}}}, "greater than 0"),
        ({"optimizer": {"name": "adamm", "learning_rate": "fast"}}, "adamm"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_a_wrong_spec_is_refused(wrong, message):
    with pytest.raises(ValidationError, match=message):
        TrainingSpec.model_validate(wrong)


CHANGES = {
    "multiply": ({"optimizer.learning_rate": {"multiply": 0.1}}, 0.0003),
    "multiply a default": ({"optimizer.epsilon": {"multiply": 10}}, 1e-7),
    "set": ({"network.activation": {"set": "leaky_relu"}}, "leaky_relu"),
    "set a flag": ({"data.standardize": {"set": True}}, True),
    "set a short form": ({"network.initializer": {"set": "he"}}, Initializer(name="he")),
    "whole numbers stay whole": ({"batch_size": {"multiply": 0.1}}, 3),
    "at_most": ({"epochs": {"at_most": 5}}, 5),
    "at_least": ({"network.dropout": {"at_least": 0.2}}, 0.2),
    "at_least of more": ({"epochs": {"at_least": 5}}, 40),
    "add": ({"schedule.warmup": {"add": 2}}, 2),
    "widths": ({"network.hidden": {"multiply": 0.5}}, (16, 16)),
    "fewer layers": ({"network.hidden": {"keep": 1}}, (32,)),
    "an optional part is made": ({"optimizer.clip.at": {"set": 0.5}}, 0.5),
    "a bound to nothing": ({"early_stopping.patience": {"at_most": 3}}, 3),
    "nothing to multiply": ({"data.classes": {"multiply": 2}}, None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_made_where_its_path_says(name):
    change, expected = CHANGES[name]
    value = TrainingSpec().changed(change)
    for part in next(iter(change)).split("."):
        value = getattr(value, part)
    assert value == pytest.approx(expected) if isinstance(expected, float) else value == expected


def test_a_short_form_can_be_changed_further():
    changes = {"network.initializer": {"set": "he"}, "network.initializer.scale": {"multiply": 3}}
    assert TrainingSpec().changed(changes).network.initializer == Initializer(name="he", scale=3)


def test_a_change_to_a_missing_part_that_asks_for_nothing_makes_none():
    assert TrainingSpec().changed({"optimizer.clip.at": {"multiply": 10}}).optimizer.clip is None


def test_defaults_follow_a_change_unless_they_were_given():
    plain = TrainingSpec().changed({"optimizer.name": {"set": "sgd"}})
    assert plain.optimizer.learning_rate == 0.1
    given = TrainingSpec.model_validate({"optimizer": {"name": "adam", "learning_rate": 0.5}})
    assert given.changed({"optimizer.name": {"set": "sgd"}}).optimizer.learning_rate == 0.5


def test_harm_can_be_taken_out():
    spec = TrainingSpec.model_validate(
        {"data": {"spoil": [{"kind": "nan_rows"}, {"kind": "sort"}, {"kind": "outliers"}]}}
    )
    left = spec.changed({"data.spoil": {"without": ["nan_rows", "outliers"]}}).data.spoil
    assert [spoil.kind for spoil in left] == ["sort"]


def test_changes_leave_the_spec_as_it_was_and_add_up():
    spec = TrainingSpec()
    changes = {"optimizer.learning_rate": {"multiply": 10}, "optimizer.clip.by": {"set": "value"}}
    changed = spec.changed(changes).changed(changes)
    assert changed.optimizer.learning_rate == pytest.approx(0.3)
    assert spec == TrainingSpec()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimzer.learning_rate": {"set": 1}}, "did you mean 'optimizer.learning_rate'"),
        ({"learning_rate": {"set": 1}}, "did you mean 'optimizer.learning_rate'"),
        ({"data.standardise": {"set": True}}, "did you mean 'data.standardize'"),
        ({"optimizer.clip.norm": {"set": True}}, "no such setting"),
        ({"epochs": {"multipy": 2}}, "no operation is called 'multipy'; did you mean 'multiply'"),
        ({"epochs": {}}, "one operation is needed, not 0"),
        ({"network.activation": {"set": "swishh"}}, "network.activation: .*'swishh'"),
        ({"network.activation": {"keep": 2}}, "network.activation: 'relu' is no list"),
        ({"network.activation": {"multiply": 2}}, "network.activation: 'relu' is no number"),
        ({"batch_size": {"multiply": "half"}}, "batch_size: 'half' is no number"),
        ({"batch_size": {"multiply": 0.001}}, "batch_size: .*greater than 0"),
    ],
)
def test_a_change_that_cannot_be_made_is_explained(change, message):
    with pytest.raises(SpecError, match=message):
        TrainingSpec().changed(change)


def test_all_complaints_come_at_once():
    with pytest.raises(SpecError) as raised:
        TrainingSpec().changed({"epoch": {"set": 1}, "batchsize": {"set": 1}})
    assert len(str(raised.value).splitlines()) == 2
