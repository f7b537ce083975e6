"""The report as a person reads it: plain text, Markdown, and for a terminal in colour.

The order is that of use: the answer, why, what to do, what to try next; then what was set aside,
what is fine and what could not be looked at.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from traindx.engine.language import Severity
from traindx.engine.report import (
    Diagnosis,
    EvidenceLine,
    Prescription,
    Report,
    RuledOut,
    SymptomFound,
    Unchecked,
)

WIDTH = 88
WIDEST = 100
"""Longer lines are hard to read, however wide the terminal."""
NARROWEST = 24
STYLES = {
    "faulty": "bold red",
    "healthy": "bold green",
    "inconclusive": "bold yellow",
    "title": "bold",
    "for": "green",
    "against": "red",
    "do": "cyan",
    "aside": "dim",
    "code": "dim",
}
"""The colour of each kind of row."""
MOST_EVIDENCE = 6
MOST_EXPLAINED = 2
MOST_REMEDIES = 3
MOST_ASIDE = 5
MOST_LINES = 6
MOST_CLEAR = 3
MOST_SIGNALS = 3
MOST_TITLES = 2
ASCII = str.maketrans("–—‑−×·…→≥≤≈“”‘’•", "----x-.>><~\"\"''*")
"""For terminals that know no more."""
PLAIN = "Matched by the plain matcher, without durable_rules; the findings are the same."
UNCHECKED = "Not checked, for the record does not hold (enough of)"
UNNAMED = "what could not be worked out from it"
PARENTHESIS = re.compile(r" \([^)]*\)")
SENTENCES = re.compile(r"(?<=[.!?]) ")
POWER = re.compile(r"(-?\d+(?:\.\d+)?)e([+-]\d+)\b")
HUGE_PERCENT = re.compile(r"(-?)\d{4,}(?:\.\d+)?%")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e\d+)?")
TELLING = re.compile(r"\w*\d[\w.]*%?")
"""What a sentence tells of this run: its numbers, and names with a number in them."""
LARGEST_WRITTEN_OUT = 6
"""Powers of ten from which on a number keeps its exponent."""
UNBROKEN = ("code", "line")
SPECIAL = re.compile(r"[\\`*<|\[\]]|(?<!\w)_|_(?!\w)")


@dataclass(frozen=True)
class Row:
    """A line of the report: what kind it is, how deep it stands, and what marks it."""

    text: str
    kind: str = ""
    depth: int = 0
    mark: str = ""

    @property
    def lead(self) -> str:
        """What stands before the text."""
        return "   " * self.depth + (f"{self.mark} " if self.mark else "")


BLANK = Row("")


def rows(report: Report) -> Iterator[Row]:
    """The report, line by line, the answer first."""
    yield from answer(report)
    yield from findings(report)


def answer(report: Report) -> Iterator[Row]:
    """What it comes to, and of which run it is said."""
    headline = plainly(f"{report.headline}{_strength(report)}")
    yield Row(f"{report.verdict.upper()}: {headline}", report.verdict)
    if report.source:
        yield Row(f"Run: {report.source}", "aside")


def findings(report: Report, details: bool = False) -> Iterator[Row]:
    """All the rest: why, what to do, what was set aside, what is fine, what was not checked.

    details: name everything that was checked and that was not.
    """
    aside = [d for d in report.diagnoses[1:] if d.benign and report.verdict == "faulty"]
    told: set[str] = set()
    for number, diagnosis in enumerate((d for d in report.diagnoses if d not in aside), 1):
        yield from (BLANK, *_heading(report, number, diagnosis))
        yield from _diagnosis(diagnosis, report, told)
    seen, said = list(_unexplained(report)), _said(report)
    alarming = [s for s in seen if s.severity != Severity.NOTE]
    yield from _section("Seen, and no cause found for it", unrepeated(alarming, said))
    if report.next_test:
        yield from (BLANK, Row(f"Next: {report.next_test}", "title"))
    for note in report.notes:
        yield from _note(note)
    yield from _section("No fault, though it may look like one", [_in_a_line(d) for d in aside])
    noted = [s for s in seen if s.severity == Severity.NOTE and not s.inner]
    yield from _section("Seen as well", unrepeated(noted, said), MOST_ASIDE)
    yield from _section("Considered and set aside", _set_aside(report.ruled_out), MOST_ASIDE)
    yield from _checks(report, details)
    yield from _section("About the record", report.remarks)
    if report.left_out:
        yield from _section("Found and left out, as asked", report.left_out.titles)
    if report.engine == "plain":
        yield from (BLANK, Row(PLAIN, "aside"))


def _answered(report: Report) -> bool:
    """Whether the first line has named the first diagnosis."""
    first = report.diagnoses[:1]
    said = report.headline.lower()
    return bool(first) and not report.undecided and first[0].title.lower() in said


def _strength(report: Report) -> str:
    named = _answered(report) and not report.diagnoses[0].benign
    return f" ({report.diagnoses[0].strength} evidence)" if named else ""


def _heading(report: Report, number: int, diagnosis: Diagnosis) -> Iterator[Row]:
    word = "no fault" if diagnosis.benign else f"{diagnosis.strength} evidence"
    title = f"{diagnosis.title} ({word})"
    if diagnosis.cause in report.undecided:
        yield Row(f"{number}. {title}", "title")
    elif number > 1:
        yield Row(f"Also: {title}", "title")
    elif not _answered(report):
        yield Row(title, "title")


def _diagnosis(diagnosis: Diagnosis, report: Report, told: set[str]) -> Iterator[Row]:
    yield Row(diagnosis.about, "", 1)
    yield from _evidence(diagnosis.evidence, "for", "+")
    yield from _evidence(diagnosis.against, "against", "-")
    if explained := _explained(diagnosis, report, told):
        yield Row(f"It would explain this: {' '.join(explained)}", "", 1)
    if diagnosis.follows:
        yield Row(f"Follows from it: {_listed([f.title for f in diagnosis.follows])}", "", 1)
    yield from _remedies(diagnosis.remedies, told)


def _evidence(lines: Sequence[EvidenceLine], kind: str, mark: str) -> Iterator[Row]:
    sentences = unrepeated(lines)
    for sentence in sentences[:MOST_EVIDENCE]:
        yield Row(sentence, kind, 1, mark)
    if len(sentences) > MOST_EVIDENCE:
        yield Row(f"{len(sentences) - MOST_EVIDENCE} more like these", kind, 1, mark)


def _explained(diagnosis: Diagnosis, report: Report, told: set[str]) -> list[str]:
    """The alarming symptoms that a cause accounts for and that nothing has told of yet."""
    mine = (s for s in report.symptoms if s.title in diagnosis.explains and not s.inner)
    alarming = [s for s in mine if s.severity != Severity.NOTE and s.sentence not in told]
    found = unrepeated(alarming, (*diagnosis.evidence, *diagnosis.against))[:MOST_EXPLAINED]
    told.update(s.sentence for s in alarming)
    return found


@dataclass(frozen=True)
class _Part:
    """One sentence: what it tells, and on what kinds of facts it rests."""

    text: str
    tells: frozenset[str]
    kinds: frozenset[str]

    def repeats(self, other: "_Part") -> bool:
        """Whether the other tells all that this one does."""
        alike = self.kinds & other.kinds and self.tells and self.tells <= other.tells
        return self.text == other.text or bool(alike)


def unrepeated(
    items: Sequence[EvidenceLine | SymptomFound],
    before: Sequence[EvidenceLine | SymptomFound] = (),
) -> list[str]:
    """Their sentences, without those that another one, or one from before, makes needless."""
    earlier = [part for item in before for part in _parts(item)]
    every = [_parts(item) for item in items]
    flat = [part for parts in every for part in parts]
    kept = [part for n, part in enumerate(flat) if not _needless(part, n, flat, earlier)]
    texts = (" ".join(p.text for p in parts if any(p is k for k in kept)) for parts in every)
    return [text for text in texts if text]


def _needless(part: _Part, place: int, parts: list[_Part], earlier: list[_Part]) -> bool:
    told = any(part.repeats(other) for other in (*earlier, *parts[:place]))
    return told or any(part.repeats(o) and not o.repeats(part) for o in parts[place + 1 :])


def _parts(item: EvidenceLine | SymptomFound) -> list[_Part]:
    kinds = frozenset(fact.kind for fact in item.facts)
    texts = SENTENCES.split(plainly(item.sentence))
    return [_Part(t, frozenset(map(_rounded, TELLING.findall(t))), kinds) for t in texts]


def _rounded(word: str) -> str:
    """A number to two digits, so that it is the same however exactly it is said; else the word."""
    number = word.rstrip(".%")
    mark = "%" * word.endswith("%")
    return f"{float(number):.2g}{mark}" if NUMBER.fullmatch(number) else word.rstrip(".")


def plainly(text: str) -> str:
    """Numbers as they are said: 5140 for 5.14e+03, 3.55e8, more than 1000%."""
    return POWER.sub(_written_out, HUGE_PERCENT.sub(_beyond, text))


def _written_out(number: re.Match[str]) -> str:
    mantissa, power = number[1], int(number[2])
    return f"{float(number[0]):.0f}" if 0 < power < LARGEST_WRITTEN_OUT else f"{mantissa}e{power}"


def _beyond(percent: re.Match[str]) -> str:
    return "less than -1000%" if percent[1] else "more than 1000%"


def _in_a_line(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.title}: {plainly(diagnosis.evidence[0].sentence)}"


def _remedies(remedies: Sequence[Prescription], told: set[str]) -> Iterator[Row]:
    """The first in full, unless that was told before."""
    if remedies:
        yield Row("What to do:", "title", 1)
    for place, remedy in enumerate(remedies[:MOST_REMEDIES], 1):
        known = str(remedy) in told
        yield Row(f"{remedy.do}, as above." if known else str(remedy), "do", 1, f"{place}.")
    told.update(map(str, remedies[:MOST_REMEDIES]))
    if further := [remedy.do for remedy in remedies[MOST_REMEDIES:]]:
        yield Row(f"Or else: {'; '.join(further)}.", "do", 1)


def _set_aside(ruled_out: Iterable[RuledOut]) -> list[str]:
    """What was thought of and what speaks against it; what has one answer in one line."""
    titles: dict[str, list[str]] = {}
    for one in ruled_out:
        if one.twin is None:
            titles.setdefault(one.reason, []).append(one.title)
    return [f"{_either(of_one)}: {_ended(plainly(reason))}" for reason, of_one in titles.items()]


def _either(titles: Sequence[str]) -> str:
    """One, or another, as one phrase."""
    *others, last = (titles[0], *map(_lowered, titles[1:]))
    return f"{', '.join(others)}{',' * (len(others) > 1)} or {last}" if others else last


def _ended(text: str) -> str:
    """A sentence of its own."""
    return text[:1].upper() + text[1:] + "." * (text[-1:] not in ".!?")


def _said(report: Report) -> list[EvidenceLine]:
    """What the diagnoses and the notes have told."""
    return [e for d in (*report.diagnoses, *report.notes) for e in (*d.evidence, *d.against)]


def _unexplained(report: Report) -> Iterator[SymptomFound]:
    """The symptoms that no diagnosis, no note and not the headline has spoken of."""
    explained = {title for d in (*report.diagnoses, *report.notes) for title in d.explains}
    for symptom in report.symptoms:
        if symptom.title not in explained and not _is_headline(symptom, report):
            yield symptom


def _is_headline(symptom: SymptomFound, report: Report) -> bool:
    return symptom.sentence.lower() in report.headline.lower()


def _note(note: Diagnosis) -> Iterator[Row]:
    yield from (BLANK, Row(f"Worth knowing: {note.title}", "title"))
    yield from _evidence(note.evidence, "", "-")
    yield from (Row(str(remedy), "do", 1, ">") for remedy in note.remedies[:1])


def _section(title: str, lines: Sequence[str], most: int = MOST_LINES) -> Iterator[Row]:
    if lines:
        yield from (BLANK, Row(f"{title}:", "title"))
        yield from (Row(line, "", 1, "-") for line in lines[:most])
    if len(lines) > most:
        yield Row(f"and {len(lines) - most} more", "aside", 1, "-")


def _checks(report: Report, details: bool) -> Iterator[Row]:
    """What was looked for and is not there, and what could not be looked for."""
    clear, groups = [c.title for c in report.clear], _by_signals(report.unchecked)
    if details:
        yield from _section("Also checked", clear, len(clear))
        lines = [f"{signals or UNNAMED}: {_whether(titles)}" for signals, titles in groups.items()]
        yield from _section(UNCHECKED, lines, len(lines))
        return
    if clear or groups:
        yield BLANK
    if clear:
        yield Row(f"Also checked: {_listed(clear, MOST_CLEAR)}.", "aside")
    if groups:
        yield Row(_missing(groups), "aside")


def _by_signals(unchecked: Iterable[Unchecked]) -> dict[str, list[str]]:
    """Titles by what would have to be recorded, that first which would tell most."""
    groups: dict[str, list[str]] = {}
    for one in unchecked:
        groups.setdefault(" and ".join(one.signals), []).append(one.title)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def _whether(titles: Sequence[str]) -> str:
    return "; ".join(f"whether {_lowered(title)}" for title in titles)


def _missing(groups: dict[str, list[str]]) -> str:
    """How much was not checked, and what would help most."""
    many = sum(map(len, groups.values()))
    best = [(_briefly(s), len(titles)) for s, titles in groups.items() if s][:MOST_SIGNALS]
    told = [f"with {signal}, {count} of these could be" for signal, count in best[:1]]
    told += [f"with {signal} {count}" for signal, count in best[1:]]
    signs = f"Not checked: {many} sign{'s' * (many > 1)} of trouble"
    return "; ".join([signs, *told, "--details names all"]) + "."


def _briefly(signal: str) -> str:
    """A signal without what it consists of."""
    return PARENTHESIS.sub("", signal)


def _listed(titles: Sequence[str], most: int = MOST_TITLES) -> str:
    """The first titles, and how many more there are (a single one more is named)."""
    cut = most if len(titles) > most + 1 else len(titles)
    more = f"; and {len(titles) - cut} more" if cut < len(titles) else ""
    return "; ".join(titles[:cut]) + more


def _lowered(title: str) -> str:
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def text(report: Report, width: int = WIDTH) -> str:
    """The report as plain text."""
    return "".join(f"{line}\n" for row in rows(report) for line in wrapped(row, width))


def wrapped(row: Row, width: int) -> list[str]:
    """A row as lines of at most that width, hanging under the first; code and tables stay whole."""
    lead = row.lead
    room = max(width, NARROWEST)
    if row.kind in UNBROKEN:
        return [lead + printable(line) for line in row.text.splitlines()]
    return wrap(
        printable(row.text),
        room,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
    ) or [""]


def printable(text: str) -> str:
    """Without what would steer a terminal: names of files and columns come from anywhere."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def markdown(report: Report, drawing: str = "", details: bool = False) -> str:
    """The report as Markdown, with a drawing below the answer."""
    lines: list[str] = []
    drawn = [Row(drawing, "line")] * bool(drawing)
    for row in (*answer(report), *drawn, *findings(report, details)):
        lines += _markdown(row, bool(lines) and lines[-1].lstrip()[:2] in ("- ", "1.", "2."))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _markdown(row: Row, after_list: bool) -> list[str]:
    if row.kind in UNBROKEN:
        return ["", "```text", printable(row.text), "```", ""]
    safe = SPECIAL.sub(r"\\\g<0>", printable(row.text))
    if row.kind in ("faulty", "healthy", "inconclusive"):
        return [f"## {safe}", ""]
    if row.kind == "title":
        return ["", f"**{safe}**" if row.depth else f"### {safe.rstrip(':')}", ""]
    if row.mark:
        mark = row.mark if row.mark[:1].isdigit() else "-"
        sign = {"+": "for: ", "-": "against: "}[row.mark] if row.kind in ("for", "against") else ""
        return [f"{mark} {sign}{safe}"]
    return ["", safe, ""] if safe or after_list else [""]


@dataclass(frozen=True)
class Page:
    """Rows that fit themselves to the terminal: its width, its colours, its characters."""

    rows: tuple[Row, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, WIDEST)
        for row in self.rows:
            said = row.text.translate(ASCII) if options.ascii_only else row.text
            for line in wrapped(replace(row, text=said), width):
                yield Text(line, STYLES.get(row.kind, ""), no_wrap=True, overflow="ignore")


def renderable(report: Report) -> Iterator[RenderableType]:
    """The report for a terminal, in colour and no wider than it."""
    yield Page(tuple(rows(report)))
