"""Matching: which conjunctions hold of the atoms that are told, in plain Python.

A matcher opens sessions; a session is told waves of (atom, entity) and answers with the
(conjunction, entity) that hold since. Entity 0 is the whole run. The plain matcher is the oracle
of the property tests, and what runs where durable_rules cannot.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from traindx.engine.compile import Conjunction, Program

Told = tuple[int, int]
"""Atom and entity."""
Firing = tuple[int, int]
"""Conjunction and entity."""


class Session(Protocol):
    """One run of inference."""

    def tell(self, wave: Iterable[Told]) -> list[Firing]:
        """Adds atoms; returns what holds since then, sorted, each firing once a session."""
        ...


class Matcher(Protocol):
    """A compiled program, ready for sessions. Safe to use from several threads."""

    @property
    def name(self) -> str: ...

    def session(self) -> AbstractContextManager[Session]: ...


class PlainMatcher:
    """Matches by looking each conjunction's atoms up in a set."""

    name = "plain"

    def __init__(self, program: Program) -> None:
        self._uses: dict[int, list[Conjunction]] = defaultdict(list)
        for conjunction in program.conjunctions:
            for atom in conjunction.atoms:
                self._uses[atom].append(conjunction)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that knows nothing yet."""
        yield PlainSession(self._uses)


class PlainSession:
    """What has been told, and what has fired."""

    def __init__(self, uses: dict[int, list[Conjunction]]) -> None:
        self._uses = uses
        self._told: dict[int, set[int]] = defaultdict(set)
        self._fired: set[Firing] = set()

    def tell(self, wave: Iterable[Told]) -> list[Firing]:
        """Looks only at conjunctions that use an atom of the wave."""
        touched: dict[int, Conjunction] = {}
        for atom, entity in wave:
            self._told[atom].add(entity)
            touched.update((c.number, c) for c in self._uses.get(atom, ()))
        found = {(c.number, entity) for c in touched.values() for entity in self._entities(c)}
        new = found - self._fired
        self._fired |= new
        return sorted(new)

    def _entities(self, conjunction: Conjunction) -> set[int]:
        """The entities of which all the atoms have been told."""
        told = [self._told.get(atom, set()) for atom in conjunction.atoms]
        if not all(told):
            return set()
        joined = [self._told[atom] for atom in conjunction.joined]
        return set.intersection(*joined) if joined else {0}
