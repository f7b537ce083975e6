"""What follows from facts: both matchers and a naive reading of the rules agree on it."""

import json
import locale
import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from random_knowledge import (
    SLOTS,
    TEMPLATES,
    Crate,
    Draft,
    Lamp,
    Weather,
    random_draft,
    random_facts,
)

from traindx.engine.checks import LARGEST_CONJUNCTION
from traindx.engine.compile import Program, compiled
from traindx.engine.durable import USES, DurableMatcher, Numbering
from traindx.engine.facts import Fact, ordered
from traindx.engine.inference import Finding, Inference, infer
from traindx.engine.knowledge import KnowledgeBase
from traindx.engine.language import Constraint, Pattern
from traindx.engine.loader import load
from traindx.engine.matching import PlainMatcher
from traindx.engine.sources import SourceError

CASES = int(os.environ.get("RANDOM_CASES", "500"))
"""Random knowledge bases; each meets FACT_SETS sets of facts. The environment may ask for more."""
FACT_SETS = 6
BATCHES = 10
MATCHERS = (PlainMatcher, DurableMatcher)


# The naive evaluator: the meaning of the rules, read off the knowledge base by recursion.


class Naive:
    """What holds of some facts, found without compiling, numbering or waves."""

    def __init__(self, kb: KnowledgeBase, facts: list[Fact]) -> None:
        self.kb = kb
        self.facts = list(ordered(facts))
        self.symptom = cache(self._symptom)

    def findings(self) -> dict[tuple[str, ...], list[dict[str, Any]]]:
        """Findings by rule."""
        found = {("symptom", name): self.symptom(name) for name in self.kb.symptoms}
        for name, cause in self.kb.causes.items():
            for line, rule in cause.evidence.items():
                found["evidence", name, line] = list(self.holding(rule))
        return {key: some for key, some in found.items() if some}

    def _symptom(self, name: str) -> list[dict[str, Any]]:
        rule = self.kb.symptoms[name]
        found = list(self.holding(rule))
        for finding in found:
            finding["slots"] = self.shown(rule, finding["bound"])
        return found

    @staticmethod
    def shown(rule: Any, bound: Mapping[str, Any]) -> dict[str, Any]:
        if rule.shows:
            paths = {slot: path.split(".") for slot, path in rule.shows.items()}
            return {slot: slots(bound[role]).get(inner) for slot, (role, inner) in paths.items()}
        if len(rule.when.roles) == 1 and not rule.when.any:
            return dict(slots(next(iter(bound.values())))) if bound else {}
        return {}

    def holding(self, rule: Any) -> Iterator[dict[str, Any]]:
        ways = [{**rule.when.roles, **more} for more in rule.when.any] or [dict(rule.when.roles)]
        for number, way in enumerate(ways):
            joined = {role for role, p in way.items() if self.joins(p, rule.same)}
            for entity in sorted(self.entities(way, joined, rule.same), key=repr):
                bound = self.bound(rule, way, joined, entity)
                if bound is not None:
                    clarity = sum(m for m, _ in bound.values())
                    roles = {role: item for role, (_, item) in bound.items()}
                    yield {"way": number, "entity": entity, "bound": roles, "clarity": clarity}

    def entities(self, way: Mapping[str, Pattern], joined: set[str], same: tuple[str, ...]) -> Any:
        """Every entity that the joined patterns may be about; the run, if there is none."""
        if not joined:
            return {()}
        items = [item for role in joined for item in self.candidates(way[role])]
        entities = {tuple(slots(item).get(s) for s in same) for item in items}
        return {entity for entity in entities if None not in entity}

    def bound(
        self, rule: Any, way: Mapping[str, Pattern], joined: set[str], entity: tuple[Any, ...]
    ) -> dict[str, Any] | None:
        """The margin and the item for each role, or None if the rule does not hold."""
        bound = {}
        for role, pattern in way.items():
            about = zip(rule.same, entity, strict=True) if role in joined else ()
            found = self.matching(pattern, dict(about))
            if not self.enough(pattern, found):
                return None
            if found:
                best = max(margin(pattern, item) for item in found)
                bound[role] = best, next(i for i in found if margin(pattern, i) == best)
        for pattern in rule.unless.values():
            joins = bool(joined) and self.joins(pattern, rule.same)
            found = self.matching(
                pattern, dict(zip(rule.same, entity, strict=True)) if joins else {}
            )
            if self.enough(pattern, found):
                return None
        return bound

    def joins(self, pattern: Pattern, same: tuple[str, ...]) -> bool:
        return bool(same) and pattern.count is None and all(s in self.has(pattern) for s in same)

    def has(self, pattern: Pattern) -> tuple[str, ...]:
        """The slots of what a pattern asks about."""
        if pattern.fact:
            return SLOTS[pattern.fact]
        rule = self.kb.symptoms[str(pattern.symptom)]
        lone = len(rule.when.roles) == 1 and not rule.when.any
        return tuple(rule.shows) or (self.has(*rule.when.roles.values()) if lone else ())

    def candidates(self, pattern: Pattern) -> list[Any]:
        if pattern.fact:
            return [fact for fact in self.facts if fact.kind == pattern.fact]
        return self.symptom(str(pattern.symptom))

    def matching(self, pattern: Pattern, about: Mapping[str, Any]) -> list[Any]:
        return [
            item
            for item in self.candidates(pattern)
            if all(slots(item).get(slot) == value for slot, value in about.items())
            and all(satisfies(slots(item).get(s), c) for s, c in pattern.constraints.items())
        ]

    @staticmethod
    def enough(pattern: Pattern, found: list[Any]) -> bool:
        different = {tuple(slots(item).items()) for item in found}
        return satisfies(len(different), pattern.count) if pattern.count else bool(found)


def slots(item: Any) -> Mapping[str, Any]:
    return item.slots if isinstance(item, Fact) else item["slots"]


def satisfies(value: Any, test: Constraint) -> bool:
    """Whether a value satisfies a constraint, each comparison spelled out."""
    if value is None:
        return False
    asked = test.model_fields_set
    return not (
        ("equals" in asked and value != test.equals)
        or ("is_not" in asked and value == test.is_not)
        or ("one_of" in asked and not any(value == one for one in test.one_of or ()))
        or ("above" in asked and not value > test.above)
        or ("at_least" in asked and not value >= test.at_least)
        or ("below" in asked and not value < test.below)
        or ("at_most" in asked and not value <= test.at_most)
    )


def margin(pattern: Pattern, item: Any) -> float:
    """How clearly a match matches: relative distance from the nearest bound, over the slots."""
    total = 0.0
    for slot, test in pattern.constraints.items():
        value = slots(item).get(slot)
        lower = [value - b for b in (test.above, test.at_least) if b is not None]
        upper = [b - value for b in (test.below, test.at_most) if b is not None]
        bounds = [b for b in (test.above, test.at_least, test.below, test.at_most) if b is not None]
        inside = [float(d) / (abs(b) or 1.0) for d, b in zip(lower + upper, bounds, strict=True)]
        total += min(inside, default=0.0)
    return total


def plainly(item: Any) -> Any:
    """A finding (of the engine or the naive evaluator) as nested tuples; a fact as itself."""
    if isinstance(item, Fact):
        return item
    if isinstance(item, Finding):
        item = {
            "way": item.alternative,
            "entity": item.entity,
            "bound": item.bound,
            "clarity": item.clarity,
        }
    bound = tuple(sorted((role, plainly(one)) for role, one in item["bound"].items()))
    return item["way"], item["entity"], bound, item["clarity"]


def in_order(found: Any) -> list[Any]:
    """Findings as they are to be listed: the clearest first, then by alternative and entity."""
    return sorted(map(plainly, found), key=lambda f: (-f[3], f[0], repr(f[1])))


def agree(kb: KnowledgeBase, inference: Inference) -> None:
    """Asserts that an inference is what a naive reading of the rules gives."""
    expected = {k: in_order(f) for k, f in Naive(kb, list(inference.facts)).findings().items()}
    assert {k: list(map(plainly, f)) for k, f in inference.findings.items()} == expected


# Random knowledge.


@pytest.mark.parametrize("batch", range(BATCHES))
def test_three_ways_of_inference_agree_whatever_order_the_facts_come_in(batch: int) -> None:
    for seed in range(batch, CASES, BATCHES):
        rng = random.Random(seed)
        kb = random_draft(rng).knowledge()
        program = compiled(kb, TEMPLATES)
        matchers = [matcher(program) for matcher in MATCHERS]
        for _ in range(FACT_SETS):
            facts = random_facts(rng)
            first = infer(facts, program, matchers[0])
            agree(kb, first)
            for matcher in matchers:
                rng.shuffle(facts)
                assert infer(facts + facts[:2], program, matcher) == first, f"seed {seed}"


def test_random_knowledge_is_not_trivial() -> None:
    fired, waves = 0, Counter[int]()
    for seed in range(100):
        rng = random.Random(seed)
        program = compiled(random_draft(rng).knowledge(), TEMPLATES)
        inference = infer(random_facts(rng), program, PlainMatcher(program))
        fired += len(inference.trace)
        waves.update({wave for wave, _ in inference.trace})
    assert fired > 200
    assert waves[2] > 5
    assert waves[3] > 0


def test_what_is_written_to_files_is_what_is_inferred_with(tmp_path: Path) -> None:
    loaded, complaints = 0, list[str]()
    for seed in range(40):
        draft = random_draft(random.Random(seed))
        folder = tmp_path / str(seed)
        folder.mkdir()
        draft.written(folder)
        try:
            kb = load(folder, templates=TEMPLATES)
        except SourceError as error:
            complaints += [complaint.text for complaint in error.complaints]
            continue
        loaded += 1
        assert compiled(kb, TEMPLATES) == compiled(draft.knowledge(), TEMPLATES)
    assert loaded > 20
    # The generator also writes what inference defines and the loader does not let pass.
    assert all("no pattern that must match has the slot" in text for text in complaints)


# Corners.


def knowledge(**whens: dict[str, Any]) -> KnowledgeBase:
    """Symptoms by name, each as its rule without `because`."""
    symptoms = {
        name: {"symptom": name, "title": name, "severity": "note", "because": "So.", **rule}
        for name, rule in whens.items()
    }
    return Draft(symptoms, {}, {}).knowledge()


def found(kb: KnowledgeBase, *facts: Fact) -> dict[str, set[Any]]:
    """The entities of which each symptom holds, after all matchers and the naive one agreed."""
    program = compiled(kb, TEMPLATES)
    plain, durable = (infer(facts, program, matcher(program)) for matcher in MATCHERS)
    assert plain == durable
    agree(kb, plain)
    return {key[1]: {f.entity for f in some} for key, some in plain.findings.items()}


def lamp(place: str = "hall", **more: Any) -> Lamp:
    return Lamp(place=place, **{"colour": "red", "power": 1.0, **more})


def crate(place: str = "hall", **more: Any) -> Crate:
    return Crate(place=place, **{"number": 1, "sealed": True, **more})


A_LAMP, A_CRATE, A_SKY = {"fact": "lamp"}, {"fact": "crate"}, {"fact": "weather"}


def test_without_facts_nothing_holds_but_what_asks_for_nothing() -> None:
    kb = knowledge(
        some={"when": {"x": A_LAMP}},
        none={"when": {"x": {**A_LAMP, "count": 0}}},
        few={"when": {"x": {**A_LAMP, "count": {"below": 2}}}, "unless": {"y": A_CRATE}},
    )
    assert found(kb) == {"none": {()}, "few": {()}}


def test_without_rules_nothing_is_found() -> None:
    assert found(knowledge(), lamp(), crate()) == {}


def test_unless_on_a_symptom_two_levels_up_waits_for_it() -> None:
    kb = knowledge(
        a={"when": {"x": A_LAMP}},
        b={"when": {"x": {"symptom": "a"}}},
        calm={"when": {"x": A_CRATE}, "unless": {"y": {"symptom": "b"}}},
    )
    assert found(kb, crate()) == {"calm": {()}}
    assert "calm" not in found(kb, crate(), lamp())


def test_unless_joined_is_about_the_same_entity() -> None:
    kb = knowledge(
        here={"when": {"x": A_LAMP}, "unless": {"y": A_CRATE}, "same": ["place"]},
        anywhere={"when": {"x": A_LAMP}, "unless": {"y": A_CRATE}},
    )
    assert found(kb, lamp("hall"), lamp("yard"), crate("yard")) == {"here": {("hall",)}}
    assert found(kb, lamp("yard"), crate("hall"))["here"] == {("yard",)}


def test_unless_has_nothing_to_agree_with_in_an_alternative_without_the_slot() -> None:
    rule = {"any": [{"x": A_LAMP}, {"x": A_SKY}]}
    kb = knowledge(odd={"when": rule, "unless": {"y": A_CRATE}, "same": ["place"]})
    sky = Weather(sky="clear", rain=False)
    assert found(kb, sky) == {"odd": {()}}
    assert found(kb, sky, crate()) == {}
    assert found(kb, sky, lamp("yard"), crate("hall")) == {"odd": {("yard",)}}


def test_nothing_holds_of_what_is_not_known() -> None:
    kb = knowledge(
        is_not={"when": {"x": {**A_LAMP, "lit": {"is_not": True}}}},
        dark={"when": {"x": A_LAMP}, "unless": {"y": {**A_LAMP, "lit": True}}},
    )
    assert found(kb, lamp(lit=None)) == {"dark": {()}}


def test_alternatives_that_share_a_symptom_each_speak() -> None:
    kb = knowledge(
        a={"when": {"x": A_LAMP}},
        both={"when": {"any": [{"x": {"symptom": "a"}}, {"x": {"symptom": "a"}, "y": A_CRATE}]}},
        after={"when": {"x": {"symptom": "both", "count": 1}}},
    )
    assert found(kb, lamp(), crate()) == {"a": {()}, "both": {()}, "after": {()}}


def test_a_count_is_of_what_differs() -> None:
    kb = knowledge(
        two={"when": {"x": {**A_LAMP, "count": {"at_least": 2}}}},
        lit={
            "when": {"x": {**A_LAMP, "lit": True}},
            "same": ["place"],
            "shows": {"place": "x.place"},
        },
        everywhere={"when": {"x": {"symptom": "lit", "count": {"at_least": 2}}}},
    )
    assert found(kb, lamp(), lamp()) == {}
    assert "everywhere" not in found(kb, lamp(lit=True), lamp(lit=True, power=2.0))
    assert found(kb, lamp("hall", lit=True), lamp("yard", lit=True))["everywhere"] == {()}


def test_equal_facts_are_one_whichever_came_first() -> None:
    zeros = lamp(power=0.0), lamp(power=-0.0)
    program = compiled(knowledge(a={"when": {"x": A_LAMP}}), TEMPLATES)
    texts = {repr(infer(facts, program, PlainMatcher(program))) for facts in permutations(zeros)}
    assert len(texts) == 1


def test_the_clearest_match_plays_the_role() -> None:
    bright = {**A_LAMP, "power": {"above": 0.5}}
    program = compiled(knowledge(a={"when": {"x": bright}}), TEMPLATES)
    facts = [lamp(power=0.6), lamp(power=3.0), lamp(power=2.0)]
    finding = infer(facts, program, PlainMatcher(program)).clearest("symptom", "a")
    assert finding is not None
    assert finding.bound["x"] == facts[1]


@pytest.mark.parametrize("rules", [USES - 1, USES, USES + 1, 300, 2 * USES + 1])
def test_an_atom_may_be_used_by_many_rules(rules: int) -> None:
    some = {
        f"s{n}": {"when": {"x": A_LAMP, "y": {**A_CRATE, "number": n % 4}}, "same": ["place"]}
        for n in range(rules)
    }
    told = found(knowledge(**some), lamp("hall"), lamp("yard"), crate("hall"), crate("yard"))
    assert told == {f"s{n}": {("hall",), ("yard",)} for n in range(rules) if n % 4 == 1}


def test_there_may_be_hundreds_of_atoms_and_dozens_of_entities() -> None:
    some = {
        f"s{n}": {
            "when": {"x": {**A_LAMP, "power": {"above": n}}, "y": A_CRATE},
            "unless": {"z": {**A_CRATE, "number": {"above": n}}},
            "same": ["place"],
        }
        for n in range(300)
    }
    places = [f"room {n}" for n in range(40)]
    facts: list[Fact] = [lamp(place, power=7.5 * n) for n, place in enumerate(places)]
    facts += [crate(place, number=5 * n) for n, place in enumerate(places)]
    kb = knowledge(**some)
    assert len(compiled(kb, TEMPLATES).atoms) > 600
    assert len(found(kb, *facts)["s250"]) == 6


def test_a_rule_may_have_as_many_patterns_as_the_loader_allows() -> None:
    roles = {
        f"r{n}": {**A_LAMP, "power": {"above": n / 10}} for n in range(LARGEST_CONJUNCTION - 1)
    }
    kb = knowledge(s={"when": roles, "unless": {"u": A_CRATE}, "same": ["place"]})
    assert found(kb, lamp("hall"), lamp("yard"), lamp("attic", power=0.5), crate("yard")) == {
        "s": {("hall",)}
    }


def test_a_long_chain_of_symptoms_is_followed() -> None:
    chain: dict[str, Any] = {"s0": {"when": {"x": A_LAMP}}}
    chain |= {f"s{n}": {"when": {"x": {"symptom": f"s{n - 1}"}}} for n in range(1, 40)}
    assert len(found(knowledge(**chain), lamp())) == 40


# Where it runs.


def a_case(seed: int = 7) -> tuple[KnowledgeBase, Program, list[list[Fact]]]:
    """Knowledge with many rules, and sets of facts."""
    rng = random.Random(seed)
    draft = max(
        (random_draft(rng) for _ in range(50)), key=lambda d: len(d.symptoms) + len(d.causes)
    )
    kb = draft.knowledge()
    return kb, compiled(kb, TEMPLATES), [random_facts(rng) for _ in range(40)]


def inferred(seed: int) -> str:
    """What both matchers find, in a process of its own, as text."""
    _, program, sets = a_case(seed)
    texts = {repr([infer(f, program, m(program)).findings for f in sets]) for m in MATCHERS}
    return "\n".join(texts)


def test_threads_share_a_matcher() -> None:
    _, program, sets = a_case()
    expected = [infer(facts, program, PlainMatcher(program)) for facts in sets]
    matcher = DurableMatcher(program)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(lambda f: infer(f, program, matcher), sets)) == expected


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_find_the_same(start: str) -> None:
    expected = [inferred(seed) for seed in (1, 2)]
    assert all("\n" not in text for text in expected)
    with ProcessPoolExecutor(2, multiprocessing.get_context(start)) as pool:
        assert list(pool.map(inferred, (1, 2))) == expected


def test_a_matcher_works_on_in_a_forked_process() -> None:
    _, program, sets = a_case()
    matcher = DurableMatcher(program)
    expected = [infer(facts, program, matcher) for facts in sets]
    with matcher.session() as session:  # the child must not wait for the parent's session
        session.tell([(0, 0)])
        pid = os.fork()
        if pid == 0:
            same = [infer(facts, program, matcher) for facts in sets] == expected
            os._exit(0 if same else 1)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert [infer(facts, program, matcher) for facts in sets] == expected


def test_programs_and_findings_can_be_pickled_and_matchers_say_why_not() -> None:
    _, program, sets = a_case()
    inference = infer(sets[0], program, PlainMatcher(program))
    assert pickle.loads(pickle.dumps((program, inference))) == (program, inference)
    with pytest.raises(TypeError, match="pass the knowledge base"):
        pickle.dumps(DurableMatcher(program))


def test_an_error_within_a_session_leaves_the_matcher_usable() -> None:
    _, program, sets = a_case()
    matcher = DurableMatcher(program)
    expected = infer(sets[0], program, matcher)
    with pytest.raises(KeyError):
        _fail_within(matcher)
    assert infer(sets[0], program, matcher) == expected


def _fail_within(matcher: DurableMatcher) -> None:
    with matcher.session() as session:
        session.tell([(0, 0)])
        raise KeyError


def resident() -> float:
    """Resident memory of this process in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.parametrize("kind", MATCHERS)
def test_memory_is_flat_and_no_thread_is_left(kind: Any) -> None:
    _, program, sets = a_case()
    before = threading.active_count(), len(os.listdir("/proc/self/task"))
    matcher = kind(program)
    for n in range(500):
        infer(sets[n % 40], program, matcher)
    start = resident()
    for n in range(5000):
        infer(sets[n % 40], program, matcher)
    assert resident() - start < 4
    assert (threading.active_count(), len(os.listdir("/proc/self/task"))) == before


def test_only_whole_numbers_reach_durable_rules() -> None:
    """It reads fractions by the locale's comma, and drops facts with some exponents."""
    _, program, _ = a_case()
    numbering = Numbering(program)
    told = [(atom.number, entity) for atom in program.atoms for entity in range(3)]
    for text in (*numbering.messages(told, 0), json.dumps(numbering.ruleset())):
        assert not any(isinstance(n, float) for n in _numbers(json.loads(text)))


def _numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _numbers(one)
    else:
        yield value


def test_a_decimal_comma_changes_nothing() -> None:
    numeric = locale.setlocale(locale.LC_NUMERIC)
    commas = [name for name in ("de_DE.UTF-8", "fr_FR.UTF-8") if _is_installed(name)]
    expected = inferred(3)
    try:
        for name in commas:
            locale.setlocale(locale.LC_NUMERIC, name)
            assert inferred(3) == expected
    finally:
        locale.setlocale(locale.LC_NUMERIC, numeric)


def _is_installed(name: str) -> bool:
    here = locale.setlocale(locale.LC_NUMERIC)
    try:
        locale.setlocale(locale.LC_NUMERIC, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_NUMERIC, here)
    return True


WITHOUT = """
import sys
sys.modules["durable_rules_engine"] = None
from traindx.engine.compile import Program
from traindx.engine.durable import DurableMatcher, UnavailableError
try:
    DurableMatcher(Program((), (), 1, {}))
except UnavailableError as error:
    assert "durable_rules is not installed or not importable" in str(error)
    print("said so")
"""


def test_without_durable_rules_only_that_is_said() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    )
    assert run.stdout == "said so\n"
