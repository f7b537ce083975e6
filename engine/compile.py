"""From a knowledge base to what a matcher runs on: atoms, and conjunctions of them.

An atom is one pattern, decided fact by fact in Python; matchers see its number only. A rule with
alternatives becomes several conjunctions. What `unless` asks is an atom too: that the pattern is
known to match nothing, which is decided once everything it could match has been derived.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from traindx.engine.knowledge import KnowledgeBase
from traindx.engine.language import Constraint, Pattern, Rule, Slotted

LARGEST_CONJUNCTION = 8
Key = tuple[str, ...]
Source = tuple[str, str]
"""Of what a pattern is asked: ("fact", its kind) or ("symptom", its name)."""
Pooled = tuple[Mapping[str, Any], Slotted]
"""Something to match, behind its slots: they are asked for far more often than it is."""


@dataclass(frozen=True)
class Atom:
    """A pattern to be decided, for the whole run or (joined) for each entity apart."""

    number: int
    pattern: Pattern
    joined: tuple[str, ...]
    """The slots that name the entity; () for the whole run."""
    absent: bool
    """Whether it stands for: nothing matches."""
    wave: int
    """When it can be decided: 0 from facts alone, n once symptoms of level n are complete."""

    @cached_property
    def source(self) -> Source:
        """What it is decided on."""
        return self.pattern.source

    def matching(self, pool: list[Pooled]) -> list[Slotted]:
        """What the pattern matches; nothing holds of what is not known."""
        found, tests = [], self.pattern.tests
        for slots, item in pool:
            for slot, comparison, bound in tests:
                value = slots.get(slot)
                if value is None or not comparison(value, bound):
                    break
            else:
                found.append(item)
        return found

    @property
    def of_nothing(self) -> bool:
        """Whether it may hold where there is nothing to match: an absence, or a number of none."""
        return self.absent or self.pattern.count is not None

    @cached_property
    def bounded(self) -> bool:
        """Whether one match may be clearer than another."""
        return any(test.bounds for test in self.pattern.constraints.values())

    def clearest(self, items: list[Slotted]) -> tuple[float, Slotted]:
        """The first of those that match most clearly, and its margin."""
        if not self.bounded:
            return 0.0, items[0]
        margins = [self.pattern.margin(item) for item in items]
        best = max(margins)
        return best, items[margins.index(best)]


@dataclass(frozen=True)
class Conjunction:
    """A rule (or one alternative of it): atoms that must all be told."""

    number: int
    key: Key
    alternative: int
    """Which of the rule's alternatives, from 0."""
    roles: tuple[tuple[str, int], ...]
    """Role and atom, for those of `when`."""
    absences: tuple[int, ...]
    """Atoms of `unless`."""
    joined: frozenset[int]
    """Those of its atoms that must agree on the entity."""

    @cached_property
    def atoms(self) -> tuple[int, ...]:
        """All its atoms, each once."""
        return tuple(dict.fromkeys((*(atom for _, atom in self.roles), *self.absences)))


@dataclass(frozen=True)
class Program:
    """A compiled knowledge base."""

    atoms: tuple[Atom, ...]
    conjunctions: tuple[Conjunction, ...]
    waves: int
    rules: Mapping[Key, Rule]

    @cached_property
    def by_wave(self) -> tuple[Mapping[Source, Sequence[Atom]], ...]:
        """The atoms that are decided together, by what they are decided on."""
        return self._grouped(self.atoms)

    @cached_property
    def of_nothing(self) -> tuple[Mapping[Source, Sequence[Atom]], ...]:
        """Those of them that may hold where there is nothing to match."""
        return self._grouped(atom for atom in self.atoms if atom.of_nothing)

    def _grouped(self, atoms: Iterable[Atom]) -> tuple[Mapping[Source, Sequence[Atom]], ...]:
        waves: list[dict[Source, list[Atom]]] = [defaultdict(list) for _ in range(self.waves)]
        for atom in atoms:
            waves[atom.wave][atom.source].append(atom)
        return tuple(waves)


class Compiler:
    """Numbers atoms and collects conjunctions."""

    def __init__(self, kb: KnowledgeBase, slots_of: Callable[[Pattern], set[str]]) -> None:
        self._kb = kb
        self._slots_of = slots_of
        self._levels: dict[str, int] = {}
        self._atoms: dict[Any, Atom] = {}
        self._conjunctions: list[Conjunction] = []

    def program(self) -> Program:
        """The whole knowledge base compiled."""
        rules = dict(self._kb.rules())
        for key, rule in rules.items():
            for n, alternative in enumerate(rule.when.alternatives):
                self._add(key, n, rule, alternative)
        waves = 1 + max((atom.wave for atom in self._atoms.values()), default=0)
        return Program(tuple(self._atoms.values()), tuple(self._conjunctions), waves, rules)

    def _add(self, key: Key, n: int, rule: Rule, alternative: Mapping[str, Pattern]) -> None:
        roles = {role: self._atom(p, rule.same, False) for role, p in alternative.items()}
        # Where nothing that is found has the slots, `unless` has nothing to agree with.
        same = rule.same if any(atom.joined for atom in roles.values()) else ()
        absences = [self._atom(p, same, True) for p in rule.unless.values()]
        self._conjunctions.append(
            Conjunction(
                len(self._conjunctions),
                key,
                n,
                tuple((role, atom.number) for role, atom in roles.items()),
                tuple(atom.number for atom in absences),
                frozenset(a.number for a in (*roles.values(), *absences) if a.joined),
            )
        )

    def _atom(self, pattern: Pattern, same: tuple[str, ...], absent: bool) -> Atom:
        has_all = pattern.count is None and set(same) <= self._slots_of(pattern)
        joined = same if has_all else ()
        key = pattern.source, _frozen(pattern), joined, absent
        if key not in self._atoms:
            wave = self._level(pattern.symptom) if pattern.symptom else 0
            self._atoms[key] = Atom(len(self._atoms), pattern, joined, absent, wave)
        return self._atoms[key]

    def _level(self, symptom: str) -> int:
        """One more than the highest level among the symptoms that it rests on."""
        if symptom not in self._levels:
            rests = {p.symptom for p in self._kb.symptoms[symptom].patterns if p.symptom}
            self._levels[symptom] = 1 + max(map(self._level, rests), default=0)
        return self._levels[symptom]


def _frozen(pattern: Pattern) -> Any:
    tests = tuple(sorted((s, _flat(c)) for s, c in pattern.constraints.items()))
    return tests, _flat(pattern.count) if pattern.count else ()


def _flat(test: Constraint) -> tuple[Any, ...]:
    return tuple((name, type(bound).__name__, bound) for name, bound in test.comparisons)


def shown_slots(kb: KnowledgeBase, templates: Mapping[str, Any], pattern: Pattern) -> set[str]:
    """The slots of what a pattern asks about, in a knowledge base that was checked."""
    kind, name = pattern.source
    if kind == "fact":
        return set(templates[name].model_fields) if name in templates else set()
    symptom = kb.symptoms[name]
    if symptom.shows:
        return set(symptom.shows)
    roles = tuple(symptom.when.roles.values())
    if len(roles) == 1 and not symptom.when.any:
        return shown_slots(kb, templates, roles[0])
    return set()


def compiled(kb: KnowledgeBase, templates: Mapping[str, Any]) -> Program:
    """A knowledge base as a program for matchers."""
    return Compiler(kb, lambda pattern: shown_slots(kb, templates, pattern)).program()
