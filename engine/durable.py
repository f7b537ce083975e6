"""Matching by durable_rules: the one module that knows it.

Only its C module is used, on the path that was measured to be sound: integers, positive
conjunctions, joins on equality, one ruleset with one session at a time, no host and so no threads.
Off that path it crashes, hangs or loses facts. What shapes the code below:

- a node holds at most 511 tests, so an atom is found in two steps, `h` (its group of 64) then `a`;
- a test serves at most 255 rules, and no fact gets past one with more than 64 joins (error 303), so
  an atom that more rules use is told under several numbers;
- it crashes on forgetting a session in which nothing fired, so one rule fires at the very start;
- it never returns from an empty list of facts, so none is asserted;
- a fact costs 8 KB and some microseconds, so rules of one pattern are not sent to it;
- a handle does not survive a fork, so it is made anew in a new process.
"""

import json
import os
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from traindx.engine.compile import Conjunction, Program
from traindx.engine.matching import Firing, Session, Told

GROUP = 6
"""Bits of an atom's number within its group."""
USES = 60
"""Most rules that may share one test."""
LARGEST_PROGRAM = 4096
MOST_GROUPS = 500
START = '{"id":"start","sid":"0","h":-1}'


class UnavailableError(RuntimeError):
    """durable_rules cannot be used here, and why."""


def _imported() -> ModuleType:
    """The C module. Released builds need their symbols bound late on Python 3.13 and above."""
    late = sys.version_info >= (3, 13) and hasattr(sys, "setdlopenflags")
    flags = sys.getdlopenflags() if late else 0
    try:
        if late:
            sys.setdlopenflags(os.RTLD_LAZY)
        import durable_rules_engine
    except ImportError as error:
        raise UnavailableError(
            f"durable_rules is not installed or not importable: {error}"
        ) from error
    finally:
        if late:
            sys.setdlopenflags(flags)
    module: ModuleType = durable_rules_engine
    return module


class DurableMatcher:
    """Matches with the Rete network of durable_rules."""

    name = "durable_rules"

    def __init__(self, program: Program) -> None:
        self._engine = _imported()
        if len(program.conjunctions) > LARGEST_PROGRAM:
            raise UnavailableError(
                f"{len(program.conjunctions)} rules; {LARGEST_PROGRAM} are the most it takes"
            )
        self._numbering = Numbering(program)
        if self._numbering.groups > MOST_GROUPS:
            raise UnavailableError(
                f"{self._numbering.groups} groups of patterns; {MOST_GROUPS} are the most it takes"
            )
        self._rules = json.dumps(self._numbering.ruleset())
        self._network = self._built()

    def _built(self) -> "Network":
        handle = self._engine.create_ruleset("kb", self._rules)
        return Network(handle, os.getpid(), threading.Lock())

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The one session that may be open at a time; others wait."""
        network = self._network
        if network.pid != os.getpid():
            # Threads that come here together build one each, and each stays with its own.
            network = self._network = self._built()
        with network.lock:
            session = DurableSession(self._engine, network.handle, self._numbering)
            try:
                yield session
            finally:
                self._engine.delete_state(network.handle, "0")

    def __reduce__(self) -> Any:
        raise TypeError("a matcher belongs to its process; pass the knowledge base instead")


@dataclass(frozen=True)
class Network:
    """A ruleset inside durable_rules, the process it lives in, and who may use it now."""

    handle: Any
    pid: int
    lock: threading.Lock


class DurableSession:
    """Session "0" of a ruleset."""

    def __init__(self, engine: ModuleType, handle: Any, numbering: "Numbering") -> None:
        self._engine = engine
        self._handle = handle
        self._numbering = numbering
        self._messages = 0
        _, self._offset = engine.assert_fact(handle, START)
        engine.start_action_for_state(handle, self._offset)
        engine.complete_and_start_action(handle, self._offset)

    def tell(self, wave: Iterable[Told]) -> list[Firing]:
        """Asserts the wave as one list, then takes every activation off the agenda."""
        told = sorted(wave)
        fired = set(self._numbering.at_once(told))
        messages = list(self._numbering.messages(told, self._messages))
        if messages:
            self._messages += len(messages)
            self._engine.assert_facts(self._handle, f"[{','.join(messages)}]")
            fired.update(self._activations())
        return sorted(fired)

    def _activations(self) -> Iterator[Firing]:
        started = self._engine.start_action_for_state(self._handle, self._offset)
        message = started and started[1]
        most = self._messages * self._numbering.conjunctions
        for _ in range(most + 1):
            if not message:
                return
            ((name, bound),) = json.loads(message).items()
            yield int(name), self._numbering.entity(int(name), bound)
            message = self._engine.complete_and_start_action(self._handle, self._offset)
        self._engine.abandon_action(self._handle, self._offset)
        raise RuntimeError(f"more than {most} rules fired in one wave; this is a defect")


class Numbering:
    """The numbers under which atoms are told, and the conjunctions written with them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        joins = [c for c in program.conjunctions if len(c.atoms) > 1]
        self._joins = joins
        self._alone: dict[int, list[int]] = defaultdict(list)
        for conjunction in program.conjunctions:
            if len(conjunction.atoms) == 1:
                self._alone[conjunction.atoms[0]].append(conjunction.number)
        uses = Counter(atom for c in joins for atom in c.atoms)
        self._codes: dict[int, list[int]] = {}
        free = 0
        for atom in sorted(uses):
            clones = -(-uses[atom] // USES)
            self._codes[atom] = list(range(free, free + clones))
            free += clones
        self.groups = 1 + (free >> GROUP)
        self.conjunctions = len(program.conjunctions)

    def at_once(self, wave: list[Told]) -> Iterator[Firing]:
        """What a single atom fires: there is nothing to join, so nobody else is asked."""
        return ((number, e) for atom, e in wave for number in self._alone.get(atom, ()))

    def messages(self, wave: list[Told], first: int) -> Iterator[str]:
        """The wave as messages; an atom that nobody uses is not told."""
        codes = ((code, e) for atom, e in wave for code in self._codes.get(atom, ()))
        for n, (code, entity) in enumerate(codes, first):
            yield f'{{"id":{n},"sid":"0","h":{code >> GROUP},"a":{code},"e":{entity}}}'

    def entity(self, conjunction: int, bound: dict[str, Any]) -> int:
        """The entity that an activation is about."""
        rule = self._program.conjunctions[conjunction]
        place = next((n for n, a in enumerate(rule.atoms) if a in rule.joined), None)
        return 0 if place is None else int(bound[f"c{place}"]["e"])

    def ruleset(self) -> dict[str, Any]:
        """The program as durable_rules reads it."""
        used: Counter[int] = Counter()
        rules: dict[str, Any] = {"_": {"all": [{"c": {"h": -1}}]}}
        for conjunction in self._joins:
            codes = {}
            for atom in conjunction.atoms:
                codes[atom] = self._codes[atom][used[atom] // USES]
                used[atom] += 1
            rules[str(conjunction.number)] = {"dist": 0, "all": list(_all(conjunction, codes))}
        return rules


def _all(conjunction: Conjunction, codes: dict[int, int]) -> Iterator[dict[str, Any]]:
    first: str | None = None
    for n, atom in enumerate(conjunction.atoms):
        tests: list[dict[str, Any]] = [{"h": codes[atom] >> GROUP}, {"a": codes[atom]}]
        if atom in conjunction.joined:
            if first is not None:
                tests.append({"e": {first: "e"}})
            first = first or f"c{n}"
        yield {f"c{n}": {"$and": tests}}
