"""The report: read as a user would, and the same whatever form it takes.

`python tests/test_report.py` writes the present texts into `tests/golden`; read what changed.
"""

import io
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from traindx.diagnosing import load_knowledge
from traindx.engine.diagnosis import Diagnostician
from traindx.engine.facts import Fact, observe
from traindx.engine.loader import load
from traindx.engine.render import PLAIN, plainly, renderable, text, unrepeated
from traindx.engine.report import EvidenceLine, Observation, Report, RuledOut
from traindx.mlp.history import History, curves
from traindx.scenarios.forms import Scenario, load_scenarios
from traindx.scenarios.runner import history_of

GOLDEN = Path(__file__).parent / "golden"
SHOWN = (
    "half_precision_overflows",
    "half_weights_zero_loss",
    "healthy_log_trainer_state",
    "no_warmup",
    "overfitting_curves",
    "policy_collapses",
    "rare_huge_gradients",
    "rate_zero",
    "softmax_on_one_unit",
    "whole_set_in_one_batch",
)
"""The scenarios whose reports are kept: seven drawn or read, three trained."""
WIDTHS = (60, 88, 160)
KB = load_knowledge()
DIAGNOSTICIAN = Diagnostician(KB, "plain")
SCENARIOS = {scenario.scenario: scenario for scenario in load_scenarios()}
DRAWN = [name for name, scenario in SCENARIOS.items() if scenario.train is None]
ASKED = re.compile(r"Record (.+?); it would ")

TWO_CAUSES = {
    "scale.yaml": """\
weights: {strong: 3.0}
priors: {even: 0.0}
strengths: {weak: 0.0, strong: 2.0}
report_at: 0.0
suspect_at: -2.2
margin: 0.5
""",
    "rises.yaml": """\
symptom: rises
title: The loss rises
severity: critical
when:
  loss: {fact: loss_trend, split: train, total_fall: {below: 0}}
because: The loss ended at {loss.last:.3g}.
""",
    "look.yaml": "remedy: look\ndo: Look again\nhow: Look at it once more.\ncost: config\n",
    **{
        f"{name}.yaml": f"""\
cause: {name}
title: The {name} is to blame
about: It happens.
prior: even
explains: [rises]
evidence:
  seen:
    when: {{loss: {{symptom: rises}}}}
    weight: strong
remedies: [look]
"""
        for name in ("cat", "dog")
    },
}
"""A knowledge base in which nothing tells two causes apart."""

every_shown = pytest.mark.parametrize("name", SHOWN)


@cache
def run_of(name: str) -> History:
    """The run of a scenario on its first seed, called by the scenario's name."""
    scenario: Scenario = SCENARIOS[name]
    return replace(history_of(scenario, scenario.seeds[0]), source=name)


@cache
def report_of(name: str) -> Report:
    """The report of a scenario."""
    return DIAGNOSTICIAN.diagnose(run_of(name))


def golden(name: str) -> str:
    """What the report of a scenario reads like at present, whichever matcher made it."""
    return text(report_of(name)).replace(f"\n{PLAIN}\n", "")


def causes(report: Report) -> Iterator[str]:
    """Everything that a report names."""
    yield from (d.cause for d in (*report.diagnoses, *report.notes))


@every_shown
def test_a_report_reads_as_it_was_approved(name: str) -> None:
    assert golden(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_no_approved_report_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(SHOWN)


@every_shown
def test_a_report_survives_json(name: str) -> None:
    report = report_of(name)
    again = Report.from_json(report.to_json(), KB)
    assert again == report
    assert str(again) == str(report)
    assert again.to_markdown() == report.to_markdown()
    for cause in causes(report):
        assert again.why(cause) == report.why(cause)
    for ruled_out in report.ruled_out[:2]:
        assert again.why_not(ruled_out.cause) == report.why_not(ruled_out.cause)


@every_shown
def test_the_order_of_the_facts_does_not_matter(name: str) -> None:
    run, facts = run_of(name), list(observe(run_of(name)))
    random.Random(0).shuffle(facts)
    shuffled = DIAGNOSTICIAN.report(facts, run.source, run.notes)
    assert shuffled.to_json() == report_of(name).to_json()


@every_shown
def test_markdown_tells_every_diagnosis(name: str) -> None:
    report = report_of(name)
    told = report.to_markdown().replace("\\", "")
    assert told.startswith(f"## {report.verdict.upper()}: ")
    assert all(d.title.lower() in told.lower() for d in report.diagnoses)
    assert all(n.title in told for n in report.notes)


@every_shown
@pytest.mark.parametrize("width", WIDTHS)
def test_a_terminal_of_any_width_can_show_it(name: str, width: int) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    for part in renderable(report_of(name)):
        console.print(part)
    file.seek(0)
    shown = file.read()
    assert all(len(line) <= width for line in shown.splitlines())
    assert report_of(name).verdict.upper() in shown


@every_shown
def test_the_first_line_is_the_answer(name: str) -> None:
    report = report_of(name)
    first = " ".join(text(report, 10_000).splitlines()[0].split())
    assert first.startswith(f"{report.verdict.upper()}: ")
    faults = [d for d in report.diagnoses if not d.benign]
    named = [d for d in faults if d.cause in report.undecided] or faults[:1]
    assert all(d.title.lower() in first.lower() for d in named)


@every_shown
def test_why_adds_up_to_the_score(name: str) -> None:
    report = report_of(name)
    for diagnosis in (*report.diagnoses, *report.notes):
        lines = (*diagnosis.evidence, *diagnosis.against)
        assert diagnosis.prior + sum(x.value for x in lines) == pytest.approx(diagnosis.score)
        said = report.why(diagnosis.cause)
        assert f"{diagnosis.score:+.1f}" in said
        assert all(f"{line.value:+.1f}  {line.sentence}" in said for line in lines)


@pytest.mark.parametrize("name", ["healthy_log_trainer_state", "overfitting_curves", "rate_zero"])
def test_why_not_has_an_answer_for_every_cause(name: str) -> None:
    report = report_of(name)
    for cause in KB.causes:
        said = report.why_not(cause)
        assert KB.causes[cause].title in said
        assert cause in causes(report) or "it is reported from" in said
        assert "?" not in said.partition("\n")[0]


@pytest.mark.parametrize("name", DRAWN)
def test_it_asks_for_nothing_that_was_recorded(name: str) -> None:
    report = report_of(name)
    asked = ASKED.match(report.next_test or "")
    assert asked is None or asked[1] not in recorded(report)


def recorded(report: Report) -> set[str]:
    """The signals of which nothing is left to record, in the words in which one is asked for."""
    seen: dict[str, set[str]] = {}
    for fact in report.facts:
        template = Fact.templates[fact.kind]
        signal = template.needs({slot: fact.slots[slot] for slot in template.about})
        seen.setdefault(signal, set()).add(fact.kind)
    return {signal for signal, kinds in seen.items() if kinds_of(signal) <= kinds}


def kinds_of(signal: str) -> set[str]:
    """The kinds of facts that a signal gives."""
    templates = Fact.templates.values()
    return {t.kind for t in templates if signal in (t.signal, *t.signals.values())}


@every_shown
def test_what_was_and_was_not_checked_takes_few_lines(name: str) -> None:
    lines = text(report_of(name), 88).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Also checked: "))
    end = next((n for n, line in enumerate(lines) if n > start and not line), len(lines))
    assert end - start <= 5
    unchecked = report_of(name).unchecked
    assert not unchecked or f"Not checked: {len(unchecked)} sign" in " ".join(lines[start:end])


def test_what_bears_on_the_findings_is_told_first_among_the_clear() -> None:
    report = report_of("overfitting_curves")
    told = [clear.symptom for clear in report.clear]
    related = KB.causes["overfitting"].explains
    assert [name for name in told if name in related]
    unrelated = ("loss_periodic", "nonfinite_loss_once")
    assert max(told.index(n) for n in told if n in related) < min(map(told.index, unrelated))


def set_aside(*titles: str, twin: str | None = None) -> Report:
    """A healthy report in which these were thought of, with one answer to all."""
    found = [RuledOut(cause="x", title=t, score=0, reason="it is dark", twin=twin) for t in titles]
    return report_of("healthy_log_trainer_state").model_copy(update={"ruled_out": tuple(found)})


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        (["The cat did it"], "   - The cat did it: It is dark."),
        (["The cat did it", "The dog did"], "   - The cat did it or the dog did: It is dark."),
        (["A cat", "A dog", "A cow"], "   - A cat, a dog, or a cow: It is dark."),
    ],
)
def test_what_has_one_answer_is_one_phrase(titles: list[str], said: str) -> None:
    assert f"\nConsidered and set aside:\n{said}\n" in text(set_aside(*titles))


def test_the_twin_of_what_is_reported_is_not_set_aside() -> None:
    assert "set aside" not in text(set_aside("It was stopped too early", twin="still_improving"))


def test_stopped_too_early_is_the_twin_of_still_improving() -> None:
    report = report_of("healthy_not_done_yet")
    assert "still_improving" in causes(report)
    twins = {one.cause: one.twin for one in report.ruled_out}
    assert twins["too_few_epochs"] == "still_improving"


@pytest.fixture
def two_causes(tmp_path: Path) -> Diagnostician:
    """Made ready with a knowledge base in which nothing tells two causes apart."""
    for name, content in TWO_CAUSES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return Diagnostician(load(tmp_path), "plain")


def test_what_is_not_decided_is_said_with_both_causes(two_causes: Diagnostician) -> None:
    report = two_causes.diagnose(curves({("loss", "train"): [1.0, 1.2, 1.5, 1.9, 2.4, 3.0]}))
    said = text(report, 200)
    assert set(report.undecided) == {"cat", "dog"}
    assert "The cat is to blame, or: The dog is to blame" in said.splitlines()[0]
    assert "\n1. The cat is to blame (strong evidence)\n" in said
    assert "\n2. The dog is to blame (strong evidence)\n" in said


def test_a_remedy_is_told_once_in_full(two_causes: Diagnostician) -> None:
    said = text(two_causes.diagnose(curves({("loss", "train"): [1.0, 1.2, 1.5, 1.9, 2.4, 3.0]})))
    assert said.count("Look at it once more.") == 1
    assert "Look again, as above." in said


def test_a_healthy_run_is_called_so_at_once(two_causes: Diagnostician) -> None:
    report = two_causes.diagnose(curves({("loss", "train"): [3.0, 2.0, 1.0, 0.5]}))
    assert str(report).startswith("HEALTHY: Nothing wrong found\n")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It rose to 5.14e+03.", "It rose to 5140."),
        ("It rose to 3.55e+08.", "It rose to 3.55e8."),
        ("It is 1e-05.", "It is 1e-5."),
        ("It is 0.5 and 12%.", "It is 0.5 and 12%."),
        ("It rose by 5165%.", "It rose by more than 1000%."),
        ("It fell to -1138.5%.", "It fell to less than -1000%."),
        ("layer_2e1 is 2.", "layer_2e1 is 2."),
    ],
)
def test_numbers_are_said_as_people_say_them(written: str, said: str) -> None:
    assert plainly(written) == said


def line(sentence: str, kind: str = "lamp") -> EvidenceLine:
    """A line of evidence that rests on a fact of a kind."""
    fact = Observation(kind=kind, slots={})
    return EvidenceLine(name="x", sentence=sentence, weight="weak", value=1.0, facts=(fact,))


@pytest.mark.parametrize(
    ("sentences", "kept"),
    [
        (["It is 5.", "It is 5."], ["It is 5."]),
        (["It is 5 of 7.", "That is 5 again."], ["It is 5 of 7."]),
        (["That is 5 again.", "It is 5 of 7."], ["It is 5 of 7."]),
        (["It is 5.03e+03.", "It is 5030."], ["It is 5030."]),
        (["It is 5.", "It is 6."], ["It is 5.", "It is 6."]),
        (["It is dark.", "It is cold."], ["It is dark.", "It is cold."]),
        (["It is 5. It is dark.", "It is 5. It is cold."], ["It is 5. It is dark.", "It is cold."]),
    ],
)
def test_nothing_is_said_twice(sentences: list[str], kept: list[str]) -> None:
    assert unrepeated([line(sentence) for sentence in sentences]) == kept


def test_equal_numbers_of_different_things_are_both_said() -> None:
    lines = [line("The lamp has 5 bulbs."), line("It rains for 5 days.", "weather")]
    assert unrepeated(lines) == [x.sentence for x in lines]


def write() -> None:
    """Puts the present texts into their files."""
    present = {name: golden(name) for name in SHOWN}
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.glob("*.txt"):
        path.unlink()
    for name, said in present.items():
        (GOLDEN / f"{name}.txt").write_text(said, encoding="utf-8")


if __name__ == "__main__":
    write()
