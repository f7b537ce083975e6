"""Advice: the remedies that apply, and the one thing to look at next."""

from collections.abc import Iterable, Iterator
from math import exp

from traindx.engine.inference import Inference
from traindx.engine.knowledge import Cause, EvidenceRule, KnowledgeBase, Remedy, Symptom
from traindx.engine.observed import Search
from traindx.engine.ranking import Candidate, weigh
from traindx.engine.report import Prescription
from traindx.engine.sentences import sentence

NEAR = 4.0
"""Causes whose score is this much below the first still count for the next test."""


def prescriptions(cause: Cause, kb: KnowledgeBase, inference: Inference) -> Iterator[Prescription]:
    """The remedies of a cause, in its order, without those that the facts forbid."""
    for remedy in (kb.remedies[name] for name in cause.remedies):
        if not any(inference.holds(p) for p in remedy.unless.values()):
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


def to_settle(search: Search, first: Candidate, decided: bool) -> str | None:
    """What would tell a cause from its rivals, if there are any; else what would confirm it."""
    near = [] if decided else _near(_faults(search), first.score)
    rivals = [c.cause.title for c in near if c.name != first.name and c.pro]
    if rivals and (signal := _most_telling(search, near)):
        return f"Record {signal}; it would tell whether it is this or: {rivals[0]}."
    settle = first.cause.settle
    return " ".join(settle.split()) if settle else None


def to_explain(search: Search, alarms: Iterable[Symptom]) -> str | None:
    """What would tell most about the cause of what nothing explains."""
    names = {symptom.symptom for symptom in alarms}
    able = [c for c in _faults(search) if names & set(c.cause.explains)] if names else []
    near = _near(able, max((c.score for c in able), default=0.0))
    signal = _most_telling(search, near)
    return f"Record {signal}; it would tell most about the cause." if signal else None


def way_on(limits: Iterable[Symptom], inference: Inference) -> str | None:
    """What to do where too little is known: the first advice of which all is known."""
    for symptom in limits:
        finding, advice = inference.clearest("symptom", symptom.symptom), sentence(symptom.next)
        if finding and symptom.next and advice.can_be_filled(finding.spoken_of):
            return advice.filled(finding.spoken_of)
    return None


def _most_telling(search: Search, contenders: list[Candidate]) -> str | None:
    """The signal not recorded on which most weight of evidence waits, by how likely its causes are.

    That is the expected change of log-odds if the signal were known, to first order: each cause's
    waiting weights times its odds.
    """
    best = max((c.score for c in contenders), default=0.0)
    swings: dict[str, float] = {}
    for candidate in contenders:
        for rule in candidate.cause.evidence.values():
            if signal := _waits_for(rule, search):
                share = exp(candidate.score - best) * abs(search.kb.weight(rule))
                swings[signal] = swings.get(signal, 0.0) + share
    signals = sorted(signal for signal in swings if not search.observed.recorded(signal))
    return max(signals, key=lambda s: round(swings[s], 9), default=None)


def _faults(search: Search) -> list[Candidate]:
    return [c for c in weigh(search.inference, search.kb) if not c.cause.benign]


def _near(candidates: list[Candidate], score: float) -> list[Candidate]:
    """Those that are not far behind a score, the likeliest ahead."""
    near = [c for c in candidates if c.score > score - NEAR]
    return sorted(near, key=lambda c: (-c.score, c.name))


def _waits_for(rule: EvidenceRule, search: Search) -> str | None:
    """The one signal that keeps a line of evidence from being looked for, all else being there."""
    for alternative in rule.when.alternatives:
        open_ = [p for p in alternative.values() if not search.inference.holds(p)]
        signals = [search.observed.missing(pattern) for pattern in open_]
        if open_ and all(signals) and len({s for each in signals for s in each}) == 1:
            return signals[0][0]
    return None
