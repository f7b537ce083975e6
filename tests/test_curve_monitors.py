"""What the curve monitors promise: where they must speak, and where they must be silent."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from traindx.engine.facts import Fact
from traindx.mlp.curves import curve
from traindx.mlp.history import Array, History, Series, curves
from traindx.mlp.monitors import monitors
from traindx.mlp.network import TrainingSpec, train
from traindx.mlp.notation import drawn
from traindx.mlp.settings import Distribution, Settings
from traindx.mlp.severity import status

CURVES = [
    "loss_trend",
    "improvement",
    "plateau",
    "oscillation",
    "spikes",
    "generalization",
    "accuracy_level",
    "initial_loss",
    "loss_level",
    "nonfinite",
    "all_finite",
    "exact_zero",
    "schedule",
    "gradient_norm",
    "loss_scale",
    "run_shape",
    "rl_signal",
    "preference_signal",
    "learning_progress",
    "overfitting",
]
SCALES = (1e-7, 1e-3, 1.0, 1e4, 1e9)


def run(train: str = "", val: str = "", settings: Settings | None = None, **more: str) -> History:
    """A run drawn in the notation; `accuracy_val="..."` is the accuracy of the val split."""
    named = {("loss", "train"): train, ("loss", "val"): val}
    for key, text in more.items():
        quantity, _, split = (
            key.rpartition("_") if key.endswith(("_train", "_val")) else (key, "", "")
        )
        named[quantity, split] = text
    return curves({name: drawn(text) for name, text in named.items() if text}, settings)


def of(kind: str, history: History, split: str = "train") -> Fact:
    return next(f for f in monitors[kind](history) if getattr(f, "split", split) == split)


def slot(kind: str, name: str, history: History, split: str = "train") -> object:
    return getattr(of(kind, history, split), name)


def noisy(course: Array, noise: float, generator: np.random.Generator) -> Array:
    return course * (1 + noise * generator.standard_normal(len(course)))


def rate(holds: Callable[[Array], bool], course: Array, noise: float, runs: int = 100) -> float:
    """The share of runs with this course and fresh noise of which something holds."""
    generator = np.random.default_rng(0)
    return float(np.mean([holds(noisy(course, noise, generator)) for _ in range(runs)]))


def trained(values: Array, val: Array | None = None) -> History:
    named = {("loss", "train"): values}
    return curves(named if val is None else {**named, ("loss", "val"): val})


# The loss of a run


@pytest.mark.parametrize(
    ("drawing", "name", "expected"),
    [
        ("2-0.1x10", "fall", 0.5),
        ("2-0.1x10", "monotone", 1.0),
        ("2-0.1x10", "rebound", 0.0),
        ("2-0.1x10 1+0.05x10", "rebound", 0.5),
        ("2-0.1x10 1+0.05x10", "lost", 0.5),
        ("2-0.1x10 1+0.05x10", "best_step", 11.0),
        ("2-0.1x10 1+0.1x20", "total_fall", -0.5),
        ("1+0.1x10", "fall", 0.0),
        ("1+0.1x10", "lost", 0.0),
        ("1+0.1x10", "significant", False),
        ("2-0.1x10", "significant", True),
        ("0.7x20", "constant", True),
        ("0.7-0.001x20", "constant", False),
        ("3-0.5x12", "negative", True),
        ("3-0.5x12", "fall", 1.0),
        ("-1-0.5x12", "fall", 1.0),
        ("2 1", "significant", None),
        ("2 1", "fall", 0.5),
        ("2-0.1x10 1.1+0.1x10 1.9-0.1x12", "recovered", True),
        ("2-0.1x19", "recovered", False),
        ("2 2.4 3 2.6 1.5 1 0.8 0.7 0.6 0.5 0.45", "early_rise", 1.2),
    ],
)
def test_the_course_of_a_loss(drawing: str, name: str, expected: object) -> None:
    found = slot("loss_trend", name, run(drawing))
    assert found == (pytest.approx(expected, rel=0.03) if isinstance(expected, float) else expected)


def test_a_rise_is_dated_to_the_step_of_the_best_level() -> None:
    assert slot("loss_trend", "since", run("2-0.1x15 0.5+0.05x15")) == pytest.approx(16, abs=1)


def test_a_falling_loss_has_no_onset_of_a_rise() -> None:
    assert slot("loss_trend", "since", run("2*0.95x40")) is None


@pytest.mark.parametrize("scale", SCALES)
def test_the_unit_of_the_loss_changes_nothing(scale: float) -> None:
    generator = np.random.default_rng(1)
    train = noisy(2 * np.exp(-np.arange(60) / 20), 0.02, generator)
    val = noisy(1 + np.abs(np.arange(60) - 20) / 40, 0.02, generator)
    one, other = trained(train, val), trained(scale * train, scale * val)
    for kind in (
        "plateau",
        "improvement",
        "oscillation",
        "spikes",
        "learning_progress",
        "overfitting",
    ):
        for fact, same in zip(monitors[kind](one), monitors[kind](other), strict=True):
            for name in set(fact.slots) - {"level"}:
                before, after = fact.slots[name], same.slots[name]
                exact = not isinstance(before, float)
                assert after == (before if exact else pytest.approx(before, rel=1e-6)), name


@pytest.mark.parametrize("noise", [1e-4, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("points", [12, 50, 200, 1500])
def test_noise_around_a_constant_is_neither_a_fall_nor_a_rise(points: int, noise: float) -> None:
    def speaks(values: Array) -> bool:
        fact = of("loss_trend", trained(values))
        return bool(fact.significant) or fact.rebound_sigmas > 4  # type: ignore[attr-defined]

    assert rate(speaks, np.full(points, 3.7), noise) <= 0.03


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.02])
def test_a_slow_fall_is_significant(noise: float) -> None:
    course = 2 * 0.995 ** np.arange(100)
    found = rate(lambda v: slot("loss_trend", "significant", trained(v)) is True, course, noise)
    assert found == 1


# D8: the sign of progress


@pytest.mark.parametrize("rise", [0.02, 0.03, 0.05])
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_d8_a_rising_loss_is_no_progress(rise: float, noise: float) -> None:
    course = 2 * (1 + rise) ** np.arange(40)
    assert (
        rate(lambda v: slot("learning_progress", "status", trained(v, v)) == "🔴", course, noise)
        == 1
    )


@pytest.mark.parametrize("noise", [0.02, 0.03, 0.05])
def test_d8_noise_around_a_constant_is_no_progress(noise: float) -> None:
    course = np.full(60, 1.1)
    assert (
        rate(lambda v: slot("learning_progress", "status", trained(v)) == "🟢", course, noise)
        <= 0.02
    )


@pytest.mark.parametrize("drawing", ["2.3*0.8x25 0.01x20", "2.3*0.9x60", "1*0.99x50", "2-0.01x100"])
def test_d8_a_loss_that_fell_and_stayed_is_progress(drawing: str) -> None:
    assert slot("learning_progress", "status", run(drawing)) == "🟢"


@pytest.mark.parametrize("drawing", ["1 1e9 nan inf", "2 1.9 nan", "2-0.1x5 nanx10"])
def test_d8_a_loss_that_ends_in_nan_is_no_progress(drawing: str) -> None:
    assert slot("learning_progress", "status", run(drawing)) == "🔴"


# D9 and D3: standing still


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.02, 0.05])
@pytest.mark.parametrize("points", [40, 100, 300])
def test_d9_a_noisy_plateau_is_one(points: int, noise: float) -> None:
    course = 0.5 + 1.8 * np.exp(-np.arange(points) / (0.06 * points))
    assert rate(lambda v: slot("plateau", "status", trained(v)) == "🔴", course, noise) >= 0.93


@pytest.mark.parametrize("noise", [0.01, 0.02, 0.05])
def test_d9_a_loss_that_never_moved_stands_still_from_the_start(noise: float) -> None:
    def speaks(values: Array) -> bool:
        fact = of("plateau", trained(values))
        return fact.status == "🔴"  # type: ignore[attr-defined, no-any-return]

    assert rate(speaks, np.full(100, 0.69), noise) >= 0.93


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(0.995 ** np.arange(100), id="0.5 % per epoch"),
        pytest.param(0.99 ** np.arange(60), id="1 % per epoch"),
        pytest.param((1.0 + np.arange(100)) ** -0.5, id="power law"),
        pytest.param((1.0 + np.arange(400)) ** -0.2, id="slow power law"),
        pytest.param(2 - 0.005 * np.arange(100), id="straight"),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.005, 0.02])
def test_d3_a_slow_steady_decay_is_no_plateau(course: Array, noise: float) -> None:
    assert rate(lambda v: slot("plateau", "status", trained(v)) == "🟢", course, noise) >= 0.85
    assert rate(lambda v: slot("plateau", "status", trained(v)) == "🔴", course, noise) <= 0.01


def test_d3_asking_twice_changes_nothing() -> None:
    history = run("2*0.98x60", "2*0.98x60")
    first = [list(monitors[kind](history)) for kind in CURVES]
    assert [list(monitors[kind](history)) for kind in CURVES] == first


def test_a_rising_loss_is_no_plateau() -> None:
    assert slot("plateau", "status", run("1+0.02x60")) == "🟢"


def test_a_plateau_knows_where_it_began() -> None:
    fact = of("plateau", run("2-0.1x15 0.5x35"))
    assert fact.slots["since"] == pytest.approx(16, abs=2)
    assert not fact.slots["from_start"]


@pytest.mark.parametrize(
    ("drawing", "still"),
    [("2-0.05x30", True), ("2*0.97x50", True), ("2-0.1x15 0.5x35", False), ("1+0.1x20", False)],
)
def test_whether_it_still_improves(drawing: str, still: bool) -> None:
    assert slot("improvement", "still", run(drawing)) is still


@pytest.mark.parametrize(("drawing", "linear"), [("2-0.01x60", True), ("2*0.9x60", False)])
def test_a_straight_fall_is_told_from_a_curved_one(drawing: str, linear: bool) -> None:
    assert slot("improvement", "linear", run(drawing)) is linear


# D7: overfitting


@pytest.mark.parametrize("scale", SCALES)
def test_d7_overfitting_has_no_unit(scale: float) -> None:
    falling = scale * 2 * 0.93 ** np.arange(60.0)
    val = scale * np.concatenate([2 - 0.07 * np.arange(20.0), 0.65 + 0.02 * np.arange(40.0)])
    assert slot("overfitting", "status", trained(falling, val)) == "🔴"
    assert slot("overfitting", "status", trained(falling, 1.1 * falling)) == "🟢"


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_d7_noise_on_a_flat_validation_loss_is_no_overfitting(scale: float) -> None:
    train = 2 * np.exp(-np.arange(60) / 200)

    def speaks(val: Array) -> bool:
        return slot("overfitting", "status", trained(scale * train, scale * val)) != "🟢"

    assert rate(speaks, np.full(60, 1.2), 0.01) <= 0.03


def test_d7_a_tiny_training_loss_is_no_overfitting() -> None:
    assert slot("overfitting", "status", run("1*0.7x45", "1*0.8x45")) == "🟢"


def test_d7_a_negative_loss_can_overfit() -> None:
    assert slot("overfitting", "status", run("-1-0.1x40", "-1-0.1x15 -2.5+0.1x24")) == "🔴"


def test_d7_a_new_minimum_is_never_red() -> None:
    for pace in (0.9, 0.95, 0.98, 0.995):
        history = run("2*0.9x50", f"2*{pace}x50")
        assert slot("overfitting", "status", history) == "🟢"


def test_d7_without_validation_it_is_not_checked() -> None:
    assert list(monitors["overfitting"](run("2*0.9x50"))) == []


def test_a_run_that_diverges_does_not_overfit() -> None:
    history = run("2-0.1x15 0.5+0.1x15", "2-0.1x15 0.5+0.1x15")
    assert slot("overfitting", "status", history) == "🟢"


def test_an_early_validation_spike_is_not_the_starting_level() -> None:
    plain = of("generalization", run("2*0.9x40", "2*0.9x40"), "val")
    spiked = of("generalization", run("2*0.9x40", "90 1.8*0.9x39"), "val")
    assert spiked.slots["val_fall"] == pytest.approx(plain.slots["val_fall"], abs=0.02)


@pytest.mark.parametrize(
    ("accuracy", "disagrees"), [("0.1+0.02x40", True), ("0.1+0.04x15 0.7-0.01x25", False)]
)
def test_whether_the_metric_disagrees(accuracy: str, disagrees: bool) -> None:
    history = run("2*0.93x40", "2-0.1x15 0.5+0.02x25", accuracy_val=accuracy)
    assert slot("generalization", "metric_disagrees", history, "val") is disagrees


def test_a_metric_that_is_better_when_lower_disagrees_by_falling() -> None:
    history = run("2*0.93x40", "2-0.1x15 0.5+0.02x25")
    named = {name: series.values for name, series in history.series.items()}
    word_errors = {**named, ("metric", "val/wer"): np.linspace(0.9, 0.3, 41)}
    assert slot("generalization", "metric_disagrees", curves(word_errors), "val") is True


def test_no_metric_neither_agrees_nor_disagrees() -> None:
    history = run("2*0.93x40", "2-0.1x15 0.5+0.02x25")
    assert slot("generalization", "metric_disagrees", history, "val") is None


# --- Short records, scores and wander ----------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "val", "overfits"),
    [
        ("0.5 0.3 0.2 0.13 0.09", "0.42 0.40 0.44 0.47 0.52", True),
        ("0.5 0.25 0.12", "0.34 0.35 0.46", True),
        ("2*0.95x39", "2*0.9x14 0.45+0.01x24", True),
        ("0.5 0.4 0.39 0.385 0.38", "0.42 0.40 0.405 0.41 0.42", False),  # little of either
        ("0.5 0.3 0.2 0.13 0.09", "0.5 0.4 0.7 0.42 0.41", False),  # it comes and goes
    ],
)
def test_how_likely_two_curves_part_by_overfitting(train: str, val: str, overfits: bool) -> None:
    odds = slot("generalization", "rise_odds", run(train, val), "val")
    assert (odds is not None and odds > 0) is overfits


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("2*0.9x39", "2*0.9x39"),  # no rise
        ("2*0.9x39", "3*0.7x20 0.0024+0.00003x19"),  # nobody sees it beside what was gained
        ("2*0.9x14 0.45x25", "2*0.9x14 0.45+0.01x25"),  # train stands still
        ("0.5 0.2", "0.4 0.5"),  # two values
    ],
)
def test_curves_that_do_not_part(train: str, val: str) -> None:
    assert slot("generalization", "rise_odds", run(train, val), "val") is None


def test_a_surer_or_larger_rise_is_likelier_overfitting() -> None:
    rises = [f"2*0.9x14 0.45+{pace}x24" for pace in (0.003, 0.006, 0.012)]
    odds = [slot("generalization", "rise_odds", run("2*0.95x39", r), "val") for r in rises]
    assert odds == sorted(set(odds))


def test_a_rise_through_swings_that_set_in_with_it_is_seen() -> None:
    swings = "1.4 1.2 1.1 1.07 1.09 1.6 1.95 1.4 2.0 1.5 1.8 1.45 1.7 1.9 1.5 1.75"
    found = of("generalization", run("1.5*0.85x15", swings), "val")
    assert found.slots["val_rise_sigmas"] > 4
    back = "1.4 1.2 1.1 1.07 1.09 1.6 1.95 1.4 2.0 1.05 1.8 1.45 1.7 1.9 1.5 1.75"
    assert of("generalization", run("1.5*0.85x15", back), "val").slots["val_rise_sigmas"] < 3


@pytest.mark.parametrize(
    ("wave", "within"), [(0.12, True), (0.0, False)], ids=["others undone", "the only one"]
)
def test_a_rise_no_higher_than_others_that_were_undone_is_wander(wave: float, within: bool) -> None:
    places = np.arange(200)
    course = 1 + np.exp(-places / 20) + wave * np.sin(places / 9)
    rising = course + 0.001 * np.maximum(0, places - 100)
    noise = 0.002 * np.random.default_rng(0).standard_normal(200)
    history = curves({("loss", "train"): 2 * 0.98**places, ("loss", "val"): rising + noise})
    assert slot("generalization", "within_noise", history, "val") is within


def test_the_best_step_is_that_of_the_lowest_value() -> None:
    val = "1.0 0.8 0.62 0.60 0.605 0.598 0.61 0.7 0.8 0.9 1.0 1.1"
    assert slot("generalization", "best_step", run("1.5*0.8x11", val), "val") == 6


@pytest.mark.parametrize(
    ("drawing", "rising"),
    [
        ("0.3+0.02x29", True),
        ("0.3+0.02x19 0.68x20", False),
        ("0.5 0.6 0.7 0.75", True),
        ("0.5 0.6 0.7 0.65", False),
        ("0.5 0.6 0.7", False),
    ],
)
def test_whether_a_score_still_rises(drawing: str, rising: bool) -> None:
    assert slot("accuracy_level", "still_rising", run(accuracy_val=drawing), "val") is rising


def test_a_score_that_falls_from_its_best() -> None:
    found = of("accuracy_level", run(accuracy_val="0.6+0.03x9 0.87-0.004x19"), "val").slots
    assert (round(found["drop"], 3), found["drop_sigmas"] > 3) == (0.076, True)
    assert 0.3 < found["best_at"] < 0.4


@pytest.mark.parametrize(("drawing", "constant"), [("0.82x6", True), ("0.82x3", False)])
def test_an_accuracy_that_is_always_the_same(drawing: str, constant: bool) -> None:
    assert slot("accuracy_level", "constant", run(accuracy_train=drawing)) is constant


@pytest.mark.parametrize(
    ("rates", "reacts"),
    [
        ("0.001x14 0.0001x5 0.00001x4 0.000001x6", True),
        ("0.001x5 0.0001x5 0.00001x5 0.000001x5", False),  # a plan: equal waits
        ("0.001*0.9x29", False),
        ("0.001x10 0.0001x20", False),
    ],
)
def test_a_rate_that_reacts_to_the_loss(rates: str, reacts: bool) -> None:
    assert slot("schedule", "reacts", run("2*0.95x29", learning_rate=rates)) is reacts


def test_a_stretch_in_which_the_loss_falls_is_no_plateau() -> None:
    rng = np.random.default_rng(0)
    slow = 0.56 - 0.0008 * np.arange(30) + 0.008 * rng.standard_normal(30)
    history = curves({("loss", "train"): np.concatenate([np.linspace(0.7, 0.56, 20), slow])})
    assert slot("plateau", "share", history) < 0.5


@pytest.mark.parametrize(("val", "far"), [("3-0.001x40", True), ("2.1*0.94x40", False)])
def test_a_gap_from_the_start(val: str, far: bool) -> None:
    assert slot("generalization", "gap_from_start", run("1*0.94x40", val), "val") is far


# D2: what is not finite


def test_d2_nothing_is_computed_beyond_the_first_loss_that_is_not_finite() -> None:
    whole, cut = run("2-0.1x9 nan 50x5", "2-0.1x15"), run("2-0.1x9", "2-0.1x9")
    assert of("loss_trend", whole) == of("loss_trend", cut)
    assert of("loss_trend", whole, "val") == of("loss_trend", cut, "val")


@pytest.mark.parametrize("kind", ["plateau", "overfitting"])
def test_d2_a_run_that_ended_in_nan_gets_no_light(kind: str) -> None:
    assert slot(kind, "status", run("2-0.1x9 nanx5", "2-0.1x9 nanx5")) == "⚪"


@pytest.mark.parametrize("kind", CURVES)
@pytest.mark.parametrize("drawing", ["nanx20", "nan", "infx3 nanx3", "_x5"])
def test_d2_nothing_but_nan_is_never_read_as_health(kind: str, drawing: str) -> None:
    everything = dict.fromkeys(("gradient_norm", "learning_rate", "accuracy_val"), drawing)
    facts = list(monitors[kind](run(drawing, drawing, **everything)))
    assert not [fact for fact in facts if getattr(fact, "status", "") == "🟢"]
    assert kind != "all_finite" or not facts or drawing == "_x5"


def test_d2_a_non_finite_start_that_recovers_is_passed_over() -> None:
    assert slot("loss_trend", "fall", run("nanx2 2-0.1x10")) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        ("2x5 nanx5", {"since": 6, "share": 0.5, "recovers": False, "trailing": True}),
        ("2x5 inf 2x4", {"since": 6, "share": 0.1, "recovers": True, "infinite": True}),
        ("nanx5", {"first_point": True, "points_before": 0, "trailing": True}),
    ],
)
def test_what_was_not_finite(drawing: str, expected: dict[str, object]) -> None:
    fact = of("nonfinite", run(drawing))
    assert {name: fact.slots[name] for name in expected} == expected


def test_a_finite_loss_is_said_to_be_finite() -> None:
    assert slot("all_finite", "quantity", run("2x5")) == "loss"
    assert slot("nonfinite", "share", run("2x5")) == 0
    assert slot("nonfinite", "recovers", run("2x5")) is None


def test_zeros_under_nan_gradients_stand_for_nan() -> None:
    history = run("2-0.1x9 0x10", gradient_norm="1x10 nanx10")
    assert slot("exact_zero", "stands_for_nan", history) is True
    assert slot("loss_trend", "best", history) == pytest.approx(1.1)
    assert slot("loss_trend", "points", history) == 10
    assert list(monitors["all_finite"](history)) == []


def test_zeros_under_finite_gradients_are_zeros() -> None:
    history = run("2-0.1x9 0x10", gradient_norm="1x20")
    assert slot("exact_zero", "stands_for_nan", history) is False
    assert slot("exact_zero", "run", history) == 10
    assert slot("loss_trend", "best", history) == 0


# Restlessness


@pytest.mark.parametrize(("drawing", "calm"), [("2*0.95x40", True), (" 1 2" * 20, False)])
def test_oscillation(drawing: str, calm: bool) -> None:
    fact = of("oscillation", run(drawing))
    assert (fact.slots["amplitude"] < 0.05) is calm
    assert (fact.slots["rising_share"] < 0.05) is calm


def test_growing_swings_grow() -> None:
    values = 2 + 0.01 * 1.1 ** np.arange(40) * (-1.0) ** np.arange(40)
    assert slot("oscillation", "growth", trained(values)) > 3  # type: ignore[operator]


@pytest.mark.parametrize("points", [100, 50_000])
def test_a_spike_is_found_and_its_recovery(points: int) -> None:
    values = noisy(2 * np.exp(-np.arange(points) / points), 0.02, np.random.default_rng(0))
    values[points // 2] *= 5
    fact = of("spikes", trained(values))
    assert (fact.slots["number"], fact.slots["step"]) == (1, points // 2 + 1)
    assert fact.slots["recovered"]
    assert not fact.slots["permanent"]
    assert fact.slots["largest"] == pytest.approx(5, rel=0.2)


@pytest.mark.parametrize("points", [8, 30, 300, 20_000])
@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_noise_has_no_spikes(points: int, noise: float) -> None:
    course = 2 * np.exp(-2 * np.arange(points) / points)
    count = rate(lambda v: slot("spikes", "number", trained(v)) != 0, course, noise, 30)
    assert count <= 0.04


@pytest.mark.parametrize("drawing", ["1+0.02x60", "1*1.05x60", "2-0.03x60"])
def test_steady_growth_is_no_spike(drawing: str) -> None:
    assert slot("spikes", "number", run(drawing)) == 0


def test_a_step_up_is_permanent() -> None:
    fact = of("spikes", run("2-0.05x30 3x20"))
    assert (fact.slots["number"], fact.slots["permanent"]) == (1, True)


def test_spikes_at_intervals_are_periodic_and_match_the_epoch() -> None:
    values = noisy(np.full(200, 1.0), 0.02, np.random.default_rng(0))
    values[20::20] *= 2
    settings = Settings(steps_per_epoch=20)
    fact = of("spikes", curves({("loss", "train"): values}, settings, axis="step"))
    assert (fact.slots["periodic"], fact.slots["period"], fact.slots["matches_epoch"]) == (
        True,
        20,
        True,
    )


# Levels


@pytest.mark.parametrize(
    ("drawing", "settings", "accuracy", "name", "where"),
    [
        ("2.3026x20", Settings(classes=10), "", "uniform", "throughout"),
        ("0.6931x20", Settings(task="binary"), "", "uniform", "throughout"),
        ("0.6931x20", Settings(), "", "ln2", "throughout"),
        ("2.3026x20", Settings(), "0.1x20", "uniform", "throughout"),
        ("2.3026x20", Settings(), "", "uniform_unknown", "throughout"),
        ("2.4-0.005x19 2.3026x20", Settings(classes=10), "", "uniform", "throughout"),
        ("1.2-0.03x19 0.6109x20", Settings(class_shares=(0.7, 0.3)), "", "prior_entropy", "end"),
        ("2.2*0.9x5 1.4612x30", Settings(classes=10), "0.98x36", "double_softmax_floor", "end"),
        ("0.69*0.95x9 0.5032x30", Settings(task="binary"), "", "double_sigmoid_floor", "end"),
        ("7.971x20", Settings(task="binary"), "0.5x20", "log_clip_1e7", "throughout"),
        ("50x20", Settings(task="binary"), "0.5x20", "log_clip_bce100", "throughout"),
        ("8.73365x20", Settings(classes=10), "0.9x20", "caffe_fltmin", "throughout"),
        (
            "9-0.3x9 4x20",
            Settings(loss="mse", target=Distribution(std=2)),
            "",
            "target_variance",
            "end",
        ),
    ],
)
def test_a_known_level_is_recognised(
    drawing: str, settings: Settings, accuracy: str, name: str, where: str
) -> None:
    history = run(drawing, settings=settings, accuracy_train=accuracy)
    assert (name, where) in {
        (f.slots["name"], f.slots["where"]) for f in monitors["loss_level"](history)
    }


@pytest.mark.parametrize(
    ("drawing", "settings"),
    [
        ("2.3*0.9x40", Settings(classes=10)),
        ("0.72x20", Settings(task="binary")),
        ("0.6931*0.95x20", Settings()),
        ("0.6931x20", Settings(loss="mse")),
        ("1.48-0.01x20", Settings(classes=10)),
        ("27-0.42x40", Settings()),
    ],
)
def test_no_level_is_met_by_chance(drawing: str, settings: Settings) -> None:
    met = monitors["loss_level"](run(drawing, settings=settings))
    assert [level.slots["name"] for level in met] in (["none"], [None])


@pytest.mark.parametrize(
    ("value", "settings", "expected", "multiple"),
    [
        (2.3, Settings(classes=10), math.log(10), None),
        (18.42, Settings(classes=10), math.log(10), 8),
        (0.7, Settings(task="binary"), math.log(2), None),
        (5.0, Settings(loss="mse", target=Distribution(mean=1, std=2)), 5.0, None),
        (41.5, Settings(task="language_model", vocabulary=32000), math.log(32000), 4),
        (3.0, Settings(), None, None),
    ],
)
def test_the_initial_loss(
    value: float, settings: Settings, expected: float | None, multiple: int | None
) -> None:
    probe = Series(np.array([0.0, 1.0]), np.array([value, 1.0]))
    fact = of("initial_loss", History({("probe_loss", "train"): probe}, settings))
    assert fact.slots["expected"] == pytest.approx(expected)
    assert fact.slots["multiple"] == multiple


@pytest.mark.parametrize(("first", "then"), [(60.0, 30.0), (math.nan, None)])
def test_the_loss_after_the_first_steps_is_compared_with_the_one_before(
    first: float, then: float | None
) -> None:
    series = {
        ("probe_loss", "train"): Series(np.array([0.0]), np.array([2.0])),
        ("loss", "train"): Series(np.array([1.0, 2.0]), np.array([first, 1.0])),
    }
    assert of("initial_loss", History(series, Settings())).slots["then"] == then


def test_the_mean_of_a_first_epoch_is_no_initial_loss() -> None:
    assert list(monitors["initial_loss"](run("2*0.9x20", settings=Settings(classes=10)))) == []


# Accuracy, schedule, gradients, other signals


@pytest.mark.parametrize(
    ("drawing", "stuck", "at_chance"),
    [("0.1x30", True, True), ("0.5x30", True, False), ("0.1+0.02x40", False, False)],
)
def test_accuracy_against_chance(drawing: str, stuck: bool, at_chance: bool) -> None:
    fact = of("accuracy_level", run(settings=Settings(classes=10), accuracy_train=drawing))
    assert (fact.slots["stuck"], fact.slots["stuck_at_chance"]) == (stuck, at_chance)


@pytest.mark.parametrize(
    ("drawing", "name", "expected"),
    [
        ("0.1x50", "constant", True),
        ("0x50", "zero_share", 1.0),
        ("0+0.01x9 0.1x90", "warmup_share", 0.1),
        ("0+0.01x9 0.1x90", "starts_at_peak", False),
        ("0.1-0.001x50 0x50", "dead_tail_share", 0.49),
        ("0.1-0.001x100", "dead_tail_share", 0.0),
        ("0.1x20 0.01x20", "jumps", 1),
        ("0.1x20 0.01x20", "largest_jump", 10.0),
        ("0.1*0.95x40", "jumps", 0),
        ("0.1-0.01x10", "jumps", 0),
        ("0.01x20 0x20", "jumps", 1),
    ],
)
def test_the_schedule(drawing: str, name: str, expected: object) -> None:
    found = slot("schedule", name, run(learning_rate=drawing))
    assert found == (pytest.approx(expected, abs=0.02) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("drawing", "name", "expected"),
    [
        ("1x40", "constant", True),
        ("1*1.1x60", "constant", False),
        ("1x20 50 1x20", "spike_ratio", 50.0),
        ("0x10 1x10", "zero_share", 0.5),
        ("1 0.8 1 0.6 1" + " 1 0.9" * 10, "clip_norm", 1.0),
        ("1*1.1x60", "clip_norm", None),
        ("1x10 10x10", "growth", 10.0),
    ],
)
def test_the_gradient_norm(drawing: str, name: str, expected: object) -> None:
    found = slot("gradient_norm", name, run(gradient_norm=drawing))
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("norm", "loss", "expected"),
    [
        ("1-0.02x40", "2*0.9x40", 0.21),
        ("1+0.2x20 5*0.8x20", "2-0.1x18 0.2+0.1x22", 4.6),
        ("1+0.2x20", "2+0.1x20", None),
        ("0 1x20", "2-0.05x20", None),
        ("1 2 4", "3 2 1", None),
        ("1x5 3x15", "2-0.1x8 nanx11", 3.0),
    ],
)
def test_the_gradient_norm_where_the_loss_is_lowest(
    norm: str, loss: str, expected: float | None
) -> None:
    found = slot("gradient_norm", "at_lowest_loss", run(loss, gradient_norm=norm))
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("data", ["two_moons", "digits", "circles"])
def test_only_gradients_that_are_never_cleared_are_largest_at_the_lowest_loss(
    optimizer: str, data: str
) -> None:
    kept, cleared = (
        TrainingSpec.model_validate(
            {
                "data": {"name": data, "samples": 400},
                "optimizer": {"name": optimizer, "learning_rate": 3e-4, "zero_grad": cleared},
            }
        )
        for cleared in (False, True)
    )
    for seed in range(3):
        assert slot("gradient_norm", "at_lowest_loss", train(kept, seed)) > 2.5  # type: ignore[operator]
        assert slot("gradient_norm", "at_lowest_loss", train(cleared, seed)) < 2.0  # type: ignore[operator]


@pytest.mark.parametrize(
    ("norm", "loss", "precedes"),
    [
        ("1x5 nanx15", "1x10 nanx10", True),
        ("1x15 nanx5", "1x10 nanx10", False),
        ("1x20", "1x20", None),
    ],
)
def test_which_was_not_finite_first(norm: str, loss: str, precedes: bool | None) -> None:
    assert slot("gradient_norm", "precedes_loss", run(loss, gradient_norm=norm)) is precedes


def test_a_collapsing_loss_scale() -> None:
    fact = of("loss_scale", run(loss_scale="65536*0.5x16 1x10"))
    assert (fact.slots["halvings"], fact.slots["at_minimum"], fact.slots["recovered"]) == (
        16,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"reward": "0.1x5"}, "reinforcement"),
        ({"reward_margin": "0.1x5", "reward": "0.1x5"}, "preference"),
        ({"generator_loss": "0.1x5"}, "adversarial"),
        ({}, "supervised"),
    ],
)
def test_the_kind_of_run(more: dict[str, str], kind: str) -> None:
    assert slot("run_shape", "run_kind", run("1x5", **more)) == kind


def test_a_preference_run_stuck_at_ln_2() -> None:
    assert slot("preference_signal", "stuck_at_ln2", run("0.6931x20", reward_margin="0x20")) is True
    assert (
        slot("preference_signal", "stuck_at_ln2", run("0.6931-0.02x20", reward_margin="0x20"))
        is False
    )
    assert list(monitors["preference_signal"](run("0.6931x20"))) == []


def test_a_policy_that_collapses() -> None:
    fact = of("rl_signal", run(policy_entropy="2-0.1x19", reward="0.1+0.05x10 0.6-0.05x9"))
    assert fact.slots["entropy_fall"] == pytest.approx(0.95, abs=0.01)
    assert fact.slots["reward_fall"] > 0.8


# All of them


@pytest.mark.parametrize("kind", CURVES)
def test_nothing_recorded_is_nothing_said(kind: str) -> None:
    assert list(monitors[kind](History({}))) == []


EDGES = [
    "1",
    "1 2",
    "0x3",
    "0x40",
    "1e300 1e-300",
    "1e300x20",
    "1e-300*0.5x40",
    "-1e300 1e300 1",
    "1 nan 2 inf 3",
    "1e9 1 1 1 1 1 1 1",
    "0 1 0 1 0 1 0 1 0 1 0 1 0 1 0",
    "-0.5x9 0.5x9",
]


@pytest.mark.parametrize("drawing", EDGES)
@pytest.mark.parametrize("kind", CURVES)
def test_every_fact_is_finite_whatever_the_curve(kind: str, drawing: str) -> None:
    names = (
        "gradient_norm",
        "learning_rate",
        "loss_scale",
        "reward",
        "accuracy_train",
        "accuracy_val",
    )
    everything = run(drawing, drawing, **dict.fromkeys(names, drawing))
    assert all(fact.slots for fact in monitors[kind](everything))


def test_a_long_curve_reads_like_a_short_one() -> None:
    generator = np.random.default_rng(0)
    course = 0.5 + 1.8 * np.exp(-np.linspace(0, 20, 200_000))
    long, short = (
        trained(noisy(course, 0.05, generator)),
        trained(noisy(course[::1000], 0.01, generator)),
    )
    for name in ("fall", "log_slope"):
        expected = pytest.approx(slot("loss_trend", name, short), abs=0.02)
        assert slot("loss_trend", name, long) == expected
    assert slot("plateau", "status", long) == slot("plateau", "status", short) == "🔴"


def test_a_long_curve_is_kept_small_and_read_once() -> None:
    series = Series(np.arange(100_000.0), np.ones(100_000))
    assert len(curve(series).level) <= 513
    assert curve(series) is curve(series)


@pytest.mark.parametrize(
    ("severity", "light"),
    [(None, "⚪"), (0.0, "🟢"), (0.14, "🟢"), (0.15, "🟡"), (0.39, "🟡"), (0.4, "🔴")],
)
def test_the_light_of_a_severity(severity: float | None, light: str) -> None:
    assert status(severity) == light


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2.3-0.1x2 0.5x2", [2.3, 2.2, 2.1, 0.5, 0.5]),
        ("1*0.5x2", [1, 0.5, 0.25]),
        ("1+1x2 _ nan", [1, 2, 3, None, math.nan]),
        ("-1-0.5x1", [-1, -1.5]),
        ("1e-3x2 -inf", [1e-3, 1e-3, -math.inf]),
    ],
)
def test_the_notation(text: str, values: list[float | None]) -> None:
    assert drawn(text) == pytest.approx(values, nan_ok=True)


@pytest.mark.parametrize("text", ["2.3_", "x5", "1-x3", "1*ax3", "1y3"])
def test_a_malformed_curve_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="draws no curve"):
        drawn(text)
