"""What is shown on a terminal: one run as a page, many as a table, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import commonpath, dirname, relpath
from shlex import quote

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from traindx.curve import spark
from traindx.engine.render import (
    ASCII,
    BLANK,
    STYLES,
    Page,
    Row,
    answer,
    findings,
    printable,
)
from traindx.engine.report import Report
from traindx.judged import VERDICTS, Judged, faults

LINE = Row("-" * 72, "aside")
TABLED = 60
"""Narrower terminals get a list instead of a table."""
ROOMY = 130
"""From here on a table tells what to do first, and has a curve in it."""
SPARK = 16
WIDEST_TABLE = 200


def page(
    run: Judged, report: Report | None = None, details: bool = False
) -> Iterator[RenderableType]:
    """A run: the answer, the curve in small, and all the rest of the report (or of this one)."""
    yield Page(tuple(answer(run.report)))
    yield run.curve
    yield Page(tuple(findings(report or run.report, details)))


def further(report: Report) -> Iterator[Row]:
    """Where to read on."""
    found = [d for d in report.diagnoses if not d.benign]
    if found:
        yield from (BLANK, Row("To read on:", "title"))
        yield Row(f"traindx why {found[0].cause} {quote(report.source)}", "code", 1)
        remedies = [r.remedy for r in found[0].remedies if r.snippets]
        yield Row(f"traindx explain {(remedies or [found[0].cause])[0]}", "code", 1)


def many(runs: Sequence[Judged], unread: int, details: bool) -> Iterator[RenderableType]:
    """The runs in a table; then each in full, or how to see it so."""
    yield Page(tuple(_counted(runs, unread)))
    if runs:
        yield Overview(tuple(runs), _folder([run.report.source for run in runs]))
    if details:
        for run in runs:
            yield Page((BLANK, LINE, BLANK))
            yield from page(run, details=True)
    elif runs:
        said = f"traindx diagnose {quote(runs[0].report.source)}"
        yield Page((BLANK, Row("One in full (all of them with --details):", "title")))
        yield Page((Row(said, "code", 1),))


def _counted(runs: Sequence[Judged], unread: int) -> Iterator[Row]:
    verdicts = [run.report.verdict for run in runs]
    counts = [f"{verdicts.count(v)} {v}" for v in VERDICTS if v in verdicts]
    more = f"; {unread} more not to be read" if unread else ""
    yield Row(f"{len(runs)} runs: {', '.join(counts)}{more}", "title")


def _folder(paths: Sequence[str]) -> str:
    """The folder in which all of them lie, if there is one to speak of."""
    try:
        return commonpath(map(dirname, paths))
    except ValueError:  # some paths are absolute and some are not
        return ""


@dataclass(frozen=True, eq=False)
class Overview:
    """A table of runs that fits itself to the terminal."""

    runs: tuple[Judged, ...]
    folder: str
    """Where they all lie; the table names them from there on."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.folder:
            yield Page((Row(f"in {self.folder}", "aside"),))
        yield Page((BLANK,))
        if options.max_width < TABLED:
            yield Page(tuple(self._listed()))
        else:
            yield self._table(min(options.max_width, WIDEST_TABLE), options.ascii_only)

    def _listed(self) -> Iterator[Row]:
        for run in self.runs:
            yield Row(f"{run.report.verdict.upper()}: {self._name(run)}", run.report.verdict)
            yield Row(_finding(run.report), "", 1)

    def _table(self, width: int, ascii_only: bool) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=STYLES["title"])
        roomy = width >= ROOMY
        table.add_column("verdict", no_wrap=True)
        table.add_column("run", overflow="fold", max_width=width // 3)
        table.add_column("finding", overflow="fold", max_width=width // 3 if roomy else None)
        if roomy:
            table.add_column("what to do first", overflow="fold")
        if roomy and not ascii_only:
            table.add_column("loss", no_wrap=True)
        for run in self.runs:
            cells = (_text(cell, ascii_only) for cell in self._cells(run)[: len(table.columns) - 1])
            verdict = Text(run.report.verdict.upper(), STYLES[run.report.verdict])
            table.add_row(verdict, *cells)
        return table

    def _cells(self, run: Judged) -> list[str]:
        report = run.report
        first = next((d.remedies[0].do for d in faults(report) if d.remedies), "")
        return [self._name(run), _finding(report), first, spark(run.curve, SPARK)]

    def _name(self, run: Judged) -> str:
        source = run.report.source
        return relpath(source, self.folder) if self.folder else source


def _finding(report: Report) -> str:
    """The answer without the verdict."""
    return next(answer(report)).text.partition(": ")[2]


def _text(cell: str, ascii_only: bool) -> Text:
    return Text(printable(cell.translate(ASCII) if ascii_only else cell))
