"""Explanations on demand: why a cause was named, and why another was not."""

from collections.abc import Iterator
from dataclasses import dataclass

from traindx.engine.compile import compiled
from traindx.engine.facts import Fact, shown
from traindx.engine.inference import Inference, infer
from traindx.engine.knowledge import KnowledgeBase
from traindx.engine.language import Constraint, Pattern, Rule, Slotted
from traindx.engine.matching import PlainMatcher
from traindx.engine.ranking import Candidate, weigh
from traindx.engine.report import Diagnosis, EvidenceLine, Report
from traindx.engine.sources import nearest


def why(report: Report, cause: str) -> str:
    """Each line of evidence of a diagnosis with its facts; KeyError if it is none."""
    for diagnosis in (*report.diagnoses, *report.notes):
        if diagnosis.cause == cause:
            return "\n".join(_why(diagnosis))
    named = [d.cause for d in (*report.diagnoses, *report.notes)]
    raise KeyError(f"'{cause}' is not among the diagnoses {named}; ask why_not('{cause}')")


def _why(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"{diagnosis.title} ({diagnosis.strength}, score {diagnosis.score:+.1f})"
    yield f"  {diagnosis.prior:+.1f}  how common it is"
    for line in (*diagnosis.evidence, *diagnosis.against):
        yield from _line(line)


def _line(line: EvidenceLine) -> Iterator[str]:
    yield f"  {line.value:+.1f}  {line.sentence}"
    yield from (f"          {fact}" for fact in line.facts)


def why_not(report: Report, cause: str) -> str:
    """What spoke against a cause, and the pattern that came nearest, with its margin.

    Raises KeyError for an unknown cause, ValueError if the report has lost its knowledge base.
    """
    kb = report._knowledge
    if not isinstance(kb, KnowledgeBase):
        raise ValueError("this report has no knowledge base; Report.from_json(text, knowledge)")
    if cause not in kb.causes:
        raise KeyError(f"no cause is called '{cause}'{nearest(cause, kb.causes)}")
    if cause in {d.cause for d in (*report.diagnoses, *report.notes)}:
        return f"It is among the diagnoses.\n{why(report, cause)}"
    inference = _again(report, kb)
    candidate = next(c for c in weigh(inference, kb) if c.name == cause)
    return "\n".join((*_standing(candidate, kb, report), *_misses(candidate, kb, inference)))


def _again(report: Report, kb: KnowledgeBase) -> Inference:
    facts = (Fact.templates[o.kind].model_validate(o.slots) for o in report.facts)
    program = compiled(kb, Fact.templates)
    return infer(facts, program, PlainMatcher(program))


def _standing(candidate: Candidate, kb: KnowledgeBase, report: Report) -> Iterator[str]:
    title, at = candidate.cause.title, kb.scale.report_at
    short = f", {at - candidate.score:.1f} short of it" if candidate.score < at else ""
    yield f"{title}: score {candidate.score:+.1f}; it is reported from {at:+.1f} on{short}"
    yield from (f"  {r.reason}" for r in report.ruled_out if r.cause == candidate.name)
    yield from (
        f"  it follows from: {d.title}"
        for d in report.diagnoses
        if candidate.name in {f.cause for f in d.follows}
    )
    yield f"  {candidate.prior:+.1f}  how common it is"
    for line in (*candidate.pro, *candidate.contra):
        yield f"  {line.weight:+.1f}  {line.finding.sentence}"


@dataclass(frozen=True)
class Miss:
    """A pattern that does not hold, and by how much."""

    distance: float
    text: str


def _misses(candidate: Candidate, kb: KnowledgeBase, inference: Inference) -> Iterator[str]:
    """For each line of evidence that is missing, what keeps it from holding; the nearest first."""
    held = {line.name for line in candidate.lines}
    rows = []
    for name, rule in candidate.cause.evidence.items():
        if name not in held and rule.sign > 0:
            missed = list(_missed(rule, inference))
            rows.append((sum(m.distance for m in missed), name, missed))
    for _, name, missed in sorted(rows, key=lambda row: row[:2]):
        yield f"  missing: {name}"
        yield from (f"          {miss.text}" for miss in missed)


def _missed(rule: Rule, inference: Inference) -> Iterator[Miss]:
    alternatives = [
        [m for p in alternative.values() if (m := _miss(p, inference))]
        for alternative in rule.when.alternatives
    ]
    yield from min(alternatives, key=lambda misses: sum(m.distance for m in misses))
    for pattern in rule.unless.values():
        if inference.holds(pattern):
            yield Miss(1.0, f"{pattern} holds, and must not")


def _miss(pattern: Pattern, inference: Inference) -> Miss | None:
    items = inference.of(pattern)
    if not items:
        what = "was not observed" if pattern.fact else "was not found"
        return Miss(10.0, f"{pattern.source[1]} {what}")
    failing = [list(_failing(pattern, item)) for item in items]
    best = min(failing, key=lambda tests: sum(d for d, _ in tests))
    if not best:
        return None
    text = ", ".join(said for _, said in best)
    return Miss(sum(d for d, _ in best), f"{pattern.source[1]}: {text}")


def _failing(pattern: Pattern, item: Slotted) -> Iterator[tuple[float, str]]:
    for slot, test in pattern.constraints.items():
        value = item.slots.get(slot)
        if not test.holds(value):
            yield _distance(test, value), f"{slot} is {shown(value)}, not {test}"


def _distance(test: Constraint, value: object) -> float:
    return abs(test.margin(value)) or 5.0
