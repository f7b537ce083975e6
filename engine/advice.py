"""Advice: the remedies that apply, and the one thing to look at next."""

from collections import Counter
from collections.abc import Iterator

from traindx.engine.inference import Inference
from traindx.engine.knowledge import Cause, KnowledgeBase, Remedy
from traindx.engine.language import Pattern
from traindx.engine.observed import Observed
from traindx.engine.ranking import Candidate, Ranking, weigh
from traindx.engine.report import Prescription

NEAR = 2.0
"""Causes whose score is this much below the first still compete for the next test."""


def prescriptions(cause: Cause, kb: KnowledgeBase, inference: Inference) -> Iterator[Prescription]:
    """The remedies of a cause, in its order, without those that the facts forbid."""
    for remedy in (kb.remedies[name] for name in cause.remedies):
        if not any(_matches(p, inference) for p in remedy.unless.values()):
            yield _prescription(remedy)


def _prescription(remedy: Remedy) -> Prescription:
    return Prescription(
        remedy=remedy.remedy,
        do=remedy.do,
        how=" ".join(remedy.how.split()),
        change=remedy.change,
        cost=remedy.cost,
        snippets=remedy.snippets,
    )


def _matches(pattern: Pattern, inference: Inference) -> bool:
    if pattern.symptom:
        return any(
            pattern.holds(f) for f in inference.findings.get(("symptom", pattern.symptom), ())
        )
    return any(pattern.holds(f) for f in inference.facts if f.kind == pattern.fact)


def next_test(kb: KnowledgeBase, inference: Inference, ranking: Ranking) -> str | None:
    """The measurement or the experiment that would decide most."""
    faults = [c for c in ranking.roots if not c.cause.benign]
    if not faults:
        return None
    sure = not ranking.undecided and kb.scale.strength(faults[0].score) in _firm(kb)
    signal = None if sure else _most_telling(kb, inference, faults[0])
    if signal:
        return signal
    settle = faults[0].cause.settle
    return " ".join(settle.split()) if settle else None


def _firm(kb: KnowledgeBase) -> list[str]:
    """The upper half of the words for strength."""
    words = sorted(kb.scale.strengths, key=kb.scale.strengths.__getitem__)
    return words[len(words) // 2 :]


def _most_telling(kb: KnowledgeBase, inference: Inference, first: Candidate) -> str | None:
    """The signal not recorded on which most weight of the contenders' evidence waits."""
    contenders = [c for c in weigh(inference, kb) if c.score > first.score - NEAR and c.pro]
    observed = Observed(kb, inference.facts)
    swings: Counter[str] = Counter()
    for candidate in contenders:
        swings.update(_swings(kb, candidate.cause, observed))
    if not swings:
        return None
    signal = max(sorted(swings), key=swings.__getitem__)
    others = [c.cause.title for c in contenders if c.name != first.name][:1]
    purpose = (
        f"it would tell whether it is this or: {others[0]}" if others else "it would confirm it"
    )
    return f"Record {signal}; {purpose}."


def _swings(kb: KnowledgeBase, cause: Cause, observed: Observed) -> dict[str, float]:
    """By signal not recorded, the weight of the evidence that waits for it alone."""
    swings: dict[str, float] = {}
    for rule in cause.evidence.values():
        missing = observed.lacking(rule)
        if len(missing) == 1:
            swings[missing[0]] = swings.get(missing[0], 0.0) + abs(kb.weight(rule))
    return swings
