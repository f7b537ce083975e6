"""The scenarios that come with traindx: each is found on every seed, and each cure heals."""

from collections.abc import Iterator

import pytest

from traindx.diagnosing import default_knowledge, load_knowledge
from traindx.mlp.network import TrainingSpec
from traindx.scenarios.forms import Scenario, load_scenarios
from traindx.scenarios.runner import changed, run_scenario

SCENARIOS = load_scenarios()
RUNS = [(scenario, seed) for scenario in SCENARIOS for seed in scenario.seeds]
KB = default_knowledge()

LACKING: frozenset[tuple[str, str]] = frozenset()
"""Causes and the parts that no scenario plays for them. It only ever gets shorter."""


@pytest.mark.parametrize(("scenario", "seed"), RUNS, ids=[f"{s.scenario}-{n}" for s, n in RUNS])
def test_a_scenario_is_found_and_cured(scenario: Scenario, seed: int) -> None:
    outcome = run_scenario(scenario, seed, load_knowledge)
    assert not outcome.problems, "\n".join((*outcome.problems, f"it said: {outcome.headline}"))


@pytest.mark.parametrize("name", [name for name, r in KB.remedies.items() if r.change])
def test_the_change_of_a_remedy_can_be_made(name: str) -> None:
    assert isinstance(changed(TrainingSpec(), KB.remedies[name].change), TrainingSpec)


def _led_by(scenario: Scenario) -> tuple[str, ...]:
    """The causes that must be found in a scenario."""
    first = scenario.expect.first
    return scenario.expect.named if first is None else (first, *scenario.expect.named)


def _parts(cause: str) -> Iterator[str]:
    """The parts that scenarios play for a cause.

    A benign cause has no twin: it is what a twin shows.
    """
    for scenario in SCENARIOS:
        if cause in _led_by(scenario)[:1]:
            yield "hard" if scenario.hard else "easy"
        if cause in scenario.expect.look_alikes:
            yield "twin" if scenario.healthy else "confuser"


def test_every_cause_has_an_easy_and_a_hard_case_a_twin_and_a_confuser() -> None:
    wanted = {
        (name, part)
        for name, cause in KB.causes.items()
        for part in ("easy", "hard", "confuser", *(() if cause.benign else ("twin",)))
    }
    played = {(name, part) for name in KB.causes for part in _parts(name)}
    assert wanted - played == LACKING


def test_at_least_twelve_pairs_of_faults_are_found_together() -> None:
    faults = {name for name, cause in KB.causes.items() if not cause.benign}
    pairs = [s for s in SCENARIOS if len(faults.intersection(_led_by(s))) >= 2]
    assert len(pairs) >= 12


def test_there_are_enough_scenarios_and_enough_of_them_are_healthy() -> None:
    assert len(SCENARIOS) >= 30
    assert sum(scenario.healthy for scenario in SCENARIOS) >= 8


def test_every_name_that_a_scenario_expects_is_known() -> None:
    named = {
        name
        for s in SCENARIOS
        for name in (*_led_by(s), *s.expect.follows, *s.expect.never, *s.expect.look_alikes)
    }
    assert named <= set(KB.causes)
    assert {name for s in SCENARIOS for name in s.cured_by} <= set(KB.remedies)
