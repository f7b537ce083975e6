"""Inference: from facts to the symptoms and the evidence that hold of them."""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from traindx.engine.compile import Atom, Conjunction, Key, Pooled, Program, Source
from traindx.engine.facts import Fact, ordered
from traindx.engine.language import Pattern, Rule, Slotted
from traindx.engine.matching import Firing, Matcher, Session, Told
from traindx.engine.sentences import sentence


@dataclass(frozen=True)
class Finding:
    """A rule that holds, and what plays each role in it."""

    key: Key
    bound: Mapping[str, Slotted]
    slots: Mapping[str, Any]
    clarity: float
    """How far inside its bounds everything lies: of several findings, which speaks most clearly."""
    rule: Rule
    alternative: int = 0
    """Which of the rule's alternatives it is, from 0."""
    entity: tuple[Any, ...] = ()
    """The values of the slots in `same`; () if it is about the whole run."""
    context: Mapping[str, Slotted] = field(default_factory=dict)
    """The facts of which there is one of the kind, by kind: a sentence may speak of them too."""

    @cached_property
    def sentence(self) -> str:
        """What was found, said about what was found."""
        if self.rule.because:
            return sentence(self.rule.because).filled(self.spoken_of)
        return " ".join(dict.fromkeys(symptom.sentence for symptom in self.symptoms))

    @property
    def spoken_of(self) -> Mapping[str, Slotted]:
        """What a sentence about it may speak of, by role or kind."""
        return {**self.context, **self.bound}

    @cached_property
    def directly(self) -> frozenset[tuple[int, str]]:
        """The facts that it rests on without a symptom between, each with what was asked of it."""
        patterns = self.rule.when.alternatives[self.alternative]
        facts = ((role, item) for role, item in self.bound.items() if isinstance(item, Fact))
        return frozenset(
            (id(fact), slot)
            for role, fact in facts
            for slot in patterns[role].constraints.keys() - set(fact.about) or ("",)
        )

    @cached_property
    def observations(self) -> frozenset[tuple[int, str]]:
        """The facts that it rests on in the end, each with what was asked of it."""
        return self.directly.union(*(symptom.observations for symptom in self.symptoms))

    @property
    def symptoms(self) -> Iterator["Finding"]:
        """The symptoms that it rests on directly."""
        return (item for item in self.bound.values() if isinstance(item, Finding))


@dataclass(frozen=True)
class Inference:
    """All that follows from a set of facts, the clearest finding of each rule first."""

    facts: tuple[Fact, ...]
    findings: Mapping[Key, tuple[Finding, ...]]
    trace: tuple[tuple[int, Firing], ...]
    """Wave, conjunction and entity of everything that fired."""

    def holds(self, pattern: Pattern) -> bool:
        """Whether anything that was observed or found matches a pattern."""
        return any(map(pattern.holds, self.of(pattern)))

    def of(self, pattern: Pattern) -> Sequence[Slotted]:
        """All that was observed or found of what a pattern names, whether it matches or not."""
        if pattern.symptom:
            return self.findings.get(("symptom", pattern.symptom), ())
        return self._by_kind.get(str(pattern.fact), ())

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Fact]]:
        kinds: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            kinds[fact.kind].append(fact)
        return kinds

    def clearest(self, *key: str) -> Finding | None:
        """The clearest finding of a rule, if it holds."""
        return next(iter(self.findings.get(key, ())), None)


def infer(facts: Iterable[Fact], program: Program, matcher: Matcher) -> Inference:
    """Everything that the program finds in the facts, in whatever order they come."""
    known = ordered(facts)
    memory = Memory(program, known)
    with matcher.session() as session:
        trace = tuple((n, f) for n in range(program.waves) for f in memory.advance(n, session))
    return Inference(known, memory.findings(), trace)


class Memory:
    """Working memory: facts and findings by what they are, and which atoms hold of them.

    Of several that a pattern matches the clearest plays the role; of equally clear facts the first
    in their order, of findings the one of the earliest alternative, then of the first entity.
    """

    def __init__(self, program: Program, facts: tuple[Fact, ...]) -> None:
        self._program = program
        self._pool: dict[Source, list[Pooled]] = defaultdict(list)
        self._matches: dict[Told, list[Slotted]] = {}
        self._best: dict[Told, tuple[float, Slotted]] = {}
        self._entities: dict[tuple[str, ...], dict[tuple[Any, ...], int]] = defaultdict(dict)
        self._values: list[tuple[Any, ...]] = [()]
        self._absent: list[tuple[Atom, frozenset[int]]] = []
        self._told: set[Told] = set()
        self._found: dict[Key, list[Finding]] = defaultdict(list)
        for fact in facts:
            self._pool["fact", fact.kind].append((fact.slots, fact))
        pools = self._pool.items()
        self._singles = {kind: pool[0][1] for (_, kind), pool in pools if len(pool) == 1}

    def advance(self, wave: int, session: Session) -> list[Firing]:
        """Decides the atoms of a wave, tells what is new, and takes in what fires."""
        told: set[Told] = set()
        for atom in self._to_decide(wave):
            matches = self._decided(atom)
            if not atom.absent:
                for entity, items in matches.items():
                    self._matches[atom.number, entity] = items
                    told.add((atom.number, entity))
            elif atom.joined:
                self._absent.append((atom, frozenset(matches)))
            elif not matches:
                told.add((atom.number, 0))
        told.update(self._absences())
        told -= self._told
        self._told |= told
        firings = session.tell(sorted(told))
        for number, entity in firings:
            self._take_in(self._program.conjunctions[number], entity)
        return firings

    def _to_decide(self, wave: int) -> Iterator[Atom]:
        """The atoms of a wave that may hold: there is something to ask, or they hold of nothing."""
        for source, atoms in self._program.by_wave[wave].items():
            if self._pool.get(source):
                yield from atoms
        for source, atoms in self._program.of_nothing[wave].items():
            if not self._pool.get(source):
                yield from atoms

    def _decided(self, atom: Atom) -> dict[int, list[Slotted]]:
        """What matches the pattern, by entity (0: the run); a count of nothing may hold too."""
        held, enough = atom.matching(self._pool.get(atom.source, [])), atom.pattern.count
        if enough is not None:
            return {0: held} if enough.holds(len({_value(item) for item in held})) else {}
        if not atom.joined:
            return {0: held} if held else {}
        matches: dict[int, list[Slotted]] = defaultdict(list)
        for item in held:
            if (entity := self._entity(atom.joined, item)) is not None:
                matches[entity].append(item)
        return matches

    def _entity(self, joined: tuple[str, ...], item: Slotted) -> int | None:
        values = tuple(item.slots.get(slot) for slot in joined)
        if None in values:
            return None
        known = self._entities[joined]
        if values not in known:
            known[values] = len(self._values)
            self._values.append(values)
        return known[values]

    def _absences(self) -> Iterator[Told]:
        """Every absence among entities that is decided by now, for every entity known by now."""
        for atom, present in self._absent:
            known = self._entities[atom.joined].values()
            yield from ((atom.number, entity) for entity in known if entity not in present)

    def _take_in(self, conjunction: Conjunction, entity: int) -> None:
        bound, clarity = {}, 0.0
        for role, atom in conjunction.roles:
            told = atom, entity if atom in conjunction.joined else 0
            if self._matches[told]:
                margin, bound[role] = self._clearest(told)
                clarity += margin
        key, rule = conjunction.key, self._program.rules[conjunction.key]
        which = conjunction.alternative, self._values[entity]
        shown = _shown(rule, bound)
        finding = Finding(key, bound, shown, clarity, rule, *which, self._singles)
        self._found[key].append(finding)
        if key[0] == "symptom":
            insort(self._pool["symptom", key[1]], (finding.slots, finding), key=_rank_of_pooled)

    def _clearest(self, told: Told) -> tuple[float, Slotted]:
        if told not in self._best:
            self._best[told] = self._program.atoms[told[0]].clearest(self._matches[told])
        return self._best[told]

    def findings(self) -> dict[Key, tuple[Finding, ...]]:
        """What was found by rule, the clearest first."""
        return {key: tuple(sorted(f, key=_unclarity)) for key, f in self._found.items()}


def _rank(finding: Any) -> tuple[int, str]:
    return finding.alternative, repr(finding.entity)


def _rank_of_pooled(pooled: Pooled) -> tuple[int, str]:
    return _rank(pooled[1])


def _unclarity(finding: Finding) -> tuple[float, int, str]:
    return -finding.clarity, *_rank(finding)


def _value(item: Slotted) -> Any:
    return tuple(item.slots.items())


def _shown(rule: Rule, bound: Mapping[str, Slotted]) -> Mapping[str, Any]:
    """The slots that a finding has itself."""
    shows = vars(rule).get("shows")
    if shows:
        paths = ((slot, *path.split(".", 1)) for slot, path in shows.items())
        return {slot: bound[role].slots.get(inner) for slot, role, inner in paths if role in bound}
    only = tuple(rule.when.roles) if not rule.when.any else ()
    return bound[only[0]].slots if len(only) == 1 and only[0] in bound else {}
