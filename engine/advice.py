"""Advice: the remedies that apply, and the one thing to look at next."""

from collections.abc import Iterator
from math import exp

from traindx.engine.inference import Inference
from traindx.engine.knowledge import Cause, EvidenceRule, KnowledgeBase, Remedy
from traindx.engine.observed import Observed, observed
from traindx.engine.ranking import Candidate, Ranking, weigh
from traindx.engine.report import Prescription

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


def next_test(
    kb: KnowledgeBase, inference: Inference, ranking: Ranking, alarmed: bool
) -> str | None:
    """The measurement or the experiment that would decide most; None where nothing is wrong."""
    faults = [c for c in ranking.roots if not c.cause.benign]
    if not faults:
        return _most_telling(kb, inference, None) if alarmed else None
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


def _most_telling(kb: KnowledgeBase, inference: Inference, first: Candidate | None) -> str | None:
    """The signal not recorded on which most weight of evidence waits, by how likely its causes are.

    That is the expected change of log-odds if the signal were known, to first order: each cause's
    waiting weights times its odds.
    """
    contenders = _contenders(kb, inference, first)
    recorded = observed(kb, inference.facts)
    best = max(c.score for c in contenders)
    swings: dict[str, float] = {}
    for candidate in contenders:
        for rule in candidate.cause.evidence.values():
            if signal := _waits_for(rule, inference, recorded):
                share = exp(candidate.score - best) * abs(kb.weight(rule))
                swings[signal] = swings.get(signal, 0.0) + share
    signals = sorted(signal for signal in swings if not recorded.recorded(signal))
    if not signals:
        return None
    signal = max(signals, key=lambda s: round(swings[s], 9))
    return f"Record {signal}; {_purpose(contenders, first)}."


def _contenders(
    kb: KnowledgeBase, inference: Inference, first: Candidate | None
) -> list[Candidate]:
    """The faults that are not far behind the first, the likeliest ahead."""
    faults = [c for c in weigh(inference, kb) if not c.cause.benign]
    lead = first.score if first is not None else max(c.score for c in faults)
    near = [c for c in faults if c.score > lead - NEAR]
    return sorted(near, key=lambda c: (-c.score, c.name))


def _purpose(contenders: list[Candidate], first: Candidate | None) -> str:
    if first is None:
        return "it would tell most about the cause"
    others = [c.cause.title for c in contenders if c.name != first.name and c.pro]
    return f"it would tell whether it is this or: {others[0]}" if others else "it would confirm it"


def _waits_for(rule: EvidenceRule, inference: Inference, recorded: Observed) -> str | None:
    """The one signal that keeps a line of evidence from being looked for, all else being there."""
    for alternative in rule.when.alternatives:
        open_ = [p for p in alternative.values() if not inference.holds(p)]
        signals = [recorded.missing(pattern) for pattern in open_]
        if open_ and all(signals) and len({s for each in signals for s in each}) == 1:
            return signals[0][0]
    return None
