"""Checks: what can be wrong with a knowledge base although each file is well formed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel

from traindx.engine.compile import LARGEST_CONJUNCTION
from traindx.engine.facts import Fact
from traindx.engine.knowledge import Cause, Example, Remedy, Scale, Symptom
from traindx.engine.language import Conditions, Constraint, Pattern, Rule
from traindx.engine.sentences import SAMPLE, Sentence
from traindx.engine.sources import Complaint, Path_, Source, nearest

Entries = Mapping[str, Mapping[str, tuple[Source, BaseModel]]]
Said = Iterator[tuple[Path_, str]]
RESERVED = {"fact", "symptom", "count"}


def check(entries: Entries, templates: Mapping[str, type[Fact]]) -> Iterator[Complaint]:
    """Every complaint about the entries of a knowledge base."""
    book = Book(entries, templates)
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

    def has(self, kind: str, name: str, where: Path_) -> Said:
        """A complaint, unless there is an entry of the name."""
        if name not in self.entries[kind]:
            hint = nearest(name, self.entries[kind])
            yield where, f"{where[-1]}: no {kind} is called '{name}'{hint}"

    def symptom(self, name: str) -> Symptom:
        """The symptom of a name that is known to exist."""
        symptom = self.entries["symptom"][name][1]
        assert isinstance(symptom, Symptom)
        return symptom

    def slots(self, pattern: Pattern, seen: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """The types of the slots of what a pattern asks about; None if that is unknown."""
        kind, name = pattern.source
        if kind == "fact":
            template = self.templates.get(name)
            fields = template.model_fields if template else {}
            return {s: f.annotation for s, f in fields.items()} if template else None
        if name not in self.entries["symptom"] or name in seen:
            return None
        return self._shown(self.symptom(name), (*seen, name))

    def _shown(self, symptom: Symptom, seen: tuple[str, ...]) -> dict[str, Any]:
        roles = symptom.when.alternatives[0]
        if not symptom.shows:
            (only,) = roles.values() if len(roles) == 1 and not symptom.when.any else (None,)
            return (self.slots(only, seen) if only else None) or {}
        paths = {slot: path.partition(".") for slot, path in symptom.shows.items()}
        return {
            slot: (self.slots(roles[role], seen) or {}).get(inner, Any)
            for slot, (role, _, inner) in paths.items()
            if role in roles
        }


def _kinds(annotation: Any) -> tuple[type, ...]:
    """The plain types that a slot may hold."""
    parts = get_args(annotation) or (annotation,)
    return tuple(type(p) if isinstance(p, str) else p for p in parts if p is not NoneType)


def _fits(value: Any, annotation: Any) -> bool:
    kinds = _kinds(annotation)
    if Any in kinds:
        return True
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, int | float):
        return float in kinds or (int in kinds and float(value).is_integer())
    return str in kinds


def _constraint(slot: str, test: Constraint, annotation: Any, where: Path_) -> Said:
    words = [p for p in get_args(annotation) if isinstance(p, str)]
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
        yield from ((w, f"{role}: {t}") for w, t in book.has("symptom", name, (*where, "symptom")))
    elif slots is None:
        hint = nearest(name, book.templates)
        yield (*where, "fact"), f"{role}: no fact is called '{name}'{hint}"
    if slots is None:
        return
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
    joined = [p for p in rule.when.patterns if set(rule.same) & set(book.slots(p) or {})]
    if rule.same and not joined:
        yield (*where, "same"), f"no pattern of `when` has the slot {', '.join(rule.same)}"


def _sentence(book: Book, text: str, when: Conditions, where: Path_) -> Said:
    try:
        named = Sentence(text).slots
    except ValueError as error:
        yield where, f"because: {error}"
        return
    for role, slot, spec in named:
        yield from ((where, t) for t in _named(book, role, slot, spec, when))


def _named(book: Book, role: str, slot: str, spec: str, when: Conditions) -> Iterator[str]:
    for alternative in when.alternatives:
        if role not in alternative:
            hint = nearest(role, alternative)
            yield f"because: no pattern that always matches plays the role '{role}'{hint}"
            return
        slots = book.slots(alternative[role])
        if slots is not None and slot not in slots:
            yield f"because: {role} has no slot '{slot}'{nearest(slot, slots)}"
        elif slots is not None and not _formattable(slots[slot], spec):
            yield f"because: '{role}.{slot}' cannot be written as ':{spec}'"


def _formattable(annotation: Any, spec: str) -> bool:
    samples = [SAMPLE[t] for t in _kinds(annotation) if t in SAMPLE]
    try:
        for sample in samples:
            Formatter().format_field(sample, spec)
    except (ValueError, TypeError):
        return False
    return True


def _symptom(book: Book, symptom: Symptom) -> Said:
    yield from _rule(book, symptom)
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
        slots = book.slots(roles[role]) or {}
        for slot, value in values.items():
            if slot not in slots:
                yield (*place, slot), f"examples: {role} has no slot '{slot}'{nearest(slot, slots)}"
            elif value is not None and not _fits(value, slots[slot]):
                yield (*place, slot), f"examples: {role}.{slot} cannot be {value!r}"


def _refers(book: Book, entry: Symptom | Cause | Remedy) -> Said:
    for n, name in enumerate(entry.references):
        yield from book.has("reference", name, ("references", n))


def _cause(book: Book, cause: Cause) -> Said:
    scale = book.entries["scale"]["scale"][1]
    assert isinstance(scale, Scale)
    if cause.prior not in scale.priors:
        hint = nearest(cause.prior, scale.priors) or f"; it is one of {', '.join(scale.priors)}"
        yield ("prior",), f"prior: no prior is called '{cause.prior}'{hint}"
    for name, line in cause.evidence.items():
        where = ("evidence", name)
        if line.word not in scale.weights:
            hint = nearest(line.word, scale.weights) or f"; it is one of {', '.join(scale.weights)}"
            yield (*where, "weight"), f"{name}: no weight is called '{line.word}'{hint}"
        yield from _rule(book, line, where)
    yield from _relations(book, cause)
    yield from _refers(book, cause)


def _relations(book: Book, cause: Cause) -> Said:
    for n, name in enumerate(cause.excludes):
        yield from book.has("cause", name, ("excludes", n))
        if name == cause.cause:
            yield ("excludes", n), "excludes: a cause cannot exclude itself"
    for n, name in enumerate(cause.remedies):
        yield from book.has("remedy", name, ("remedies", n))
    known = {**book.entries["symptom"], **book.entries["cause"]}
    for n, name in enumerate(cause.explains):
        if name not in known:
            hint = nearest(name, known)
            yield ("explains", n), f"explains: no symptom or cause is called '{name}'{hint}"


def _remedy(book: Book, remedy: Remedy) -> Said:
    for role, pattern in remedy.unless.items():
        yield from _pattern(book, role, pattern, ("unless", role))
    yield from _refers(book, remedy)


def _scale(book: Book, scale: Scale) -> Said:
    for name, value in scale.weights.items():
        if value <= 0:
            yield (
                ("weights", name),
                f"weights: {name} must be above 0; write the minus in the cause",
            )
    for n, name in enumerate(scale.references):
        yield from book.has("reference", name, ("references", n))


def _cycles(book: Book) -> Iterator[Complaint]:
    """A complaint for each symptom that rests on itself."""
    rests = {
        name: {p.symptom for p in book.symptom(name).patterns if p.symptom}
        for name in book.entries["symptom"]
    }
    for name, (source, _) in book.entries["symptom"].items():
        if path := _path(name, name, rests, frozenset()):
            yield source.complaint(("when",), f"symptoms rest on themselves: {' -> '.join(path)}")


def _path(
    start: str, goal: str, rests: Mapping[str, Any], seen: frozenset[str]
) -> tuple[str, ...] | None:
    for name in sorted(rests.get(start, ())):
        if name == goal:
            return start, goal
        if name not in seen and (path := _path(name, goal, rests, seen | {name})):
            return start, *path
    return None


CHECKS: dict[str, tuple[Any, ...]] = {
    "scale": (_scale,),
    "symptom": (_symptom,),
    "cause": (_cause,),
    "remedy": (_remedy,),
}
