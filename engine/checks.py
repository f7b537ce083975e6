"""Checks: what can be wrong with a knowledge base although each file is well formed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from string import Formatter
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel

from traindx.engine.compile import LARGEST_CONJUNCTION
from traindx.engine.facts import Fact
from traindx.engine.knowledge import Cause, Example, Remedy, Scale, Symptom
from traindx.engine.language import Conditions, Constraint, Pattern, Rule
from traindx.engine.sentences import COUNTED, SAMPLE, Sentence
from traindx.engine.sources import Complaint, Path_, Source, nearest

Entries = Mapping[str, Mapping[str, tuple[Source, BaseModel]]]
Said = Iterator[tuple[Path_, str]]
LONGEST_FORMAT = 5
RESERVED = {"fact", "symptom", "count"}
"""What a pattern says of itself, and so cannot ask of a slot."""


def check(
    entries: Entries, templates: Mapping[str, type[Fact]], torn: frozenset[str] = frozenset()
) -> Iterator[Complaint]:
    """Every complaint about the entries of a knowledge base.

    `torn` names what stands in files that could not be read: it is not complained of as unknown.
    """
    book = Book(entries, templates, torn)
    for kind, checks in CHECKS.items():
        for source, entry in entries[kind].values():
            for one in checks:
                yield from (source.complaint(where, text) for where, text in one(book, entry))
    yield from _cycles(book)


@dataclass(frozen=True)
class Book:
    """What may be referred to."""

    entries: Entries
    templates: Mapping[str, type[Fact]]
    torn: frozenset[str]

    def has(self, kind: str, name: str, where: Path_, about: str) -> Said:
        """A complaint, unless there is an entry of the name."""
        lost = name in self.torn or (kind == "reference" and "references" in self.torn)
        if name not in self.entries[kind] and not lost:
            hint = nearest(name, self.entries[kind])
            yield where, f"{about}: no {kind} is called '{name}'{hint}"

    def symptom(self, name: str) -> Symptom:
        """The symptom of a name that is known to exist."""
        symptom = self.entries["symptom"][name][1]
        assert isinstance(symptom, Symptom)
        return symptom

    @cached_property
    def scale(self) -> Scale | None:
        """The scale, if there is one that could be read."""
        scale = self.entries["scale"].get("scale", (None, None))[1]
        return scale if isinstance(scale, Scale) else None

    @cached_property
    def rests(self) -> dict[str, set[str]]:
        """The symptoms that each symptom rests on."""
        symptoms = self.entries["symptom"]
        return {n: {p.symptom for p in self.symptom(n).patterns if p.symptom} for n in symptoms}

    def slots(self, pattern: Pattern) -> dict[str, Any] | None:
        """The types of the slots of what a pattern asks about; None if that is unknown."""
        kind, name = pattern.source
        if kind == "symptom":
            return self._shown(name)
        template = self.templates.get(name)
        fields = template.model_fields if template else {}
        return {s: f.annotation for s, f in fields.items()} if template else None

    def _shown(self, name: str) -> dict[str, Any] | None:
        if name not in self._shows:
            self._shows[name] = None  # what a symptom that rests on itself finds here
            if name in self.entries["symptom"]:
                self._shows[name] = self._shown_by(self.symptom(name))
        return self._shows[name]

    def _shown_by(self, symptom: Symptom) -> dict[str, Any] | None:
        roles = symptom.when.alternatives[0]
        if not symptom.shows:
            lone = len(roles) == 1 and not symptom.when.any
            return self.slots(next(iter(roles.values()))) if lone else {}
        paths = {slot: path.partition(".") for slot, path in symptom.shows.items()}
        return {
            slot: (self.slots(roles[role]) or {}).get(inner, Any) if role in roles else Any
            for slot, (role, _, inner) in paths.items()
        }

    @cached_property
    def _shows(self) -> dict[str, dict[str, Any] | None]:
        return {}


def _parts(annotation: Any) -> Iterator[Any]:
    """The types and the words that a slot may hold, whatever they are wrapped in."""
    for part in get_args(annotation) or (annotation,):
        if get_args(part):
            yield from _parts(part)
        elif part is not NoneType:
            yield part


def _kinds(annotation: Any) -> tuple[type, ...]:
    """The plain types that a slot may hold."""
    return tuple(type(p) if isinstance(p, str) else p for p in _parts(annotation))


def _fits(value: Any, annotation: Any) -> bool:
    kinds = _kinds(annotation)
    if Any in kinds:
        return True
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, int | float):
        return float in kinds or (int in kinds and value == int(value))
    return str in kinds


def _constraint(slot: str, test: Constraint, annotation: Any, where: Path_) -> Said:
    words = [p for p in _parts(annotation) if isinstance(p, str)]
    for name, bound in test.comparisons:
        values = bound if isinstance(bound, tuple) else (bound,)
        for value in values:
            if not _fits(value, annotation):
                kind = "/".join(t.__name__ for t in _kinds(annotation))
                yield where, f"{slot}: {value!r} cannot be compared with a slot of type {kind}"
            elif words and value not in words:
                yield where, f"{slot} is never {value!r}{nearest(str(value), words)}"
        if name in ("above", "at_least", "below", "at_most") and not _numeric(annotation):
            yield where, f"{slot}: `{name}` needs a number, and {slot} is not one"


def _numeric(annotation: Any) -> bool:
    return bool({int, float, Any} & set(_kinds(annotation)))


def _pattern(book: Book, role: str, pattern: Pattern, where: Path_) -> Said:
    kind, name = pattern.source
    slots = book.slots(pattern)
    if kind == "symptom":
        yield from book.has("symptom", name, (*where, "symptom"), role)
    elif slots is None:
        hint = nearest(name, book.templates)
        yield (*where, "fact"), f"{role}: no fact is called '{name}'{hint}"
    if slots is None:
        return
    if taken := RESERVED & set(slots):
        text = f"{role}: {name} has a slot '{min(taken)}', a word that patterns keep for themselves"
        yield where, text
    for slot, test in pattern.constraints.items():
        if slot in slots:
            yield from _constraint(slot, test, slots[slot], (*where, slot))
        else:
            hint = nearest(slot, slots) or f"; it has {', '.join(slots) or 'none'}"
            yield (*where, slot), f"{role}: {name} has no slot '{slot}'{hint}"
    if pattern.count is not None:
        yield from _constraint("count", pattern.count, int, (*where, "count"))


def _rule(book: Book, rule: Rule, where: Path_ = ()) -> Said:
    for role, pattern in rule.when.roles.items():
        yield from _pattern(book, role, pattern, (*where, "when", role))
    for n, alternative in enumerate(rule.when.any):
        for role, pattern in alternative.items():
            yield from _pattern(book, role, pattern, (*where, "when", "any", n, role))
    for role, pattern in rule.unless.items():
        yield from _pattern(book, role, pattern, (*where, "unless", role))
    yield from _size(rule, where)
    yield from _same(book, rule, where)
    yield from _sentence(book, rule.because, rule.when, (*where, "because"))


def _size(rule: Rule, where: Path_) -> Said:
    size = max(map(len, rule.when.alternatives)) + len(rule.unless)
    if size > LARGEST_CONJUNCTION:
        text = f"{size} patterns in one rule, {LARGEST_CONJUNCTION} at most; make some a symptom"
        yield (*where, "when"), text


def _same(book: Book, rule: Rule, where: Path_) -> Said:
    for pattern in rule.patterns:
        slots = book.slots(pattern) or {}
        have = [slot for slot in rule.same if slot in slots]
        if have and len(have) < len(rule.same):
            missing = ", ".join(set(rule.same) - set(have))
            yield (*where, "same"), f"{pattern.source[1]} has {', '.join(have)} but not {missing}"
        if have and pattern.count is not None:
            yield (*where, "same"), f"{pattern.source[1]}: `count` and `same` do not go together"
    for alternative in rule.when.alternatives:
        known = [book.slots(p) for p in alternative.values()]
        if rule.same and not any(s is None or set(rule.same) & set(s) for s in known):
            text = f"no pattern that must match has the slot {', '.join(rule.same)}"
            yield (*where, "same"), text + _instead(rule.same, known)
            return


def _instead(words: tuple[str, ...], known: list[dict[str, Any] | None]) -> str:
    slots = {slot for s in known for slot in s or ()}
    return next((hint for word in words if (hint := nearest(word, slots))), "")


def _sentence(book: Book, text: str, when: Conditions, where: Path_) -> Said:
    if not text and not all(any(p.symptom for p in a.values()) for a in when.alternatives):
        yield where, "because: say what was found; only symptoms say it for themselves"
    yield from ((where, f"because: {complaint}") for complaint in _filled(book, text, when))


def _filled(book: Book, text: str, when: Conditions) -> Iterator[str]:
    """What is wrong with the places of a sentence."""
    try:
        named = Sentence(text).slots
    except ValueError as error:
        yield str(error)
        return
    for role, slot, spec in named:
        yield from _spoken_of(book, role, slot, spec, when)


def _spoken_of(book: Book, role: str, slot: str, spec: str, when: Conditions) -> Iterator[str]:
    """A sentence speaks of what plays a role; or of a fact of a kind of which there is but one."""
    if role in book.templates and not any(role in a for a in when.alternatives):
        yield from _written(role, slot, spec, _annotations(book.templates[role]))
    else:
        yield from _named(book, role, slot, spec, when)


def _named(book: Book, role: str, slot: str, spec: str, when: Conditions) -> Iterator[str]:
    for alternative in when.alternatives:
        if role not in alternative:
            hint = nearest(role, alternative)
            yield f"no pattern that always matches plays the role '{role}'{hint}"
            return
        slots, count = book.slots(alternative[role]), alternative[role].count
        if count is not None and count.holds(0):
            yield f"{role} may match nothing, and then there is no '{role}.{slot}'"
        elif slots is not None:
            yield from _written(role, slot, spec, slots)


def _annotations(template: type[Fact]) -> dict[str, Any]:
    return {slot: field.annotation for slot, field in template.model_fields.items()}


def _written(role: str, slot: str, spec: str, slots: Mapping[str, Any]) -> Iterator[str]:
    if slot not in slots:
        yield f"{role} has no slot '{slot}'{nearest(slot, slots)}"
    elif not _formattable(slots[slot], spec):
        yield f"'{role}.{slot}' cannot be written as ':{spec}'"


def _formattable(annotation: Any, spec: str) -> bool:
    if COUNTED in spec:
        return set(_kinds(annotation)) == {int} and spec.count(COUNTED) == 1
    samples = [SAMPLE[t] for t in _kinds(annotation) if t in SAMPLE]
    if len(spec) > LONGEST_FORMAT:
        return False
    try:
        for sample in samples:
            Formatter().format_field(sample, spec)
    except (ValueError, TypeError):
        return False
    return True


def _symptom(book: Book, symptom: Symptom) -> Said:
    yield from _rule(book, symptom)
    yield from ((("next",), f"next: {t}") for t in _filled(book, symptom.next, symptom.when))
    for slot, path in symptom.shows.items():
        role, _, inner = path.partition(".")
        if not inner:
            yield ("shows", slot), f"shows: write '{path}' as role.slot"
            continue
        yield from (
            (("shows", slot), t.replace("because", "shows"))
            for t in _named(book, role, inner, "", symptom.when)
        )
    for n, example in enumerate(symptom.examples):
        yield from _example(book, symptom, example, ("examples", n))
    yield from _refers(book, symptom)


def _example(book: Book, symptom: Symptom, example: Example, where: Path_) -> Said:
    roles = {**symptom.unless}
    for alternative in symptom.when.alternatives:
        roles.update(alternative)
    for role, values in example.facts.items():
        place = (*where, "facts", role)
        if role not in roles:
            yield place, f"examples: no pattern plays the role '{role}'{nearest(role, roles)}"
            continue
        slots = book.slots(roles[role])
        if slots is None:
            continue
        for slot, value in values.items():
            if slot not in slots:
                yield (*place, slot), f"examples: {role} has no slot '{slot}'{nearest(slot, slots)}"
            elif value is not None and not _fits(value, slots[slot]):
                yield (*place, slot), f"examples: {role}.{slot} cannot be {value!r}"


def _refers(book: Book, entry: Symptom | Cause | Remedy) -> Said:
    for n, name in enumerate(entry.references):
        yield from book.has("reference", name, ("references", n), "references")


def _cause(book: Book, cause: Cause) -> Said:
    if book.scale is not None:
        yield from _worded("prior", "prior", cause.prior, book.scale.priors, ("prior",))
    for name, line in cause.evidence.items():
        where = ("evidence", name)
        if book.scale is not None:
            weights = book.scale.weights
            yield from _worded(name, "weight", line.word, weights, (*where, "weight"))
        yield from _rule(book, line, where)
    yield from _relations(book, cause)
    yield from _refers(book, cause)


def _worded(about: str, kind: str, word: str, words: Mapping[str, float], where: Path_) -> Said:
    if word not in words:
        hint = nearest(word, words) or f"; it is one of {', '.join(words)}"
        yield where, f"{about}: no {kind} is called '{word}'{hint}"


def _relations(book: Book, cause: Cause) -> Said:
    for n, name in enumerate(cause.excludes):
        yield from book.has("cause", name, ("excludes", n), "excludes")
        if name == cause.cause:
            yield ("excludes", n), "excludes: a cause cannot exclude itself"
    for n, name in enumerate(cause.remedies):
        yield from book.has("remedy", name, ("remedies", n), "remedies")
    known = {**book.entries["symptom"], **book.entries["cause"]}
    for n, name in enumerate(cause.explains):
        if name not in known and name not in book.torn:
            hint = nearest(name, known)
            yield ("explains", n), f"explains: no symptom or cause is called '{name}'{hint}"
        if name == cause.cause and name not in book.entries["symptom"]:
            yield ("explains", n), "explains: a cause cannot explain itself"


def _remedy(book: Book, remedy: Remedy) -> Said:
    for role, pattern in remedy.unless.items():
        yield from _pattern(book, role, pattern, ("unless", role))
    yield from _refers(book, remedy)


def _scale(book: Book, scale: Scale) -> Said:
    for name, value in scale.weights.items():
        if value <= 0:
            text = f"weights: {name} must be above 0; write the minus in the cause"
            yield ("weights", name), text
    for table in ("weights", "priors", "strengths"):
        for name, value in getattr(scale, table).items():
            if not isfinite(value):
                yield (table, name), f"{table}: {name} must be a finite number"
    for n, name in enumerate(scale.references):
        yield from book.has("reference", name, ("references", n), "references")


def _cycles(book: Book) -> Iterator[Complaint]:
    """A complaint for each symptom that rests on itself."""
    for name, (source, _) in book.entries["symptom"].items():
        if way := _way_back(name, book.rests):
            yield source.complaint(("when",), f"symptoms rest on themselves: {' -> '.join(way)}")


def _way_back(goal: str, rests: Mapping[str, set[str]]) -> tuple[str, ...]:
    """The symptoms from one back to itself, or none."""
    ways: list[tuple[str, ...]] = [(goal,)]
    seen: set[str] = set()
    for way in ways:
        for name in sorted(rests.get(way[-1], set()) - seen):
            if name == goal:
                return *way, goal
            seen.add(name)
            ways.append((*way, name))
    return ()


CHECKS: dict[str, tuple[Any, ...]] = {
    "scale": (_scale,),
    "symptom": (_symptom,),
    "cause": (_cause,),
    "remedy": (_remedy,),
}
