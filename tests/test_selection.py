"""Selections: what is asked for is reported, what is ignored is not, and the report says so."""

import pytest

from traindx.demo import sample
from traindx.diagnosing import Diagnostician, default_knowledge, diagnose
from traindx.engine.render import text
from traindx.engine.report import Report
from traindx.engine.selection import Selection
from traindx.mlp.readers import read

KB = default_knowledge()
RUN = read(sample())
CAUSE, SYMPTOM, CONSEQUENCE = "overfitting", "validation_loss_rises", "gap_opens"


def report(select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Report:
    """That of a run that overfits while its learning rate ends at zero."""
    return Diagnostician(KB, "plain").selecting(select, ignore).diagnose(RUN)


def causes(found: Report) -> list[str]:
    return [d.cause for d in found.diagnoses]


def test_diagnose_takes_a_selection() -> None:
    assert causes(diagnose(RUN, ignore=[CAUSE])) == causes(report(ignore=(CAUSE,)))
    with pytest.raises(ValueError, match="did you mean 'overfitting'"):
        diagnose(RUN, select=["overfittin"])


def test_without_a_selection_nothing_is_left_out() -> None:
    assert report().left_out is None
    assert {CAUSE, "schedule_finished"} <= set(causes(report()))


@pytest.mark.parametrize("name", [CAUSE, SYMPTOM, CONSEQUENCE])
def test_a_cause_is_selected_by_its_name_or_by_what_it_accounts_for(name: str) -> None:
    found = report(select=(name,))
    assert (found.verdict, causes(found)) == ("faulty", [CAUSE])
    assert SYMPTOM in {s.symptom for s in found.symptoms}
    assert found.left_out
    assert "schedule_finished" in found.left_out.causes


def test_with_a_cause_goes_what_it_accounts_for() -> None:
    found = report(ignore=(CAUSE,))
    assert found.verdict == "healthy"
    assert found.headline == "Nothing wrong found, apart from what was left out as asked"
    assert not {SYMPTOM, CONSEQUENCE} & {s.symptom for s in found.symptoms}


def test_what_was_left_out_is_said_in_the_report() -> None:
    found = report(ignore=(CAUSE,))
    assert found.left_out
    assert (found.left_out.ignore, found.left_out.causes) == ((CAUSE,), (CAUSE,))
    assert SYMPTOM in found.left_out.symptoms
    assert f"Found and left out, as asked:\n   - {KB.causes[CAUSE].title}\n" in text(found)
    assert Report.from_json(found.to_json(), KB) == found


def test_a_symptom_can_be_ignored_by_itself() -> None:
    found = report(ignore=(SYMPTOM,))
    assert CAUSE in causes(found)
    assert SYMPTOM not in {s.symptom for s in found.symptoms}


def test_to_ignore_wins_over_to_select() -> None:
    assert CAUSE not in causes(report(select=(CAUSE,), ignore=(CAUSE,)))


def test_only_what_was_asked_for_is_said_to_be_clear_or_unchecked() -> None:
    found, everything = report(select=("dying_relu",)), report()
    asked = {"dying_relu", *KB.causes["dying_relu"].explains}
    assert {s.symptom for s in (*found.clear, *found.unchecked)} <= asked
    assert len(found.unchecked) < len(everything.unchecked)


def test_a_selection_changes_nothing_that_it_does_not_leave_out() -> None:
    one = next(d for d in report(select=(CAUSE,)).diagnoses if d.cause == CAUSE)
    assert one == next(d for d in report().diagnoses if d.cause == CAUSE)


def test_what_nothing_is_called_is_named_with_what_may_have_been_meant() -> None:
    complaints = [*Selection(("overfittin",), ("qqq",)).complaints(KB)]
    assert complaints == [
        "no cause or symptom is called 'overfittin'; did you mean 'overfitting'?",
        "no cause or symptom is called 'qqq'",
    ]


@pytest.mark.parametrize("name", [*KB.causes])
def test_every_cause_can_be_selected_and_ignored(name: str) -> None:
    found = [*causes(report(select=(name,))), *causes(report(ignore=(name,)))]
    assert sorted(found) == sorted(causes(report())) or name not in causes(report())
