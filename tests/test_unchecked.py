"""What was looked for, and what could not be: unknown is neither there nor not there."""

import pytest

from traindx.diagnosing import load_knowledge
from traindx.engine.diagnosis import Diagnostician
from traindx.engine.report import Report, Unchecked
from traindx.mlp.history import curves
from traindx.mlp.settings import Settings

DIAGNOSTICIAN = Diagnostician(load_knowledge(), "plain")
FALLING = [2.0 * 0.9**n for n in range(20)]
STANDING = [0.8246505856513977] * 20
BALANCED = Settings(classes=10, class_shares=(0.1,) * 10, task="multiclass")


def report(settings: Settings, accuracy: list[float]) -> Report:
    """Of a run with a loss that falls, and an accuracy."""
    lines = {("loss", "train"): FALLING, ("accuracy", "train"): accuracy}
    return DIAGNOSTICIAN.diagnose(curves(lines, settings))


def lacking(found: Report) -> dict[str, Unchecked]:
    """What could not be looked for, by name."""
    return {one.symptom: one for one in found.unchecked}


@pytest.mark.parametrize(
    ("symptom", "needs"),
    [
        ("at_chance_level", "the number of classes"),
        ("answers_only_commonest", "the number of classes"),
    ],
)
def test_what_hangs_on_an_unknown_slot_is_not_called_clear(symptom: str, needs: str) -> None:
    found, known = report(Settings(), STANDING), report(BALANCED, STANDING)
    assert symptom not in {clear.symptom for clear in found.clear}
    assert needs in lacking(found)[symptom].signals
    assert symptom in {clear.symptom for clear in known.clear}
    assert symptom not in lacking(known)


def test_nothing_is_asked_for_that_is_there() -> None:
    asked = {signal for one in report(Settings(), STANDING).unchecked for signal in one.signals}
    assert "the training accuracy" not in asked
    assert "the training loss" not in asked


def test_one_known_slot_that_does_not_fit_is_enough_to_clear() -> None:
    found = report(Settings(), [0.1 + 0.04 * n for n in range(20)])
    assert "answers_only_commonest" in {clear.symptom for clear in found.clear}


def test_that_there_was_none_is_known() -> None:
    clear = {one.symptom for one in report(Settings(), STANDING).clear}
    assert {"nonfinite_loss", "nonfinite_loss_once"} <= clear


def test_a_ratio_that_is_not_there_is_no_unknown_ratio() -> None:
    lines = {("loss", "train"): FALLING, ("loss", "val"): [1.3 * x**0.9 for x in FALLING]}
    found = DIAGNOSTICIAN.diagnose(curves(lines))
    assert "multiple_of_validation" in {one.symptom for one in found.clear}


def test_what_needs_something_without_a_name_stands_alone() -> None:
    assert str(Unchecked(symptom="x", title="It is dark", signals=())) == "It is dark"
