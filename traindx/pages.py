"""Pages: what the knowledge base says about a symptom, a cause, a remedy or a reference."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Formatter

import numpy as np

from traindx.engine.knowledge import Cause, EvidenceRule, KnowledgeBase, Reference, Remedy, Symptom
from traindx.engine.language import Pattern, Rule
from traindx.engine.render import BLANK, Row
from traindx.engine.sources import nearest
from traindx.mlp.history import History, Name, Series

MOST_SPLITS = 4
"""Of the scopes of a run-level quantity without splits; one that has more is one of layers."""
MOST_SCOPES = 12
"""Of one quantity, so many series are shown."""
SPLITS = ("train", "val", "test")
KINDS = {
    "symptom": "symptoms",
    "cause": "causes",
    "remedy": "remedies",
    "reference": "references",
}


def entries(kb: KnowledgeBase, kind: str) -> Mapping[str, object]:
    """The entries of a kind by name."""
    found: Mapping[str, object] = getattr(kb, KINDS[kind])
    return found


def page(kb: KnowledgeBase, name: str) -> list[Row]:
    """All that is known under a name, whatever it names.

    Raises KeyError with what may have been meant.
    """
    kinds = [kind for kind in KINDS if name in entries(kb, kind)]
    if not kinds:
        known = [word for kind in KINDS for word in entries(kb, kind)]
        raise KeyError(f"nothing is called '{name}'{nearest(name, known)}")
    found = [[*PAGES[kind](kb, name)] for kind in kinds]
    return [row for n, rows in enumerate(found) for row in ([BLANK] * bool(n) + rows)]


def index(kb: KnowledgeBase, kind: str) -> Iterator[Row]:
    """The entries of a kind, one a line: name and title."""
    found = entries(kb, kind)
    widest = max(map(len, found), default=0)
    yield Row(f"{len(found)} {KINDS[kind]}", "title")
    for name, entry in found.items():
        yield Row(f"{name:{widest}}  {_title(entry)}", "line", 1)


def _title(entry: object) -> str:
    match entry:
        case Remedy():
            return entry.do
        case Cause():
            return entry.title + " (no fault)" * entry.benign
        case Symptom():
            return entry.title
        case Reference():
            return _cited(entry)
    raise TypeError(f"no title for {type(entry).__name__}")


def _symptom(kb: KnowledgeBase, name: str) -> Iterator[Row]:
    symptom = kb.symptoms[name]
    yield from _head(kb, "symptom", name, symptom.title, f"severity {symptom.severity}")
    yield Row(said(symptom.because), "", 1)
    yield from _section("Holds when", _conditions(symptom))
    rests = [n for n, c in kb.causes.items() if name in c.explains]
    yield from _section("Causes that bring it about", _titles(kb, rests))
    yield from _section("Evidence that rests on it", _uses(kb, name))
    yield from _references(kb, symptom.references)


def _cause(kb: KnowledgeBase, name: str) -> Iterator[Row]:
    cause = kb.causes[name]
    kind = "no fault" if cause.benign else f"severity {cause.severity}"
    yield from _head(kb, "cause", name, cause.title, f"{kind}, {cause.prior} beforehand")
    yield Row(cause.about, "", 1)
    yield from _shows(kb, cause)
    yield from _section("Brings about", _titles(kb, cause.explains))
    if cause.remedies:
        yield from (BLANK, Row("What to do:", "title"))
    for place, remedy in enumerate(cause.remedies, 1):
        yield from _step(place, kb.remedies[remedy])
    rivals = [n for pair in kb.exclusions if name in pair for n in pair - {name}]
    yield from _section("Cannot be true together with", _titles(kb, sorted(rivals)))
    yield from _section("May look alike and be something else", _given(cause.false_positives))
    yield from _section("To be sure", _given(cause.settle))
    yield from _references(kb, cause.references)


def _shows(kb: KnowledgeBase, cause: Cause) -> Iterator[Row]:
    yield from (BLANK, Row("How it shows (+ speaks for it, - against):", "title"))
    lines = sorted(cause.evidence.values(), key=lambda line: (-line.sign, -abs(kb.weight(line))))
    for line in lines:
        kind, mark = ("for", "+") if line.sign > 0 else ("against", "-")
        yield Row(f"{line.word}: {said(line.because)}", kind, 1, mark)
        yield from (Row(f"if {text}", "aside", 2) for text in _conditions(line))


def _step(place: int, remedy: Remedy) -> Iterator[Row]:
    yield Row(f"{remedy.do}: {remedy.how}", "do", 1, f"{place}.")
    yield from _snippets(remedy, 2)


def _snippets(remedy: Remedy, depth: int) -> Iterator[Row]:
    for framework, code in remedy.snippets.items():
        yield Row(f"{framework}:", "aside", depth)
        yield from (Row(line, "code", depth + 1) for line in code.strip().splitlines())


def _remedy(kb: KnowledgeBase, name: str) -> Iterator[Row]:
    remedy = kb.remedies[name]
    yield from _head(kb, "remedy", name, remedy.do, f"costs a change of {remedy.cost}")
    yield Row(remedy.how, "", 1)
    if remedy.snippets:
        yield from (BLANK, Row("In code:", "title"), *_snippets(remedy, 1))
    changes = (f"{path}: {' '.join(map(str, c.operation))}" for path, c in remedy.change.items())
    yield from _section("As a change of settings", changes)
    helped = [n for n, cause in kb.causes.items() if name in cause.remedies]
    yield from _section("Helps against", _titles(kb, helped))
    yield from _section("Not proposed if", map(str, remedy.unless.values()))
    yield from _references(kb, remedy.references)


def _reference(kb: KnowledgeBase, name: str) -> Iterator[Row]:
    reference = kb.references[name]
    yield from _head(kb, "reference", name, _cited(reference))
    yield Row(f"Claims: {reference.claims}", "", 1)
    every: tuple[Mapping[str, Symptom | Cause | Remedy], ...] = kb.symptoms, kb.causes, kb.remedies
    citing = [(n, e) for entries in every for n, e in entries.items() if name in e.references]
    yield from _section("Cited by", (f"{n}: {_title(e)}" for n, e in citing))


PAGES: dict[str, Callable[[KnowledgeBase, str], Iterable[Row]]] = {
    "symptom": _symptom,
    "cause": _cause,
    "remedy": _remedy,
    "reference": _reference,
}


def _head(kb: KnowledgeBase, kind: str, name: str, title: str, more: str = "") -> Iterator[Row]:
    yield Row(title, "title")
    about = ", ".join(part for part in (f"{kind} {name}", more) if part)
    yield Row(f"({about}; {kb.places[f'{kind} {name}']})", "aside")
    yield BLANK


def _section(title: str, lines: Iterable[str]) -> Iterator[Row]:
    found = list(lines)
    if found:
        yield from (BLANK, Row(f"{title}:", "title"))
    yield from (Row(line, "", 1, "-") for line in found)


def _titles(kb: KnowledgeBase, names: Iterable[str]) -> Iterator[str]:
    """Each with its title; the name may be that of a symptom or of a cause."""
    everything: dict[str, object] = {**kb.symptoms, **kb.causes}
    return (f"{name}: {_title(everything[name])}" for name in names)


def _uses(kb: KnowledgeBase, symptom: str) -> Iterator[str]:
    for name, cause in kb.causes.items():
        for line in cause.evidence.values():
            if any(pattern.symptom == symptom for pattern in line.when.patterns):
                yield f"{line.word} {_side(line)} {name}: {cause.title}"


def _side(line: EvidenceRule) -> str:
    return "for" if line.sign > 0 else "against"


def _conditions(rule: Rule) -> Iterator[str]:
    """Each way in which a rule may hold, in a line."""
    unless = "".join(f", unless {_asked(p)}" for p in rule.unless.values())
    for alternative in rule.when.alternatives:
        yield " and ".join(map(_asked, alternative.values())) + unless


def _asked(pattern: Pattern) -> str:
    count = f", count {pattern.count}" if pattern.count else ""
    return f"{str(pattern).removesuffix('()')}{count}"


def said(because: str) -> str:
    """A sentence of a rule with the names of its numbers where the numbers will stand."""
    parts = Formatter().parse(" ".join(because.split()))
    return "".join(
        text + (f"<{name.partition('.')[2] or name}>" if name else "") for text, name, *_ in parts
    )


def _given(text: str | None) -> list[str]:
    return [text] if text else []


def _references(kb: KnowledgeBase, names: Iterable[str]) -> Iterator[Row]:
    lines = (f"{_cited(kb.references[n])} {kb.references[n].claims}" for n in names)
    yield from _section("References", lines)


def _cited(reference: Reference) -> str:
    venue = f", {reference.venue}" if reference.venue else ""
    return f"{reference.authors} ({reference.year}), {reference.title}{venue}."


def contents(run: History) -> Iterator[Row]:
    """What was understood of a log."""
    yield Row(f"{run.source}: {len(run.series)} series over {run.axis}s{_counted(run)}", "title")
    of_run = [name for name, s in run.series.items() if len(s) and not _of_layers(run, name[0])]
    table = [COLUMNS, *(_cells(name, run) for name in _first(of_run))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table if of_run else ():
        first, *rest, _ = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        line = "  ".join((cells[0].ljust(len(first)), *rest, cells[-1]))
        yield Row(line.rstrip(), "line", 1)
    counts = Counter(quantity for quantity, _ in of_run)
    yield from (
        Row(f"and {many - MOST_SCOPES} more of {quantity}", "line", 1)
        for quantity, many in counts.items()
        if many > MOST_SCOPES
    )
    for quantity in dict.fromkeys(name for name, _ in run.series if _of_layers(run, name)):
        layers = run.layers(quantity)
        points = max(map(len, layers.values()))
        yield Row(f"{quantity} of {len(layers)} layers, {points} points each", "line", 1)
    known = {k: v for k, v in run.settings if v is not None}
    yield from _section("Settings", (f"{name}: {_short(value)}" for name, value in known.items()))
    yield from _section("Doubtful, or left out", run.notes)


COLUMNS = ("series", "points", "gaps", "from", "to", "first", "last", "least", "largest", "", "of")


def _counted(run: History) -> str:
    """Where the steps or epochs come from."""
    title = run.titles.get((run.axis, ""))
    return f", by '{title}'" if title else ", by counting the rows" if run.titles else ""


def _gaps(run: History, series: Series) -> int:
    """How many places between its first and its last have a value of another series only."""
    places = np.unique(np.concatenate([s.steps for s in run.series.values()]))
    inside = (places >= series.steps[0]) & (places <= series.steps[-1])
    return int(inside.sum()) - len(series)


def _cells(name: tuple[str, str], run: History) -> tuple[str, ...]:
    series = run.series[name]
    finite = series.finite().values
    odd = len(series) - len(finite)
    ends = (finite.min(), finite.max()) if len(finite) else (math.nan, math.nan)
    numbers = (*series.steps[[0, -1]], *series.values[[0, -1]], *ends)
    shown = (f"{number:.4g}" if abs(number) < 1e4 else f"{number:.6g}" for number in numbers)
    gaps, title = _gaps(run, series), run.titles.get(name, "")
    counts = f"{len(series):,}", f"{gaps:,}" if gaps else ""
    odds = f"{odd} not finite" if odd else ""
    return _named(*name), *counts, *shown, odds, f"'{title}'" if title else ""


def _first(names: Iterable[Name]) -> Iterator[Name]:
    """Of each quantity the first dozen."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name[0]] += 1
        if seen[name[0]] <= MOST_SCOPES:
            yield name


def _of_layers(run: History, quantity: str) -> bool:
    """Whether it is recorded for each of several layers, not of several metrics or components."""
    scopes = run.layers(quantity)
    return len(scopes) > MOST_SPLITS and not any(s.partition("/")[0] in SPLITS for s in scopes)


def _named(quantity: str, scope: str) -> str:
    return f"{quantity}@{scope}" if scope else quantity


def _short(value: object) -> str:
    return f"{len(value)} entries" if isinstance(value, tuple) else str(value)
