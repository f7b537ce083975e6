"""The knowledge base: symptoms, causes, remedies and the scale of weights, as types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, Literal

from pydantic import Field, model_serializer, model_validator

from traindx.engine.language import Declared, Pattern, Rule, Scalar, Severity, Slug


class Example(Declared):
    """Facts by the role they play, and whether the symptom holds of them."""

    holds: bool
    facts: dict[Slug, dict[str, Scalar | None]]


class Symptom(Rule):
    """A named pattern over facts: how trouble (or its absence) looks."""

    symptom: Slug
    title: str
    severity: Severity
    limits: bool = False
    """Whether no run of which it holds is called healthy: too little is known."""
    next: str = ""
    """What to do where it limits what can be said; not told where a slot in it is not known."""
    inner: bool = False
    """Whether it is only a step of the reasoning, of which the reader of a report hears nothing."""
    shows: dict[Slug, str] = {}
    """Slots of its own, each as role.slot; without it, those of its only pattern."""
    clear: str | None = None
    """What the report says when it was looked for and not found."""
    examples: tuple[Example, ...] = ()
    references: tuple[Slug, ...] = ()


class EvidenceRule(Rule):
    """One line of evidence for a cause, or against it."""

    weight: str
    """A word of the scale; with a minus in front it speaks against."""

    @property
    def word(self) -> str:
        """The word without its sign."""
        return self.weight.lstrip("-")

    @property
    def sign(self) -> int:
        """+1 for, -1 against."""
        return -1 if self.weight.startswith("-") else 1


class Cause(Declared):
    """What may be wrong (or, if benign, right) with a run, and what speaks for and against it."""

    cause: Slug
    title: str
    about: str
    severity: Severity = Severity.WARNING
    prior: str
    benign: bool = False
    excludes: tuple[Slug, ...] = ()
    explains: tuple[Slug, ...] = ()
    """The symptoms and the other causes that it brings about."""
    evidence: dict[Slug, EvidenceRule] = Field(min_length=1)
    remedies: tuple[Slug, ...] = ()
    settle: str | None = None
    """The experiment that would decide whether this is it."""
    false_positives: str | None = None
    references: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _can_be_found_and_mended(self) -> "Cause":
        if all(line.sign < 0 for line in self.evidence.values()):
            raise ValueError("no evidence speaks for it")
        if not self.benign and not self.remedies:
            raise ValueError("a cause that is not benign needs remedies")
        return self


class Change(Declared):
    """What a remedy does to one setting."""

    set: Scalar | dict[str, Any] | list[Any] | None = None
    multiply: float | None = None
    add: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    keep: int | None = None
    """So many first entries of a list."""
    without: str | None = None
    """The entries of a list that are not of this name or kind."""

    @model_validator(mode="after")
    def _changes_one_thing(self) -> "Change":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        return self

    @model_serializer
    def _written(self) -> dict[str, Any]:
        return dict((self.operation,))

    @property
    def operation(self) -> tuple[str, Any]:
        """Its name and its operand."""
        (name,) = self.model_fields_set
        return name, getattr(self, name)


class Remedy(Declared):
    """One thing to change, how, and what it costs."""

    remedy: Slug
    do: str
    how: str
    change: dict[str, Change] = {}
    cost: Literal["config", "code", "data", "restart"]
    snippets: dict[Slug, str] = {}
    unless: dict[Slug, Pattern] = {}
    references: tuple[Slug, ...] = ()


class Reference(Declared):
    """A publication, and what it claims."""

    authors: str
    year: int
    title: str
    venue: str | None = None
    claims: str


class Scale(Declared):
    """What the words of the knowledge base are worth, in natural logarithms of odds."""

    weights: dict[Slug, float]
    priors: dict[Slug, float]
    strengths: dict[Slug, float]
    """Lowest score of each word for a diagnosis."""
    report_at: float
    """A cause is reported from this score on."""
    suspect_at: float
    """From this score on it is named where an alarming symptom has no better cause."""
    margin: float
    """Causes whose scores differ by less are not told apart."""
    overrule: float = inf
    """A cause accounts for another as a whole unless its score is lower by more than this."""
    references: tuple[Slug, ...] = ()

    def strength(self, score: float) -> str:
        """The word for a score."""
        reached = [(at, word) for word, at in self.strengths.items() if score >= at]
        return max(reached, default=(0.0, min(self.strengths, key=self.strengths.__getitem__)))[1]

    def is_firm(self, score: float) -> bool:
        """Whether the word for a score is in the upper half of the words."""
        words = sorted(self.strengths, key=self.strengths.__getitem__)
        return self.strength(score) in words[len(words) // 2 :]


@dataclass(frozen=True, eq=False)
class KnowledgeBase:
    """What is known. Symptoms, causes and remedies by name, sorted."""

    symptoms: Mapping[str, Symptom]
    causes: Mapping[str, Cause]
    remedies: Mapping[str, Remedy]
    references: Mapping[str, Reference]
    scale: Scale
    places: Mapping[str, str]
    """Where each was read from: `symptom dead_units` -> file."""

    def weight(self, line: EvidenceRule) -> float:
        """What a line of evidence is worth, signed."""
        return line.sign * self.scale.weights[line.word]

    def prior(self, cause: Cause) -> float:
        """The log-odds of a cause before anything is known."""
        return self.scale.priors[cause.prior]

    def rules(self) -> Iterator[tuple[tuple[str, ...], Rule]]:
        """Every rule by its key: ("symptom", name), ("evidence", cause, line)."""
        for name, symptom in self.symptoms.items():
            yield ("symptom", name), symptom
        for name, cause in self.causes.items():
            for line, evidence in cause.evidence.items():
                yield ("evidence", name, line), evidence

    @cached_property
    def exclusions(self) -> frozenset[frozenset[str]]:
        """Pairs of causes that cannot both be."""
        return frozenset(frozenset((a, b)) for a, c in self.causes.items() for b in c.excludes)
