"""Ranking: weigh the evidence, let causes account for symptoms, and order what remains.

A cause's score is the log-odds it starts with plus the weights of its evidence, each line once
(its clearest finding). The order is parsimonious covering in its simplest form (Peng and Reggia,
1990): a cause whose evidence another one accounts for is listed under that one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from traindx.engine.inference import Finding, Inference
from traindx.engine.knowledge import Cause, EvidenceRule, KnowledgeBase
from traindx.engine.language import Severity


@dataclass(frozen=True, eq=False)
class Line:
    """One line of evidence that holds: what it is worth, and in what it shows."""

    name: str
    rule: EvidenceRule
    weight: float
    finding: Finding
    """The clearest."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A cause with all that speaks for and against it."""

    cause: Cause
    prior: float
    lines: tuple[Line, ...]

    @cached_property
    def score(self) -> float:
        """Log-odds, all evidence weighed."""
        return self.prior + sum(sorted(line.weight for line in self.lines))

    @property
    def name(self) -> str:
        """The name of the cause."""
        return self.cause.cause

    @property
    def pro(self) -> tuple[Line, ...]:
        """What speaks for it, the weightiest first."""
        return tuple(sorted((x for x in self.lines if x.weight > 0), key=_weightiest))

    @property
    def contra(self) -> tuple[Line, ...]:
        """What speaks against it, the weightiest first."""
        return tuple(sorted((x for x in self.lines if x.weight < 0), key=_weightiest))


def _weightiest(line: Line) -> tuple[float, str]:
    return -abs(line.weight), line.name


@dataclass(frozen=True)
class Ranking:
    """Causes in the order in which to believe them."""

    roots: tuple[Candidate, ...]
    """Those that stand alone, the most believable first."""
    follows: Mapping[str, tuple[Candidate, ...]]
    """By root, the causes that follow from it."""
    ruled_out: tuple[tuple[Candidate, Candidate | None], ...]
    """A cause that something spoke for, and what it had to give way to (None: the evidence)."""
    undecided: tuple[Candidate, ...] = field(default=())
    """Roots that compete for the first place and are not told apart."""


def rank(inference: Inference, kb: KnowledgeBase) -> Ranking:
    """Causes by weight of evidence; one that another accounts for comes under that one."""
    everyone = [
        c for c in weigh(inference, kb) if c.pro and _has_something_to_explain(c, inference)
    ]
    standing = sorted((c for c in everyone if c.score >= kb.scale.report_at), key=_Order(kb))
    kept, excluded = _exclude(standing, kb)
    court = Court(kept, inference, kb)
    roots, follows, gave_way = court.settle()
    weak = [(c, None) for c in everyone if c.score < kb.scale.report_at and c.contra]
    out = sorted([*excluded, *gave_way, *weak], key=lambda pair: (-pair[0].score, pair[0].name))
    alarming = _alarming(inference, kb)
    suspects = _suspects(everyone, roots, alarming, kb)
    roots = _by_urgency((*suspects, *roots), alarming)
    named = {c.name for c in suspects}
    set_aside = tuple(pair for pair in out if pair[0].name not in named)
    return Ranking(roots, follows, set_aside, suspects or _undecided(roots, kb))


MOST_SUSPECTS = 3


def _suspects(
    everyone: list[Candidate],
    roots: tuple[Candidate, ...],
    alarming: set[str],
    kb: KnowledgeBase,
) -> tuple[Candidate, ...]:
    """Where no fault stands and something alarming has no cause: the likeliest that explain it."""
    if any(not c.cause.benign for c in roots):
        return ()
    explained = {name for c in roots for name in c.cause.explains}
    unexplained = alarming - explained
    able = [c for c in everyone if unexplained & set(c.cause.explains) and not c.cause.benign]
    likely = sorted((c for c in able if c.score >= kb.scale.suspect_at), key=_Order(kb))
    return tuple(likely[:MOST_SUSPECTS])


def _has_something_to_explain(candidate: Candidate, inference: Inference) -> bool:
    """A benign explanation is called for only where something looks as if it were wrong."""
    named = candidate.cause.explains
    return not candidate.cause.benign or any(("symptom", n) in inference.findings for n in named)


def weigh(inference: Inference, kb: KnowledgeBase) -> Iterator[Candidate]:
    """Every cause, with the lines of evidence that hold."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for (sort, name, *line), findings in inference.findings.items():
        if sort == "evidence":
            rule = kb.causes[name].evidence[line[0]]
            lines[name].append(Line(line[0], rule, kb.weight(rule), findings[0], findings))
    for name, cause in kb.causes.items():
        yield Candidate(cause, kb.prior(cause), tuple(lines[name]))


class _Order:
    """The key that puts the most believable first; a benign explanation wins ties."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._margin = kb.scale.margin

    def __call__(self, candidate: Candidate) -> tuple[float, bool, str]:
        grace = self._margin if candidate.cause.benign else 0.0
        return -round(candidate.score + grace, 9), not candidate.cause.benign, candidate.name


def _alarming(inference: Inference, kb: KnowledgeBase) -> set[str]:
    """The critical symptoms that hold."""
    return {
        name
        for name, symptom in kb.symptoms.items()
        if symptom.severity == Severity.CRITICAL and ("symptom", name) in inference.findings
    }


def _by_urgency(roots: tuple[Candidate, ...], alarming: set[str]) -> tuple[Candidate, ...]:
    """What explains something alarming first; benign explanations behind the faults."""
    faulty = not all(c.cause.benign for c in roots)

    def urgency(candidate: Candidate) -> tuple[bool, bool]:
        explains = bool(alarming & set(candidate.cause.explains))
        return faulty and candidate.cause.benign, not explains

    return tuple(sorted(roots, key=urgency))


def _exclude(
    standing: list[Candidate], kb: KnowledgeBase
) -> tuple[list[Candidate], list[tuple[Candidate, Candidate | None]]]:
    """Of two that cannot both be, the more believable stays."""
    kept: list[Candidate] = []
    out: list[tuple[Candidate, Candidate | None]] = []
    for candidate in standing:
        pairs = ((k, frozenset((k.name, candidate.name))) for k in kept)
        winner = next((k for k, pair in pairs if pair in kb.exclusions), None)
        if winner is None:
            kept.append(candidate)
        else:
            out.append((candidate, winner))
    return kept, out


class Court:
    """Decides which of the standing causes are accounted for by others."""

    def __init__(
        self, candidates: list[Candidate], inference: Inference, kb: KnowledgeBase
    ) -> None:
        self._candidates = candidates
        self._kb = kb
        self._place = {c.name: n for n, c in enumerate(candidates)}
        self._held = {name: inference.findings.get(("symptom", name), ()) for name in kb.symptoms}
        self._accounts = {c.name: self._account((c,)) for c in candidates}

    def settle(
        self,
    ) -> tuple[
        tuple[Candidate, ...],
        dict[str, tuple[Candidate, ...]],
        list[tuple[Candidate, Candidate | None]],
    ]:
        """Roots, what follows from each, and what gave way to a benign explanation."""
        above = {c.name: self._above(c) for c in self._candidates}
        roots = [c for c in self._candidates if above[c.name] is None]
        roots = roots or self._candidates[:1]
        standing: list[Candidate] = []
        for candidate in roots:
            account = self._account(standing)
            if standing and self._residual(candidate, account) < self._kb.scale.report_at:
                above[candidate.name] = self._first_accounting(candidate, standing)
            else:
                standing.append(candidate)
        return self._sorted_out(standing, above)

    def _sorted_out(
        self, roots: list[Candidate], above: Mapping[str, Candidate | None]
    ) -> tuple[
        tuple[Candidate, ...],
        dict[str, tuple[Candidate, ...]],
        list[tuple[Candidate, Candidate | None]],
    ]:
        names = {c.name for c in roots}
        follows: dict[str, list[Candidate]] = {name: [] for name in names}
        gave_way: list[tuple[Candidate, Candidate | None]] = []
        for candidate in self._candidates:
            if candidate.name in names:
                continue
            root = self._root(candidate, above, names) or roots[0]
            if root.cause.benign:
                gave_way.append((candidate, root))
            elif not candidate.cause.benign:
                follows[root.name].append(candidate)
        return tuple(roots), {name: tuple(f) for name, f in follows.items()}, gave_way

    def _root(
        self, candidate: Candidate, above: Mapping[str, Candidate | None], roots: set[str]
    ) -> Candidate | None:
        """The root that a chain of accounts ends in."""
        seen: set[str] = set()
        current: Candidate | None = candidate
        while current is not None and current.name not in roots:
            if current.name in seen:
                return None
            seen.add(current.name)
            current = above.get(current.name)
        return current

    def _above(self, candidate: Candidate) -> Candidate | None:
        """The most believable other cause that accounts for this one."""
        return next((o for o in self._candidates if self._absorbs(o, candidate)), None)

    def _absorbs(self, one: Candidate, other: Candidate) -> bool:
        """Whether `other` stands on nothing once `one` is believed, and not the reverse."""
        if one is other or self._stands(other, one):
            return False
        earlier = self._place[one.name] < self._place[other.name]
        return earlier if one.cause.benign else earlier or self._stands(one, other)

    def _stands(self, candidate: Candidate, given: Candidate) -> bool:
        return self._residual(candidate, self._accounts[given.name]) >= self._kb.scale.report_at

    def _residual(self, candidate: Candidate, account: "Account") -> float:
        """The score that is left without the evidence that is accounted for.

        A cause is accounted for as a whole only by one that is not much less believable itself.
        """
        if account.names.get(candidate.name, -inf) >= candidate.score - self._kb.scale.overrule:
            return candidate.prior
        left = (x.weight for x in candidate.lines if x.weight < 0 or not account.covers(x))
        return candidate.prior + sum(sorted(left))

    def _account(self, believed: Iterable[Candidate]) -> "Account":
        """What the believed causes explain."""
        names: dict[str, float] = {}
        for one in believed:
            for name in one.cause.explains:
                names[name] = max(one.score, names.get(name, -inf))
        found = [f for name in names for f in self._held.get(name, ())]
        return Account(names, frozenset(seen for f in found for seen in f.observations))

    def _first_accounting(self, candidate: Candidate, standing: list[Candidate]) -> Candidate:
        """The root that accounts for most of it."""
        return min(standing, key=lambda c: self._residual(candidate, self._accounts[c.name]))


@dataclass(frozen=True)
class Account:
    """Symptoms and causes that are explained, and the facts in which the symptoms show."""

    names: Mapping[str, float]
    """By name the score of the most believable cause that explains it."""
    observations: frozenset[tuple[int, str]]
    """Facts, each with what was asked about it."""

    def covers(self, line: Line) -> bool:
        """Whether everything that a line of evidence rests on, in all its ways, is explained."""
        return all(self._rests_on_explained(finding) for finding in line.findings)

    def _rests_on_explained(self, finding: Finding) -> bool:
        symptoms = (item for item in finding.bound.values() if isinstance(item, Finding))
        return finding.directly <= self.observations and all(map(self._covers, symptoms))

    def _covers(self, symptom: Finding) -> bool:
        step = getattr(symptom.rule, "inner", False)
        return symptom.key[1] in self.names or (step and self._rests_on_explained(symptom))


def _undecided(roots: tuple[Candidate, ...], kb: KnowledgeBase) -> tuple[Candidate, ...]:
    """The faults whose scores are too near to the first for it to be singled out."""
    if not roots or roots[0].cause.benign:
        return ()
    near = [c for c in roots if roots[0].score - c.score < kb.scale.margin and not c.cause.benign]
    rivals = [c for c in near if c is roots[0] or _compete(roots[0], c)]
    return tuple(rivals) if len(rivals) > 1 else ()


def _compete(one: Candidate, other: Candidate) -> bool:
    """Whether two causes would explain the same."""
    return bool(set(one.cause.explains) & set(other.cause.explains))
