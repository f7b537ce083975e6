"""What to do next: only where it would decide something, and something that can be done."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from traindx.diagnosing import diagnose, load_knowledge
from traindx.engine.diagnosis import Diagnostician
from traindx.engine.report import Report
from traindx.engine.sentences import Sentence, counted
from traindx.mlp.history import Name, curves

DIAGNOSTICIAN = Diagnostician(load_knowledge(), "plain")
FALLING = [0.1 + 2.0 * 0.7**n for n in range(30)]
STANDING = [2.3 - 0.0005 * (n % 3) for n in range(30)]
LET_IT_RUN = "Let the run go on, or give its whole log, and diagnose it again."


def report(lines: Mapping[Name, Sequence[float]]) -> Report:
    """What is said about a run."""
    return DIAGNOSTICIAN.diagnose(curves(lines))


def test_an_alarm_without_a_cause_asks_for_what_would_tell_it() -> None:
    found = report({("loss", "train"): STANDING})
    assert found.verdict == "faulty"
    assert (found.next_test or "").startswith("Record ")


def test_a_healthy_run_is_asked_for_nothing() -> None:
    found = report({("loss", "train"): FALLING, ("loss", "val"): [1.05 * x for x in FALLING]})
    assert (found.verdict, found.next_test) == ("healthy", None)


@pytest.mark.parametrize("points", [1, 2, 3])
def test_of_a_few_rows_more_rows_are_wanted(points: int) -> None:
    assert report({("loss", "train"): STANDING[:points]}).next_test == LET_IT_RUN


@pytest.mark.parametrize("quantity", ["reward", "generator_loss"])
def test_where_losses_say_little_no_settings_are_asked_for(quantity: str) -> None:
    found = report({("loss", "train"): STANDING, (quantity, ""): STANDING})
    assert "Record" not in (found.next_test or "")


def test_where_no_loss_was_found_the_columns_left_out_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = "".join(f"{n},{2 - n / 10},{0.1 * n}\n" for n in range(9))
    path.write_text(f"epoch,zorgs,val_f1\n{rows}", encoding="utf-8")
    found = diagnose(path)
    assert "--map loss=COLUMN" in (found.next_test or "")
    assert "'zorgs'" in (found.next_test or "")
    assert found.headline.endswith(
        "no training loss and no validation loss, too little to judge by."
    )


@pytest.mark.parametrize(
    ("lines", "name", "said"),
    [
        ({}, "no_validation", "Nothing was measured on validation data"),
        ({("accuracy", "val"): FALLING}, "no_validation_loss", "There is no validation loss;"),
        ({("metric", "val/f1"): FALLING}, "no_validation_loss", "There is no validation loss;"),
        ({("loss", "val"): [1.0]}, "validated_once", "There is only one validation loss"),
    ],
)
def test_what_there_is_of_validation_is_said(
    lines: dict[Name, list[float]], name: str, said: str
) -> None:
    found = {s.symptom: s.sentence for s in report({("loss", "train"): FALLING, **lines}).symptoms}
    assert found[name].startswith(said)
    assert len({"no_validation", "no_validation_loss", "validated_once"} & set(found)) == 1


def test_how_little_there_is_is_said_in_words() -> None:
    found = report({("loss", "train"): FALLING[:3]})
    assert "the record holds 3 training losses and no validation loss, too" in found.headline


@pytest.mark.parametrize(
    ("number", "said"), [(0, "no loss"), (1, "one loss"), (2, "2 losses"), (54, "54 losses")]
)
def test_things_are_counted_in_words(number: int, said: str) -> None:
    assert counted(number, "loss|losses") == said


def test_a_sentence_knows_whether_all_it_speaks_of_is_known() -> None:
    class Lamp:
        slots = {"bulbs": 5, "colour": None}

    assert Sentence("It has {lamp.bulbs:bulb|bulbs}.").can_be_filled({"lamp": Lamp()})
    assert not Sentence("It is {lamp.colour}.").can_be_filled({"lamp": Lamp()})
