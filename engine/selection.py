"""Selection: which causes and symptoms somebody wants to hear of, and what is left out for that."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from traindx.engine.knowledge import KnowledgeBase, Symptom
from traindx.engine.language import Severity
from traindx.engine.ranking import Candidate, Ranking
from traindx.engine.report import LeftOut
from traindx.engine.sources import nearest


@dataclass(frozen=True)
class Selection:
    """Names of causes and symptoms: those to report (all, if none are given), and those not to."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def complaints(self, kb: KnowledgeBase) -> Iterable[str]:
        """Each name that nothing is called, with what may have been meant."""
        known = [*kb.causes, *kb.symptoms]
        for name in (*self.select, *self.ignore):
            if name not in known:
                yield f"no cause or symptom is called '{name}'{nearest(name, known)}"

    def wants(self, *names: str) -> bool:
        """Whether something is to be reported that has one of these names, the first its own."""
        return names[0] not in self.ignore and (
            not self.select or any(name in self.select for name in names)
        )


EVERYTHING = Selection()


@dataclass(frozen=True)
class Scope:
    """A selection applied to what was found in one run.

    A cause is selected by its own name, by that of a symptom which it accounts for or by that of a
    cause that follows from it; a symptom by its own or through such a cause. With a cause that is
    not reported goes what it alone accounts for: that is no riddle. What limits all that can be
    said is reported unless it is ignored by its name.
    """

    selection: Selection
    whole: Ranking
    held: tuple[Symptom, ...]
    """The symptoms that were found, reported or not."""

    @cached_property
    def ranking(self) -> Ranking:
        """What of the ranking is reported."""
        if self.selection == EVERYTHING:
            return self.whole
        roots = tuple(filter(self._wanted, self.whole.roots))
        undecided = tuple(c for c in self.whole.undecided if c in roots)
        return replace(
            self.whole,
            roots=roots,
            follows={name: self._heard(found) for name, found in self.whole.follows.items()},
            ruled_out=tuple(p for p in self.whole.ruled_out if self.selection.wants(p[0].name)),
            undecided=undecided if len(undecided) > 1 else (),
        )

    def holds(self, symptom: Symptom) -> bool:
        """Whether a symptom that was found is reported."""
        name = symptom.symptom
        if self.selection == EVERYTHING:
            return True
        if name in self.selection.ignore or symptom.limits:
            return name not in self.selection.ignore
        explaining = [c for c in self.whole.roots if name in c.cause.explains]
        return any(map(self._wanted, explaining)) if explaining else self.selection.wants(name)

    def asks(self, name: str, kb: KnowledgeBase) -> bool:
        """Whether it is of interest that a symptom was not found, or could not be looked for."""
        if self.selection == EVERYTHING:
            return True
        related = (cause for cause, page in kb.causes.items() if name in page.explains)
        return self.selection.wants(name, *related)

    @cached_property
    def left_out(self) -> LeftOut | None:
        """What was found and is not reported; None if everything was asked for."""
        if self.selection == EVERYTHING:
            return None
        causes = [c.cause for c in self.whole.roots if c not in self.ranking.roots]
        symptoms = [s for s in self.held if not self.holds(s)]
        explained = {name for cause in causes for name in cause.explains}
        alarming = [s for s in symptoms if s.severity != Severity.NOTE]
        riddles = [s for s in alarming if s.symptom not in explained]
        faults = [cause for cause in causes if not cause.benign]
        return LeftOut(
            select=self.selection.select,
            ignore=self.selection.ignore,
            causes=tuple(cause.cause for cause in causes),
            symptoms=tuple(symptom.symptom for symptom in symptoms),
            titles=(*(cause.title for cause in faults), *(s.title for s in riddles)),
        )

    def _wanted(self, candidate: Candidate) -> bool:
        shown = (s.symptom for s in self.held if s.symptom in candidate.cause.explains)
        follows = (c.name for c in self.whole.follows.get(candidate.name, ()))
        return self.selection.wants(candidate.name, *shown, *follows)

    def _heard(self, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        return tuple(c for c in candidates if c.name not in self.selection.ignore)
