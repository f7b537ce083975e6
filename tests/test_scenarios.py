"""The scenarios that come with traindx: each is found on every seed, and each cure heals."""

import pytest

from traindx.diagnosing import default_knowledge, load_knowledge
from traindx.mlp.network import TrainingSpec
from traindx.scenarios.forms import Scenario, load_scenarios
from traindx.scenarios.runner import changed, run_scenario

SCENARIOS = load_scenarios()
RUNS = [(scenario, seed) for scenario in SCENARIOS for seed in scenario.seeds]
KB = default_knowledge()

WITHOUT_SCENARIO = frozenset(["schedule_finished"])
"""Causes that no scenario has in the first place. It only ever gets shorter."""


@pytest.mark.parametrize(("scenario", "seed"), RUNS, ids=[f"{s.scenario}-{n}" for s, n in RUNS])
def test_a_scenario_is_found_and_cured(scenario: Scenario, seed: int) -> None:
    outcome = run_scenario(scenario, seed, load_knowledge)
    assert not outcome.problems, "\n".join((*outcome.problems, f"it said: {outcome.headline}"))


@pytest.mark.parametrize("name", [name for name, r in KB.remedies.items() if r.change])
def test_the_change_of_a_remedy_can_be_made(name: str) -> None:
    assert isinstance(changed(TrainingSpec(), KB.remedies[name].change), TrainingSpec)


def test_every_cause_leads_in_some_scenario_or_is_known_not_to() -> None:
    first = {scenario.expect.first for scenario in SCENARIOS}
    assert {name for name in KB.causes if name not in first} == WITHOUT_SCENARIO


def test_there_are_enough_scenarios_and_enough_of_them_are_healthy() -> None:
    assert len(SCENARIOS) >= 30
    assert sum(scenario.healthy for scenario in SCENARIOS) >= 8


def test_every_name_that_a_scenario_expects_is_known() -> None:
    named = {
        name
        for s in SCENARIOS
        for name in (s.expect.first, *s.expect.named, *s.expect.follows, *s.expect.never)
        if name is not None
    }
    assert named <= set(KB.causes)
    assert {name for s in SCENARIOS for name in s.cured_by} <= set(KB.remedies)
