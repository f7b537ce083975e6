"""The report as a person reads it: plain text, Markdown, and for a terminal in colour."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from rich.console import RenderableType
from rich.text import Text

from traindx.engine.report import Diagnosis, Report, Unchecked

WIDTH = 88
VERDICTS = {"faulty": "FAULTY", "healthy": "HEALTHY", "inconclusive": "INCONCLUSIVE"}
COLOURS = {"faulty": "bold red", "healthy": "bold green", "inconclusive": "bold yellow"}
SHOWN_CLEAR = 12


@dataclass(frozen=True)
class Row:
    """A line of the report: how deep it stands, what marks it, and what kind of line it is."""

    depth: int
    text: str
    mark: str = ""
    style: str = ""


def rows(report: Report) -> Iterator[Row]:
    """The report, line by line, the answer first."""
    yield Row(0, f"{VERDICTS[report.verdict]}: {report.headline}", style=COLOURS[report.verdict])
    if report.source:
        yield Row(0, f"run: {report.source}", style="dim")
    for number, diagnosis in enumerate(report.diagnoses, 1):
        yield from _diagnosis(number, diagnosis)
    yield from _section("Seen, with no cause found", _unexplained(report))
    for note in report.notes:
        yield Row(0, f"Worth knowing: {note.title}", style="bold")
        yield from (Row(1, line.sentence, "-") for line in note.evidence)
        yield from (Row(1, str(r), ">") for r in note.remedies[:1])
    yield from _section("Ruled out", (str(r) for r in report.ruled_out))
    yield from _clear(report)
    yield from _unchecked(report.unchecked)
    yield from _section("About the record", report.remarks)
    if report.next_test:
        yield Row(0, f"Next: {report.next_test}", style="bold")


def _diagnosis(number: int, diagnosis: Diagnosis) -> Iterator[Row]:
    word = "no fault" if diagnosis.benign else diagnosis.strength
    yield Row(0, "")
    yield Row(0, f"{number}. {diagnosis.title} [{word}]", style="bold")
    yield Row(1, diagnosis.about, style="italic")
    yield from (Row(1, line.sentence, "+", "green") for line in diagnosis.evidence)
    yield from (Row(1, line.sentence, "-", "red") for line in diagnosis.against)
    if diagnosis.follows:
        yield Row(1, f"brings about: {'; '.join(f.title for f in diagnosis.follows)}")
    for place, remedy in enumerate(diagnosis.remedies, 1):
        yield Row(1, str(remedy), f"do {place}:", "cyan")


def _unexplained(report: Report) -> Iterator[str]:
    explained = {title for d in (*report.diagnoses, *report.notes) for title in d.explains}
    shown = {line.sentence for d in (*report.diagnoses, *report.notes) for line in d.evidence}
    for symptom in report.symptoms:
        if symptom.title not in explained and symptom.sentence not in shown:
            yield symptom.sentence


def _section(title: str, lines: Iterable[str]) -> Iterator[Row]:
    found = list(lines)
    if found:
        yield Row(0, "")
        yield Row(0, f"{title}:", style="bold")
        yield from (Row(1, line, "-") for line in found)


def _clear(report: Report) -> Iterator[Row]:
    titles = [c.title for c in report.clear]
    if titles:
        more = f", and {len(titles) - SHOWN_CLEAR} more" if len(titles) > SHOWN_CLEAR else ""
        yield Row(0, "")
        yield Row(
            0, f"Looked for and not found: {'; '.join(titles[:SHOWN_CLEAR])}{more}", "", "dim"
        )


def _unchecked(unchecked: Iterable[Unchecked]) -> Iterator[Row]:
    """Grouped by what would have to be recorded."""
    groups: dict[str, list[str]] = {}
    for one in unchecked:
        groups.setdefault(" and ".join(one.signals), []).append(one.title)
    if groups:
        yield Row(0, "")
        yield Row(0, "Not checked, for lack of:", style="bold")
        for signals, titles in groups.items():
            yield Row(1, f"{signals}: {'; '.join(titles)}", "-", "dim")


def text(report: Report, width: int = WIDTH) -> str:
    """The report as plain text."""
    return "\n".join(line for row in rows(report) for line in _wrapped(row, width)) + "\n"


def _wrapped(row: Row, width: int) -> list[str]:
    lead = "   " * row.depth + (f"{row.mark} " if row.mark else "")
    return wrap(row.text, width, initial_indent=lead, subsequent_indent=" " * len(lead)) or [""]


def markdown(report: Report) -> str:
    """The report as Markdown."""
    return "\n".join(_markdown(row) for row in rows(report)) + "\n"


def _markdown(row: Row) -> str:
    safe = row.text.replace("|", "\\|").replace("<", "&lt;")
    if row.depth:
        mark = "" if row.mark in ("", "-") else f"**{row.mark}** "
        return f"- {mark}{safe}"
    return f"\n**{safe}**\n" if row.text and row.style.startswith("bold") else safe


def renderable(report: Report) -> Iterator[RenderableType]:
    """The report for a terminal, in colour; the width is the terminal's."""
    for row in rows(report):
        yield Text("   " * row.depth + f"{row.mark} " * bool(row.mark) + row.text, style=row.style)
