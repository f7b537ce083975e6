"""The curve in small: it fits, it hides nothing, and it says where the trouble began."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from traindx.curve import ONSETS, curve, drawn, spark
from traindx.diagnosing import diagnose
from traindx.engine.report import Report
from traindx.mlp.history import History, curves

NAN = float("nan")
RISING = [1.2 + 0.05 * (e - 6) ** 2 for e in range(1, 31)]
FALLING = [2.3 * 0.8**e for e in range(1, 31)]
BROKEN = [2.3, 2.0, 1.8, 1.6, 1.5, NAN, NAN, NAN, NAN, NAN]
RUNS: dict[str, dict[tuple[str, str], Any]] = {
    "overfits": {("loss", "train"): FALLING, ("loss", "val"): RISING},
    "breaks": {("loss", "train"): BROKEN},
    "decades": {("loss", "train"): [10.0**-e for e in range(12)]},
    "sparse evaluations": {("loss", "train"): FALLING, ("loss", "val"): [2.0, *[None] * 28, 1.0]},
    "enormous": {("loss", "train"): [-1.0, 1e308, 3.0, -1e308, 5.0, float("inf")]},
    "constant": {("loss", "train"): [1.0] * 8},
    "validation only": {("loss", "val"): RISING},
    "dense": {("loss", "train"): [1 + (n * 7919 % 101) / 100 for n in range(20_000)]},
}
NOTHING: dict[str, dict[tuple[str, str], Any]] = {
    "no loss": {("accuracy", "val"): [0.1, 0.2, 0.3]},
    "one point": {("loss", "train"): [1.0]},
    "never finite": {("loss", "train"): [NAN] * 5},
}
every_run = pytest.mark.parametrize("name", RUNS)


def judged(name: str) -> tuple[History, Report]:
    run = curves({**RUNS, **NOTHING}[name])
    return run, diagnose(run)


def lines(name: str, width: int = 80, ascii_only: bool = False) -> list[str]:
    return [line.plain for line in drawn(curve(*judged(name)), width, ascii_only)]


@every_run
@pytest.mark.parametrize("width", [36, 60, 80, 160])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_the_width(name: str, width: int, ascii_only: bool) -> None:
    said = lines(name, width, ascii_only)
    assert len(said) > 6
    assert max(map(len, said)) <= width
    assert not ascii_only or "".join(said).isascii()


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_curve_is_not_drawn(name: str) -> None:
    assert lines(name) == []
    assert spark(curve(*judged(name)), 8) == ""


def test_a_terminal_too_narrow_for_it_is_spared() -> None:
    assert lines("overfits", 20) == []


def test_training_and_validation_are_told_apart_without_colour() -> None:
    plot = "".join(lines("overfits", ascii_only=True)[:6])
    assert "*" in plot
    assert "o" in plot
    assert lines("overfits")[-1].endswith("o validation loss 2.45 to 30   log scale")


def test_the_onset_stands_under_its_place() -> None:
    *plot, pointer, _, _ = lines("overfits", ascii_only=True)
    assert "best at epoch 6" in pointer
    at = pointer.index("^")
    assert all(row[at] == ":" for row in plot if row[at : at + 1] not in ("*", "o"))
    assert any(row[at] == ":" for row in plot)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_onset_of_what_broke_is_where_the_first_odd_value_is(width: int) -> None:
    top, *_, pointer, _, legend = lines("breaks", width, ascii_only=True)[:9]
    assert pointer.index("^") == top.index("x")
    assert "training loss 2.3 to 1.5" in legend


def test_a_run_without_a_fault_has_no_onset() -> None:
    run = curves({("loss", "train"): [2 * 0.8**e + 0.3 for e in range(30)]})
    assert curve(run, diagnose(run)).onset is None


def test_what_is_odd_is_marked_and_not_bridged() -> None:
    hole = curves({("loss", "train"): [3.0, 2.0, 1.5, NAN, NAN, NAN, NAN, 1.2, 1.1, 1.0]})
    *plot, _, legend = [t.plain for t in drawn(curve(hole, diagnose(hole)), 80, True)][:8]
    assert plot[0].count("x") == 4
    left, right = plot[0].index("x"), plot[0].rindex("x")
    assert not any("*" in row[left : right + 1] for row in plot)
    assert "x not finite" in legend


def test_decades_are_drawn_on_a_logarithmic_scale() -> None:
    assert "log scale" in lines("decades")[-1]
    assert "log scale" not in lines("breaks")[-1]


def test_a_single_spike_among_many_points_is_seen() -> None:
    values = [1.0] * 20_000
    values[12_345] = 5.0
    run = curves({("loss", "train"): values})
    top = next(drawn(curve(run, diagnose(run)), 80, True)).plain
    assert top.count("*") == 1


@pytest.mark.parametrize(("system", "terminal"), [("standard", True), ("auto", False)])
def test_colours_are_for_a_terminal_only(system: Any, terminal: bool) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=80, force_terminal=terminal, color_system=system)
    console.print(curve(*judged("breaks")))
    assert ("\x1b[1;31mx" in screen.getvalue()) == terminal
    assert ("\x1b" in screen.getvalue()) == terminal


@every_run
def test_it_is_the_same_each_time(name: str) -> None:
    assert lines(name) == lines(name)


@every_run
def test_a_spark_is_as_long_as_it_is_asked_to_be(name: str) -> None:
    assert len(spark(curve(*judged(name)), 16)) == 16


def test_a_spark_shows_the_loss_of_unseen_data_and_what_is_odd() -> None:
    assert re.fullmatch("[▁▂▃]+[▄▅▆▇█]+", spark(curve(*judged("overfits")), 8))
    assert spark(curve(*judged("breaks")), 10).endswith("x" * 5)


def test_onsets_are_said_in_the_words_of_the_axis() -> None:
    assert {said.format(axis="step", at=7) for said in ONSETS.values()} == {
        "since step 7",
        "step 7",
        "best at step 7",
    }
