"""The knowledge base keeps its word: its examples hold, and nothing in it is idle or ill said."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from time import process_time
from types import NoneType
from typing import Any, get_args

import pytest

from traindx.diagnosing import load_knowledge
from traindx.engine.compile import compiled
from traindx.engine.facts import Fact
from traindx.engine.inference import infer
from traindx.engine.knowledge import Cause, Example, Remedy, Symptom
from traindx.engine.language import Pattern
from traindx.engine.matching import PlainMatcher
from traindx.engine.sentences import Sentence

KB = load_knowledge()
PROGRAM = compiled(KB, Fact.templates)
MATCHER = PlainMatcher(PROGRAM)

LEAST = {"symptoms": 35, "causes": 50, "benign": 10, "remedies": 56}
"""What the knowledge base must at least hold of each."""
SLOWEST_LOAD = 0.6
"""Seconds of computing until all of it is read and checked."""
ANY_OF_SYMPTOMS = frozenset({"learning_is_poor", "overshoots"})
"""They hold as soon as one of several symptoms does: there is no edge to stand outside of."""
IDLE_SYMPTOMS = frozenset({"training_works"})
"""Steps of the reasoning that nothing rests on yet."""
IDLE_REMEDIES = frozenset(
    {"add_validation", "gradient_check", "keep_going", "reseed_and_average", "synchronize_replicas"}
)
"""Remedies that no cause prescribes yet."""
IDLE_REFERENCES = frozenset(
    {"braiek2022", "cao2022", "hu2022", "lewkowycz2020", "peng1990", "wardat2021"}
)
"""Publications that nothing cites yet."""

EXAMPLES = [
    pytest.param(symptom, example, id=f"{name}-{n}-{'holds' if example.holds else 'silent'}")
    for name, symptom in KB.symptoms.items()
    for n, example in enumerate(symptom.examples)
]
every_symptom = pytest.mark.parametrize("symptom", KB.symptoms.values(), ids=KB.symptoms)
every_cause = pytest.mark.parametrize("cause", KB.causes.values(), ids=KB.causes)
every_remedy = pytest.mark.parametrize("remedy", KB.remedies.values(), ids=KB.remedies)


def neutral(annotation: Any) -> Any:
    """What a slot holds that does not matter: nothing, if it may be unknown."""
    parts = get_args(annotation)
    if NoneType in parts:
        return None
    return parts[0] if parts else annotation()


def fact(pattern: Pattern, given: Mapping[str, Any]) -> Fact:
    """A fact of what the pattern asks about; slots that are not given are neutral."""
    template = Fact.templates[str(pattern.fact)]
    slots = {slot: neutral(field.annotation) for slot, field in template.model_fields.items()}
    tests = pattern.constraints
    subject = {slot: tests[slot].equals for slot in template.about if slot in tests}
    named = {slot: value for slot, value in subject.items() if value is not None}
    return template.model_validate({**slots, **named, **given})


def facts(symptom: Symptom, example: Example) -> Iterator[Fact]:
    """The facts of an example.

    A role that alternatives fill differently is that of the last one (as for the loader). A role
    whose matches are counted stands for as many layers as it asks for. The role of a symptom,
    written `{}`, stands for the first example that this symptom holds of.
    """
    roles = {**symptom.unless}
    for alternative in symptom.when.alternatives:
        roles.update(alternative)
    for role, given in example.facts.items():
        pattern = roles[role]
        if pattern.symptom:
            assert not given, f"{role}: a symptom has no facts of its own; write {{}}"
            below = KB.symptoms[pattern.symptom]
            yield from facts(below, next(e for e in below.examples if e.holds))
        elif pattern.count:
            layers = range(int(pattern.count.at_least or 1))
            yield from (fact(pattern, {"layer": str(n), **given}) for n in layers)
        else:
            yield fact(pattern, given)


@pytest.mark.parametrize(("symptom", "example"), EXAMPLES)
def test_an_example_is_what_it_says(symptom: Symptom, example: Example) -> None:
    found = infer(facts(symptom, example), PROGRAM, MATCHER)
    assert bool(found.clearest("symptom", symptom.symptom)) is example.holds


@every_symptom
def test_a_symptom_shows_where_it_holds_and_where_not(symptom: Symptom) -> None:
    shown = {example.holds for example in symptom.examples}
    assert shown == ({True} if symptom.symptom in ANY_OF_SYMPTOMS else {True, False})


@every_symptom
def test_a_symptom_shows_slots_that_exist(symptom: Symptom) -> None:
    for path in symptom.shows.values():
        role, _, slot = path.partition(".")
        for alternative in symptom.when.alternatives:
            assert slot in Fact.templates[str(alternative[role].fact)].model_fields


@every_symptom
def test_what_is_fine_is_said_of_every_symptom_that_is_reported(symptom: Symptom) -> None:
    if symptom.inner:
        return
    assert symptom.clear
    assert symptom.clear[0].islower()
    assert not symptom.clear.endswith(".")


def test_nothing_is_said_twice() -> None:
    titles = Counter(e.title.lower() for e in (*KB.symptoms.values(), *KB.causes.values()))
    orders = Counter(remedy.do.lower() for remedy in KB.remedies.values())
    assert [said for said, times in (*titles.items(), *orders.items()) if times > 1] == []


@every_cause
def test_something_speaks_for_a_cause(cause: Cause) -> None:
    assert any(line.sign > 0 for line in cause.evidence.values())


@every_cause
def test_a_cause_does_not_explain_itself(cause: Cause) -> None:
    assert cause.cause not in set(cause.explains) - set(KB.symptoms)


@every_remedy
def test_a_remedy_is_an_order_of_two_to_five_words(remedy: Remedy) -> None:
    assert 2 <= len(remedy.do.split()) <= 5


def said() -> Iterator[tuple[str, str]]:
    """Every sentence for a reader, and whose it is."""
    yield from ((".".join(key), rule.because) for key, rule in KB.rules())
    yield from ((name, remedy.how) for name, remedy in KB.remedies.items())
    for name, cause in KB.causes.items():
        yield from ((name, text or "") for text in (cause.about, cause.settle))
        yield name, cause.false_positives or ""


@pytest.mark.parametrize("text", [pytest.param(t, id=i) for i, t in said() if t])
def test_a_sentence_is_whole(text: str) -> None:
    assert text.rstrip().endswith(".")
    assert "  " not in text.strip()
    assert not re.search(r" [,;:)]|\( ", text)


@every_symptom
def test_what_is_clear_is_denied_and_nothing_else_is_claimed(symptom: Symptom) -> None:
    """That a loss does not swing says less than that it is calm; only the first was looked for."""
    assert symptom.inner or re.search(r"\b(not|no|nothing)\b", symptom.clear or "no")


@every_symptom
def test_numbers_are_said_with_three_digits_and_no_plural_in_brackets(symptom: Symptom) -> None:
    assert "(s)" not in symptom.because
    for role, slot, spec in Sentence(symptom.because).slots:
        assert re.fullmatch(r"(\+?\.[0-3][gf%]|g|[a-z ]+\|[a-z ]+)?", spec), f"{role}.{slot}:{spec}"


def cited() -> Iterator[str]:
    """Every reference that something cites."""
    yield from KB.scale.references
    for entry in (*KB.symptoms.values(), *KB.causes.values(), *KB.remedies.values()):
        yield from entry.references


def rested_on() -> Iterator[str]:
    """Every symptom that a rule asks for, a remedy minds, or a cause explains."""
    yield from (p.symptom for _, rule in KB.rules() for p in rule.patterns if p.symptom)
    yield from (p.symptom for r in KB.remedies.values() for p in r.unless.values() if p.symptom)
    yield from (name for cause in KB.causes.values() for name in cause.explains)


def test_no_symptom_is_idle() -> None:
    """A symptom is shown in the report, or it is a step that something rests on."""
    unseen = {name for name, symptom in KB.symptoms.items() if symptom.inner}
    assert unseen - set(rested_on()) <= IDLE_SYMPTOMS


def test_no_remedy_is_idle() -> None:
    prescribed = {remedy for cause in KB.causes.values() for remedy in cause.remedies}
    assert set(KB.remedies) - prescribed <= IDLE_REMEDIES


def test_no_reference_is_idle() -> None:
    assert set(KB.references) - set(cited()) <= IDLE_REFERENCES


def test_it_holds_enough() -> None:
    benign = [cause for cause in KB.causes.values() if cause.benign]
    parts = {"symptoms": KB.symptoms, "causes": KB.causes, "benign": benign}
    held = {part: len(entries) for part, entries in (*parts.items(), ("remedies", KB.remedies))}
    assert {part: n for part, n in held.items() if n < LEAST[part]} == {}


def seconds_to_load() -> float:
    begun = process_time()
    load_knowledge()
    return process_time() - begun


def test_it_loads_quickly() -> None:
    assert min(seconds_to_load() for _ in range(3)) < SLOWEST_LOAD
