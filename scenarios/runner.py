"""The runner: trains, draws or reads each scenario's run, diagnoses it, and compares."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from traindx.engine.diagnosis import Diagnostician
from traindx.engine.knowledge import Change, KnowledgeBase
from traindx.engine.report import Report
from traindx.mlp.history import History
from traindx.mlp.network import TrainingSpec, train
from traindx.mlp.notation import drawn
from traindx.mlp.readers import read
from traindx.scenarios.forms import Expectation, Scenario

Knowledge = Callable[[], KnowledgeBase]
"""How to come by the knowledge base; it must be importable, for it is called in each process."""


@dataclass(frozen=True)
class Outcome:
    """What came of one scenario on one seed."""

    scenario: str
    seed: int
    problems: tuple[str, ...]
    headline: str
    first: str | None

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


def run_scenario(scenario: Scenario, seed: int, knowledge: Knowledge) -> Outcome:
    """Runs a scenario on one seed, its cures too, and says what was not as expected."""
    diagnostician = _diagnostician(knowledge)
    report = diagnostician.diagnose(history_of(scenario, seed))
    problems = [*unmet(scenario.expect, report, scenario.healthy)]
    for remedy in scenario.cured_by:
        problems.extend(_uncured(scenario, seed, remedy, diagnostician))
    first = report.diagnoses[0].cause if report.diagnoses else None
    return Outcome(scenario.scenario, seed, tuple(problems), report.headline, first)


def run_scenarios(
    scenarios: Iterable[Scenario],
    knowledge: Knowledge,
    seeds: Iterable[int] | None = None,
    processes: int = 2,
) -> Iterator[Outcome]:
    """Runs scenarios on all their seeds (or on those given) in parallel processes."""
    fixed = tuple(seeds) if seeds is not None else None
    jobs = [(s, seed) for s in scenarios for seed in (fixed or s.seeds)]
    run = partial(_job, knowledge=knowledge)
    if processes <= 1:
        yield from map(run, jobs)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run, jobs, chunksize=1)


def _job(job: tuple[Scenario, int], knowledge: Knowledge) -> Outcome:
    return run_scenario(*job, knowledge)


@lru_cache(maxsize=4)
def _diagnostician(knowledge: Knowledge) -> Diagnostician:
    return Diagnostician(knowledge())


def history_of(scenario: Scenario, seed: int) -> History:
    """The run of a scenario."""
    if scenario.train is not None:
        return train(scenario.train, seed)
    if scenario.log is not None:
        history = read(Path(scenario.place).parent / scenario.log)
    else:
        rng = np.random.default_rng(seed)
        columns = {
            n: _noisy(n, drawn(t), scenario.noise, rng) for n, t in (scenario.curves or {}).items()
        }
        history = read(columns)
    known = {k: v for k, v in scenario.settings if v is not None}
    settings = history.settings.model_copy(update=known)
    return replace(history, settings=settings)


def _noisy(
    name: str, values: list[float | None], noise: float, rng: np.random.Generator
) -> list[float | None]:
    factors = np.exp(noise * rng.standard_normal(len(values)))
    if not noise or "loss" not in name or "scale" in name:
        return values
    return [None if v is None else v * f for v, f in zip(values, factors.tolist(), strict=True)]


def unmet(expect: Expectation, report: Report, healthy: bool) -> Iterator[str]:
    """What a report does not say although it must, or says although it must not."""
    faults = [d.cause for d in report.diagnoses if not d.benign]
    every = [d.cause for d in report.diagnoses]
    first = every[0] if every else None
    if expect.first is not None and first != expect.first:
        yield f"first is {first}, not {expect.first}"
    follows = {f.cause for d in report.diagnoses[:1] for f in d.follows}
    yield from (f"{name} is not named" for name in expect.named if name not in every)
    yield from (f"{name} does not follow" for name in expect.follows if name not in follows)
    unwanted = (*expect.never, *expect.look_alikes)
    yield from (f"{name} is named" for name in unwanted if name in every)
    seen = {s.symptom for s in report.symptoms}
    yield from (f"{name} is not seen" for name in expect.symptoms if name not in seen)
    if expect.verdict is not None and report.verdict != expect.verdict:
        yield f"the verdict is {report.verdict}, not {expect.verdict}: {report.headline}"
    if healthy and (faults or report.verdict == "faulty"):
        yield f"not silent: {', '.join(faults) or report.headline}"


def _uncured(
    scenario: Scenario, seed: int, remedy: str, diagnostician: Diagnostician
) -> Iterator[str]:
    """Why a remedy does not heal, if it does not."""
    change = diagnostician.knowledge.remedies[remedy].change
    spec = scenario.train
    if spec is None or not change:
        yield f"{remedy} says no `change` that could be tried"
        return
    history = train(changed(spec, change), seed)
    report = diagnostician.diagnose(history)
    named = [d.cause for d in report.diagnoses]
    for fault in dict.fromkeys((scenario.expect.first, *scenario.expect.named)):
        if fault in named:
            yield f"{remedy} does not cure: {fault} is still named"
    loss = history.get("loss", "train")
    if loss is None or not loss.values[-1] < loss.values[0]:
        yield f"{remedy} does not cure: the loss does not fall"


def changed(spec: TrainingSpec, change: Mapping[str, Change]) -> TrainingSpec:
    """A training with a remedy applied."""
    return spec.changed({path: dict((one.operation,)) for path, one in change.items()})
