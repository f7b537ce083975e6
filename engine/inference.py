"""Inference: from facts to the symptoms and the evidence that hold of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from traindx.engine.compile import Atom, Conjunction, Key, Program
from traindx.engine.facts import Fact, order
from traindx.engine.language import Rule, Slotted
from traindx.engine.matching import Firing, Matcher, Session, Told
from traindx.engine.sentences import sentence

Source = tuple[str, str]


@dataclass(frozen=True)
class Finding:
    """A rule that holds, and what plays each role in it."""

    key: Key
    bound: Mapping[str, Slotted]
    slots: Mapping[str, Any]
    clarity: float
    """How far inside its bounds everything lies: of several findings, which speaks most clearly."""
    rule: Rule

    @cached_property
    def sentence(self) -> str:
        """What was found, said about what was found."""
        return sentence(self.rule.because).filled(self.bound)

    @property
    def facts(self) -> Iterator[Fact]:
        """The facts that it rests on in the end."""
        for item in self.bound.values():
            if isinstance(item, Fact):
                yield item
            elif isinstance(item, Finding):
                yield from item.facts

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

    def clearest(self, *key: str) -> Finding | None:
        """The clearest finding of a rule, if it holds."""
        return next(iter(self.findings.get(key, ())), None)


def infer(facts: Iterable[Fact], program: Program, matcher: Matcher) -> Inference:
    """Everything that the program finds in the facts, in whatever order they come."""
    ordered = tuple(sorted(set(facts), key=order))
    memory = Memory(program, ordered)
    with matcher.session() as session:
        trace = tuple((n, f) for n in range(program.waves) for f in memory.advance(n, session))
    return Inference(ordered, memory.findings(), trace)


class Memory:
    """Working memory: facts and findings by what they are, and which atoms hold of them."""

    def __init__(self, program: Program, facts: tuple[Fact, ...]) -> None:
        self._program = program
        self._pool: dict[Source, list[Slotted]] = defaultdict(list)
        self._best: dict[Told, tuple[float, Slotted]] = {}
        self._entities: dict[tuple[Any, ...], int] = {}
        self._absent: list[tuple[Atom, frozenset[int]]] = []
        self._found: dict[Key, list[Finding]] = defaultdict(list)
        for fact in facts:
            self._pool["fact", fact.kind].append(fact)

    def advance(self, wave: int, session: Session) -> list[Firing]:
        """Decides the atoms of a wave, tells them, and takes in what fires."""
        told: list[Told] = []
        for atom in self._program.by_wave[wave]:
            entities = self._decide(atom)
            if atom.absent:
                self._absent.append((atom, entities))
            else:
                told.extend((atom.number, entity) for entity in entities)
        told.extend(self._absences())
        firings = session.tell(sorted(set(told)))
        for number, entity in firings:
            self._take_in(self._program.conjunctions[number], entity)
        return firings

    def _decide(self, atom: Atom) -> frozenset[int]:
        """The entities of which the pattern holds (0: the run)."""
        by_entity: dict[int, list[Slotted]] = defaultdict(list)
        for item in self._pool.get(atom.pattern.source, ()):
            entity = self._entity(atom.joined, item)
            if entity is not None and atom.holds(item.slots):
                by_entity[entity].append(item)
        enough = atom.pattern.count
        if enough is not None:
            held = len({_value(item) for item in by_entity.get(0, ())})
            if not enough.holds(held):
                return frozenset()
            by_entity.setdefault(0, [])
        for entity, items in by_entity.items():
            if not items:
                continue
            best = max(items, key=atom.pattern.margin)
            self._best[atom.number, entity] = atom.pattern.margin(best), best
        return frozenset(by_entity)

    def _entity(self, joined: tuple[str, ...], item: Slotted) -> int | None:
        if not joined:
            return 0
        values = tuple(item.slots.get(slot) for slot in joined)
        if None in values:
            return None
        return self._entities.setdefault((joined, values), len(self._entities) + 1)

    def _absences(self) -> Iterator[Told]:
        """Every absence that is decided by now, for every entity known by now."""
        for atom, present in self._absent:
            known = (
                (n for (joined, _), n in self._entities.items() if joined == atom.joined)
                if atom.joined
                else (0,)
            )
            yield from ((atom.number, entity) for entity in known if entity not in present)

    def _take_in(self, conjunction: Conjunction, entity: int) -> None:
        bound, clarity = {}, 0.0
        for role, atom in conjunction.roles:
            margin, item = self._best.get(
                (atom, entity if atom in conjunction.joined else 0), (0.0, None)
            )
            if item is not None:
                bound[role], clarity = item, clarity + margin
        rule = self._program.rules[conjunction.key]
        finding = Finding(conjunction.key, bound, _shown(rule, bound), clarity, rule)
        self._found[conjunction.key].append(finding)
        if conjunction.key[0] == "symptom":
            self._pool["symptom", conjunction.key[1]].append(finding)

    def findings(self) -> dict[Key, tuple[Finding, ...]]:
        """What was found by rule, the clearest first."""
        return {key: tuple(sorted(f, key=_unclarity)) for key, f in self._found.items()}


def _unclarity(finding: Finding) -> float:
    return -finding.clarity


def _value(item: Slotted) -> Any:
    return tuple(item.slots.items())


def _shown(rule: Rule, bound: Mapping[str, Slotted]) -> Mapping[str, Any]:
    """The slots that a finding has itself."""
    shows = getattr(rule, "shows", None)
    if shows:
        paths = ((slot, *path.split(".", 1)) for slot, path in shows.items())
        return {slot: bound[role].slots.get(inner) for slot, role, inner in paths if role in bound}
    roles = tuple(bound.values())
    return roles[0].slots if len(roles) == 1 and not rule.when.any else {}
