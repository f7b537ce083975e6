"""What was observed at all: the difference between not there and not looked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from traindx.engine.facts import Fact
from traindx.engine.inference import Inference
from traindx.engine.knowledge import KnowledgeBase
from traindx.engine.language import Constraint, Pattern, Rule

Known = tuple[str, tuple[Any, ...]]
"""A kind of fact, and what one of the kind is about."""


def observed(kb: KnowledgeBase, facts: Iterable[Fact]) -> "Observed":
    """What a run's facts are about. Runs that record the same share one answer."""
    return _observed(kb, frozenset(map(_known, facts)))


def _known(fact: Fact) -> Known:
    return fact.kind, tuple(fact.slots[slot] for slot in fact.about)


@lru_cache(maxsize=256)
def _observed(kb: KnowledgeBase, known: frozenset[Known]) -> "Observed":
    return Observed(kb, known)


class Ways(NamedTuple):
    """Of a rule: the alternatives of which there are facts, and what is lacking for the others."""

    seen: list[list[Pattern]]
    lacking: tuple[str, ...]
    """The fewest signals without which none can be looked for."""


class Observed:
    """What was recorded of a run, asked what could not be looked for."""

    def __init__(self, kb: KnowledgeBase, known: Iterable[Known]) -> None:
        self._kb = kb
        self._ways: dict[int, Ways] = {}
        self._known: dict[str, set[tuple[Any, ...]]] = {}
        for kind, about in known:
            self._known.setdefault(kind, set()).add(about)

    def lacking(self, rule: Rule) -> tuple[str, ...]:
        """The signals without which none of a rule's alternatives can be looked for."""
        return self._asked(rule).lacking

    def seen(self, rule: Rule) -> list[list[Pattern]]:
        """The alternatives of a rule of which there are facts to ask."""
        return self._asked(rule).seen

    def recorded(self, signal: str) -> bool:
        """Whether at least half of what a signal can tell is known, so that it must be there."""
        kinds = [kind for kind, template in Fact.templates.items() if template.signal == signal]
        return bool(kinds) and 2 * sum(kind in self._known for kind in kinds) >= len(kinds)

    def _asked(self, rule: Rule) -> "Ways":
        if id(rule) not in self._ways:
            ways = [[*way.values()] for way in rule.when.alternatives]
            missing = [self._unseen(way) for way in ways]
            seen = [way for way, signals in zip(ways, missing, strict=True) if not signals]
            self._ways[id(rule)] = Ways(seen, min(missing, key=len))
        return self._ways[id(rule)]

    def _unseen(self, patterns: Iterable[Pattern]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s for pattern in patterns for s in self.missing(pattern)))

    def missing(self, pattern: Pattern) -> tuple[str, ...]:
        """The signals without which one pattern cannot be looked for."""
        if pattern.symptom:
            return self.lacking(self._kb.symptoms[pattern.symptom])
        signal = self._missing(Fact.templates[str(pattern.fact)], pattern.constraints)
        return (signal,) if signal else ()

    def _missing(self, template: type[Fact], tests: Mapping[str, Constraint]) -> str | None:
        """The signal of a pattern, if no fact is about what it asks about."""
        there = self._known.get(template.kind, set())
        asked = {n: tests[s].equals for n, s in enumerate(template.about) if s in tests}
        wanted = [(n, value) for n, value in asked.items() if value is not None]
        if there and not wanted:
            return None
        for known in there:
            if all(known[n] == value for n, value in wanted):
                return None
        return template.needs({template.about[n]: value for n, value in asked.items()})


@dataclass(frozen=True)
class Search:
    """What could be looked for in a run: there were facts to ask, and their slots were known."""

    kb: KnowledgeBase
    inference: Inference
    _decided: dict[int, bool] = field(default_factory=dict)

    @cached_property
    def observed(self) -> Observed:
        """What was recorded."""
        return observed(self.kb, self.inference.facts)

    def decides(self, rule: Rule) -> bool:
        """Whether those of a rule's alternatives of which there are facts could be answered."""
        if id(rule) not in self._decided:
            seen = self.observed.seen(rule)
            self._decided[id(rule)] = bool(seen) and all(map(self._decides, seen))
        return self._decided[id(rule)]

    @cached_property
    def _unknown(self) -> Mapping[str, set[str]]:
        """By kind of fact, the slots that are not known of every fact."""
        slots: dict[str, set[str]] = {}
        for fact in self.inference.facts:
            found = {slot for slot, value in fact.slots.items() if value is None}
            slots.setdefault(fact.kind, set()).update(found)
        return slots

    def _may_hang(self, pattern: Pattern) -> bool:
        """Whether the answer may hang on a slot that is not known."""
        if pattern.symptom:
            return self._answer(pattern) is None
        return not self._unknown.get(str(pattern.fact), set()).isdisjoint(pattern.constraints)

    def _decides(self, patterns: Sequence[Pattern]) -> bool:
        if not any(map(self._may_hang, patterns)):
            return True
        known = True
        for answer in map(self._answer, patterns):
            if answer is False:
                return True
            known &= answer is not None
        return known

    def lacking(self, rule: Rule) -> tuple[str, ...]:
        """The signals without which a rule cannot be decided, as far as they have a name."""
        return self.observed.lacking(rule) or tuple(
            dict.fromkeys(
                need
                for way in rule.when.alternatives
                for pattern in way.values()
                for need in self._needs(pattern)
            )
        )

    def _needs(self, pattern: Pattern) -> Iterator[str]:
        """What would have to be known of the facts that a pattern asks in vain."""
        for item in self.inference.of(pattern):
            if isinstance(item, Fact) and pattern.asked(item) is None:
                unknown = (slot for slot in pattern.constraints if item.slots[slot] is None)
                yield from (item.to_know[slot] for slot in unknown if slot in item.to_know)

    def _answer(self, pattern: Pattern) -> bool | None:
        """Whether anything matches; None if that hangs on what is not known."""
        asked = self.inference.of(pattern)
        if pattern.symptom and not asked:
            return False if self.decides(self.kb.symptoms[pattern.symptom]) else None
        known = True
        for answer in map(pattern.asked, asked):
            if answer:
                return True
            known &= answer is not None
        return False if known else None
