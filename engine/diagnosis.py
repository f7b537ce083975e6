"""Diagnosis: the whole way from a run to a report."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from traindx.engine.advice import prescriptions, to_explain, to_settle, way_on
from traindx.engine.compile import Program, compiled
from traindx.engine.durable import DurableMatcher, UnavailableError
from traindx.engine.facts import Fact, observe
from traindx.engine.inference import Finding, Inference, infer
from traindx.engine.knowledge import KnowledgeBase, Symptom
from traindx.engine.language import Severity
from traindx.engine.matching import Matcher, PlainMatcher
from traindx.engine.observed import Search
from traindx.engine.ranking import Candidate, Line, Ranking, rank
from traindx.engine.report import (
    Clear,
    Consequence,
    Diagnosis,
    EvidenceLine,
    Observation,
    Report,
    RuledOut,
    SymptomFound,
    Unchecked,
    Verdict,
)
from traindx.engine.selection import EVERYTHING, Scope, Selection

SEVERITIES = tuple(Severity)


class Diagnostician:
    """A knowledge base made ready to diagnose runs with. Safe to use from several threads."""

    def __init__(self, knowledge: KnowledgeBase, engine: str = "auto") -> None:
        self.knowledge = knowledge
        self.selection = EVERYTHING
        self.program = compiled(knowledge, Fact.templates)
        self.matcher = matcher(self.program, engine)

    def selecting(self, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> "Diagnostician":
        """One that reports only these causes and symptoms (all, if none are named), not those.

        Raises ValueError about names of nothing, with what may have been meant.
        """
        chosen = copy(self)
        chosen.selection = Selection(tuple(select), tuple(ignore))
        if unknown := "; ".join(chosen.selection.complaints(self.knowledge)):
            raise ValueError(unknown)
        return chosen

    def diagnose(self, run: Any) -> Report:
        """The report about a run of any kind that can be observed."""
        source, remarks = str(getattr(run, "source", "")), tuple(getattr(run, "notes", ()))
        return self.report(observe(run), source, remarks)

    def report(
        self, facts: Iterable[Fact], source: str = "", remarks: tuple[str, ...] = ()
    ) -> Report:
        """The report about facts, in whatever order they come."""
        inference = infer(facts, self.program, self.matcher)
        case = Case(self.knowledge, inference, rank(inference, self.knowledge), self.selection)
        report = case.report(self.matcher.name, source, remarks)
        report._knowledge = self.knowledge
        return report


def matcher(program: Program, engine: str = "auto") -> Matcher:
    """durable_rules where it can be used, else the plain matcher; or the one that is asked for.

    Raises UnavailableError if "durable_rules" is asked for and cannot be used, ValueError if the
    name is neither.
    """
    if engine not in ("auto", DurableMatcher.name, PlainMatcher.name):
        raise ValueError(f"no engine '{engine}'; it is auto, durable_rules or plain")
    if engine == PlainMatcher.name:
        return PlainMatcher(program)
    try:
        return DurableMatcher(program)
    except UnavailableError:
        if engine == DurableMatcher.name:
            raise
        return PlainMatcher(program)


@dataclass(frozen=True)
class Case:
    """What is known, what was inferred, and how the causes rank: all that a report says."""

    kb: KnowledgeBase
    inference: Inference
    whole: Ranking
    selection: Selection = EVERYTHING

    @cached_property
    def scope(self) -> Scope:
        """What of it is reported."""
        return Scope(self.selection, self.whole, tuple(self.found))

    @property
    def ranking(self) -> Ranking:
        """The causes that are reported."""
        return self.scope.ranking

    def report(self, engine: str, source: str, remarks: tuple[str, ...]) -> Report:
        """The report."""
        diagnoses = [self.diagnosis(root) for root in self.ranking.roots]
        return Report(
            source=source,
            engine=engine,
            verdict=self.verdict,
            headline=self.headline,
            diagnoses=tuple(d for d in diagnoses if not self.is_note(d)),
            notes=tuple(d for d in diagnoses if self.is_note(d)),
            undecided=tuple(c.name for c in self.ranking.undecided),
            symptoms=tuple(self.symptoms()),
            ruled_out=tuple(self.ruled_out()),
            clear=tuple(self.clear()),
            unchecked=tuple(self.unchecked()),
            next_test=self.next_test,
            remarks=remarks,
            facts=tuple(map(Observation.of, self.inference.facts)),
            left_out=self.scope.left_out,
        )

    @staticmethod
    def is_note(diagnosis: Diagnosis) -> bool:
        """Whether it is worth knowing and no fault."""
        return diagnosis.severity == Severity.NOTE and not diagnosis.benign

    @cached_property
    def faults(self) -> list[Candidate]:
        """The roots that are faults."""
        return [
            c
            for c in self.ranking.roots
            if not c.cause.benign and c.cause.severity != Severity.NOTE
        ]

    @cached_property
    def unexplained(self) -> list[Symptom]:
        """The alarming symptoms that no root accounts for, neither a fault nor a benign one."""
        return [s for s in self._open if s.severity != Severity.NOTE]

    @cached_property
    def limits(self) -> list[Symptom]:
        """The symptoms, accounted for by no root, of which nobody healthy is called."""
        return [s for s in self._open if s.limits]

    @cached_property
    def _open(self) -> list[Symptom]:
        explained = {name for c in self.whole.roots for name in c.cause.explains}
        return [s for s in self.held if s.symptom not in explained]

    @cached_property
    def held(self) -> list[Symptom]:
        """The symptoms that hold and are reported, the most severe first."""
        return [symptom for symptom in self.found if self.scope.holds(symptom)]

    @cached_property
    def found(self) -> list[Symptom]:
        """The symptoms that hold, the most severe first."""
        found = [s for n, s in self.kb.symptoms.items() if self.inference.clearest("symptom", n)]
        return sorted(found, key=lambda s: (SEVERITIES.index(s.severity), s.symptom))

    @cached_property
    def verdict(self) -> Verdict:
        """Whether something is wrong, nothing is, or one cannot tell."""
        if self.faults or any(s.severity == Severity.CRITICAL for s in self.unexplained):
            return "faulty"
        if self.unexplained or self.limits:
            return "inconclusive"
        return "healthy"

    @property
    def next_test(self) -> str | None:
        """The one thing to do next; None where nothing would help to decide."""
        if self.faults:
            firm = not self.ranking.undecided and self.kb.scale.is_firm(self.faults[0].score)
            decided = firm or any(limit.next for limit in self.limits)
            return to_settle(self._search, self.faults[0], decided)
        way = way_on(self.limits, self.inference)
        return way or to_explain(self._search, self.unexplained)

    @cached_property
    def headline(self) -> str:
        """The answer in a sentence."""
        if self.ranking.undecided:
            return self._alternatives(self.ranking.undecided)
        if self.faults:
            return self.faults[0].cause.title
        if self.verdict == "faulty":
            return f"{self.unexplained[0].title}; the record does not show why"
        if self.verdict == "inconclusive":
            return f"Cannot tell: {_lowered(self._sentence((self.unexplained or self.limits)[0]))}"
        if self.scope.left_out and self.scope.left_out.titles:
            return "Nothing wrong found, apart from what was left out as asked"
        benign = [c.cause.title for c in self.ranking.roots if c.cause.benign]
        return f"Nothing wrong found{': ' + _lowered(benign[0]) if benign else ''}"

    def _alternatives(self, undecided: tuple[Candidate, ...]) -> str:
        titles = [c.cause.title for c in undecided]
        if undecided[0].score >= self.kb.scale.report_at:
            return f"{titles[0]}, or: {', or: '.join(titles[1:])}; the record does not decide"
        alarm = next(s for s in self.found if s.severity == Severity.CRITICAL)
        return f"{alarm.title}; perhaps: {', or: '.join(titles)}"

    def _sentence(self, symptom: Symptom) -> str:
        finding = self.inference.clearest("symptom", symptom.symptom)
        return finding.sentence if finding else symptom.title

    def diagnosis(self, candidate: Candidate) -> Diagnosis:
        """A cause as the report shows it."""
        cause = candidate.cause
        follows = self.ranking.follows.get(candidate.name, ())
        return Diagnosis(
            cause=candidate.name,
            title=cause.title,
            about=_one_line(cause.about),
            benign=cause.benign,
            severity=cause.severity,
            strength=self.kb.scale.strength(candidate.score),
            score=round(candidate.score, 6),
            prior=candidate.prior,
            evidence=tuple(map(_line, candidate.pro)),
            against=tuple(map(_line, candidate.contra)),
            follows=tuple(Consequence(cause=c.name, title=c.cause.title) for c in follows),
            explains=tuple(s.title for s in self.held if s.symptom in cause.explains),
            remedies=tuple(prescriptions(cause, self.kb, self.inference)),
            settle=_one_line(cause.settle) if cause.settle else None,
        )

    def symptoms(self) -> Iterator[SymptomFound]:
        """The symptoms that hold, each in its clearest finding."""
        for symptom in self.held:
            finding = self.inference.clearest("symptom", symptom.symptom)
            if finding is not None:
                yield SymptomFound(
                    symptom=symptom.symptom,
                    title=symptom.title,
                    severity=symptom.severity,
                    inner=symptom.inner,
                    sentence=finding.sentence,
                    facts=_observations(finding),
                )

    def ruled_out(self) -> Iterator[RuledOut]:
        """The causes that something spoke for and that are not believed."""
        benign = [c.name for c in self.ranking.roots if c.cause.benign]
        for loser, winner in self.ranking.ruled_out:
            yield RuledOut(
                twin=next((name for name in benign if name in loser.cause.explains), None),
                cause=loser.name,
                title=loser.cause.title,
                score=round(loser.score, 6),
                reason=_reason(loser, winner),
            )

    def clear(self) -> Iterator[Clear]:
        """The symptoms that were looked for and are not there; what bears on the findings first."""
        for symptom in sorted(self._absent(), key=self._bearing):
            title = symptom.clear or f"no sign that {_lowered(symptom.title)}"
            yield Clear(symptom=symptom.symptom, title=title)

    def _absent(self) -> Iterator[Symptom]:
        for name, symptom in self.kb.symptoms.items():
            if not self.scope.asks(name, self.kb):
                continue
            found = symptom.inner or self.inference.clearest("symptom", name) is not None
            if not found and self._search.decides(symptom) and not self._silenced(symptom):
                yield symptom

    def _bearing(self, symptom: Symptom) -> tuple[bool, int]:
        return symptom.symptom not in self._considered, SEVERITIES.index(symptom.severity)

    @cached_property
    def _considered(self) -> set[str]:
        """The symptoms that the causes which were thought of would explain, or rest on."""
        thought_of = (*self.ranking.roots, *(loser for loser, _ in self.ranking.ruled_out))
        causes = [candidate.cause for candidate in thought_of]
        lines = (line for cause in causes for line in cause.evidence.values())
        asked = {str(pattern.symptom) for line in lines for pattern in line.patterns}
        return asked.union(*(cause.explains for cause in causes))

    def _silenced(self, symptom: Symptom) -> bool:
        """Whether a symptom that was not found would hold if nothing forbade it."""
        ways = symptom.when.alternatives if symptom.unless else ()
        return any(all(map(self.inference.holds, way.values())) for way in ways)

    def unchecked(self) -> Iterator[Unchecked]:
        """The symptoms that could not be looked for."""
        for name, symptom in self.kb.symptoms.items():
            found = symptom.inner or self.inference.clearest("symptom", name) is not None
            if not found and self.scope.asks(name, self.kb) and not self._search.decides(symptom):
                signals = self._search.lacking(symptom)
                yield Unchecked(symptom=name, title=symptom.title, signals=signals)

    @cached_property
    def _search(self) -> Search:
        return Search(self.kb, self.inference)


def _line(line: Line) -> EvidenceLine:
    return EvidenceLine(
        name=line.name,
        sentence=line.finding.sentence,
        weight=line.rule.weight,
        value=line.weight,
        facts=_observations(line.finding),
    )


def _observations(finding: Finding) -> tuple[Observation, ...]:
    """The facts that a finding rests on, each with the slots that were asked about."""
    return tuple(dict.fromkeys(_asked(finding)))


def _asked(finding: Finding) -> Iterator[Observation]:
    patterns = finding.rule.when.alternatives[finding.alternative]
    for role, item in finding.bound.items():
        if isinstance(item, Fact):
            slots = (*item.about, *patterns[role].constraints)
            yield Observation(
                kind=item.kind, slots={s: item.slots[s] for s in dict.fromkeys(slots)}
            )
        elif isinstance(item, Finding):
            yield from _asked(item)


def _reason(loser: Candidate, winner: Candidate | None) -> str:
    if winner is None:
        return loser.contra[0].finding.sentence
    if winner.cause.benign:
        return f"the benign explanation fits at least as well: {_lowered(winner.cause.title)}"
    return f"the evidence for the opposite is stronger: {_lowered(winner.cause.title)}"


def _lowered(sentence: str) -> str:
    """With a small first letter, unless it begins with a name in capitals."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _one_line(text: str) -> str:
    return " ".join(text.split())
