"""The command line. Exit status: 0 nothing to report, 1 something is, 2 wrong usage or input."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from traindx.engine.diagnosis import Diagnostician
    from traindx.engine.knowledge import KnowledgeBase
    from traindx.engine.render import Row
    from traindx.engine.report import Report
    from traindx.mlp.history import History
    from traindx.scenarios.forms import Scenario
    from traindx.scenarios.runner import Outcome

app = typer.Typer(
    help="Reads a neural network's training history and says what is wrong, why, and what to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
NOTHING, FOUND, REFUSED = 0, 1, 2
"""The exit statuses."""


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """From which severity on the exit status says that something was found."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"


class Engine(StrEnum):
    """What matches the rules."""

    AUTO = "auto"
    DURABLE = "durable_rules"
    PLAIN = "plain"


class Kind(StrEnum):
    """What can be listed."""

    SYMPTOMS = "symptoms"
    CAUSES = "causes"
    REMEDIES = "remedies"


Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Logs of runs (csv, json, text, ...), folders of them, or - for standard input.",
        metavar="PATH",
    ),
]
OnePath = Annotated[Path, typer.Argument(help="The log of a run, or -.", metavar="PATH")]
CauseName = Annotated[
    str, typer.Argument(help="The name of a cause; see `traindx list`.", metavar="CAUSE")
]
Rules = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules", help="A further folder of rule files; may be repeated.", metavar="FOLDER"
    ),
]
EngineName = Annotated[Engine, typer.Option("--engine", help="What matches the rules.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Which column is what, as loss=train/total_loss or total=loss@val; may be repeated.",
        metavar="NAME=COLUMN",
    ),
]


@dataclass(frozen=True)
class Refusal:
    """A file that cannot be read, and why."""

    text: str


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line (that of the process, if no words are given) and exits."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app(words, prog_name="traindx")
    raise AssertionError("typer exits")


def _version(asked: bool) -> None:
    if asked:
        from traindx import __version__

        _say(f"traindx {__version__}\n")
        raise typer.Exit(NOTHING)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def diagnose(
    paths: Paths,
    form: Annotated[Format, typer.Option("--format", help="How to print reports.")] = Format.TEXT,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit with 1 from this severity on.")
    ] = FailOn.WARNING,
    rules: Rules = None,
    engine: EngineName = Engine.AUTO,
    columns: Columns = None,
) -> None:
    """Say what is wrong with training runs, why, and what to do.

    Exit status: 0 nothing to report, 1 something at or above --fail-on, 2 wrong usage or a file
    that cannot be read (the others are diagnosed all the same).
    """
    with _complaints():
        aliases = _aliases(columns)
        diagnostician = _diagnostician(rules, engine)
    reports, refused = [], False
    for read in (one for path in paths for one in _inputs(path, aliases)):
        if isinstance(read, Refusal):
            _warn(read.text)
            refused = True
        else:
            reports.append(diagnostician.diagnose(read))
    _print(reports, form, alone=len(paths) == 1 and not paths[0].is_dir())
    found = any(_reaches(report, fail_on) for report in reports)
    raise typer.Exit(REFUSED if refused else FOUND if found else NOTHING)


def _aliases(columns: Sequence[str] | None) -> dict[str, str]:
    """What columns mean by the command line, and by the project where they are there."""
    pairs = [column.rpartition("=") for column in columns or ()]
    for name, equals, meaning in pairs:
        if not equals or not name:
            _refuse(f"--map {meaning or name}: write it as NAME=COLUMN, such as loss=train/total")
    from traindx.configuration import configuration
    from traindx.mlp.readers.assemble import Wishes

    given = {name: meaning for name, _, meaning in pairs}
    return Wishes(configuration(Path.cwd()).map, given)


def _diagnostician(rules: Sequence[Path] | None, engine: Engine) -> "Diagnostician":
    from traindx.engine.diagnosis import Diagnostician

    return Diagnostician(_knowledge(rules), engine.value)


def _knowledge(rules: Sequence[Path] | None) -> "KnowledgeBase":
    from traindx.diagnosing import load_knowledge

    return load_knowledge(*(rules or ()))


def _inputs(path: Path, aliases: dict[str, str]) -> "Iterator[History | Refusal]":
    """The run of a file, or those of the files below a folder."""
    if not path.is_dir():
        yield _read(path, aliases)
        return
    from traindx.mlp.readers import sources

    files = [*sources(path)]
    found = [_read(file, aliases) for file in files]
    runs = [one for one in found if not isinstance(one, Refusal)]
    passed = [f.name for f, one in zip(files, found, strict=True) if isinstance(one, Refusal)]
    yield from runs
    if not runs:
        yield Refusal(f"{path}: no log among its {len(files)} files")
    if runs and passed:
        more = f" and {len(passed) - 5} more" if len(passed) > 5 else ""
        _warn(f"{path}: passed over, for they are no logs: {', '.join(passed[:5])}{more}")


def _read(path: Path, aliases: dict[str, str]) -> "History | Refusal":
    from dataclasses import replace

    from traindx.mlp.readers import ReadError, read

    try:
        history = read(path, aliases=aliases)
    except (ReadError, OSError, UnicodeError) as error:
        return Refusal(" ".join(str(error).split()))
    name = history.source if str(path) == "-" else os.fsencode(path).decode("utf-8", "replace")
    return replace(history, source=name)


def _reaches(report: "Report", fail_on: FailOn) -> bool:
    """Whether there is something in a report of that severity or a greater one."""
    order = list(FailOn)
    return any(order.index(FailOn(found)) >= order.index(fail_on) for found in _severities(report))


def _severities(report: "Report") -> Iterator[str]:
    """The severities of all that is not explained away by something benign."""
    yield from (FailOn.NOTE for _ in report.notes)
    if report.verdict != "healthy":
        benign = {title for d in report.diagnoses if d.benign for title in d.explains}
        yield from (d.severity for d in report.diagnoses if not d.benign)
        yield from (s.severity for s in report.symptoms if s.title not in benign)


def _print(reports: "list[Report]", form: Format, alone: bool) -> None:
    if form is Format.JSON:
        texts = [report.to_json() for report in reports]
        if alone:
            _say("".join(f"{text}\n" for text in texts))
        else:
            _say("[\n" + ",\n".join(texts) + "\n]\n")
    elif form is Format.MARKDOWN:
        _say("\n---\n\n".join(report.to_markdown() for report in reports))
    else:
        _print_text(reports)


def _print_text(reports: "list[Report]") -> None:
    from traindx.engine.render import BLANK, Row

    for number, report in enumerate(reports):
        _show([BLANK, Row("-" * 72, "aside"), BLANK] if number else [])
        _show([report])
    if len(reports) == 1:
        _show(_further(reports[0]))
    elif reports:
        _show([BLANK, Row("-" * 72, "aside"), BLANK, *_summary(reports)])


def _further(report: "Report") -> "Iterator[Row]":
    """Where to read on."""
    from shlex import quote

    from traindx.engine.render import BLANK, Row

    faults = [d for d in report.diagnoses if not d.benign]
    if faults:
        yield from (BLANK, Row("To read on:", "title"))
        yield Row(f"traindx why {faults[0].cause} {quote(report.source)}", "code", 1)
        remedies = [r.remedy for r in faults[0].remedies if r.snippets]
        yield Row(f"traindx explain {(remedies or [faults[0].cause])[0]}", "code", 1)


def _summary(reports: "list[Report]") -> "Iterator[Row]":
    from traindx.engine.render import Row

    verdicts = [report.verdict for report in reports]
    counts = (f"{verdicts.count(v)} {v}" for v in sorted(set(verdicts)))
    yield Row(f"{len(reports)} runs: {', '.join(counts)}", "title")
    for report in reports:
        said = f"{report.source}: {report.verdict.upper()}: {report.headline}"
        yield Row(said, report.verdict, 1)


@app.command()
def why(
    cause: CauseName,
    path: OnePath,
    rules: Rules = None,
    engine: EngineName = Engine.AUTO,
    columns: Columns = None,
) -> None:
    """Say why a cause was named, line by line with its numbers, or why it was not."""
    report = _asked(cause, path, rules, engine, columns)
    named = cause in {d.cause for d in (*report.diagnoses, *report.notes)}
    _show(_explained(report.why(cause) if named else report.why_not(cause)))


@app.command("why-not")
def why_not(
    cause: CauseName,
    path: OnePath,
    rules: Rules = None,
    engine: EngineName = Engine.AUTO,
    columns: Columns = None,
) -> None:
    """Say what kept a cause from being named, the nearest miss first."""
    _show(_explained(_asked(cause, path, rules, engine, columns).why_not(cause)))


def _explained(text: str) -> "Iterator[Row]":
    """An explanation as rows, so that its lines hang together; what was seen twice stands once."""
    from traindx.engine.render import Row

    seen: set[str] = set()
    for line in text.splitlines():
        said = line.strip()
        deep = line.startswith("    ")
        weight, gap, sentence = said.partition("  ")
        if deep and said in seen:
            yield Row("(the same observation)", "aside", 3)
        elif gap and not deep:
            yield Row(sentence, "for" if weight.startswith("+") else "against", 1, weight)
        else:
            yield Row(said, "aside" if deep else "", 3 if deep else int(line.startswith(" ")))
        seen.add(said)


def _asked(
    cause: str,
    path: Path,
    rules: Sequence[Path] | None,
    engine: Engine,
    columns: Sequence[str] | None,
) -> "Report":
    from traindx.engine.sources import nearest

    with _complaints():
        aliases = _aliases(columns)
        diagnostician = _diagnostician(rules, engine)
    causes = diagnostician.knowledge.causes
    if cause not in causes:
        _refuse(_see(f"no cause is called '{cause}'{nearest(cause, causes)}", "list causes"))
    run = _read(path, aliases)
    if isinstance(run, Refusal):
        _refuse(run.text)
    return diagnostician.diagnose(run)


@app.command()
def explain(
    name: Annotated[
        str, typer.Argument(help="A symptom, cause, remedy or reference.", metavar="ID")
    ],
    rules: Rules = None,
) -> None:
    """Show the page of a symptom, a cause, a remedy or a reference."""
    from traindx.pages import page

    with _complaints():
        kb = _knowledge(rules)
    try:
        rows = page(kb, name)
    except KeyError as error:
        _refuse(_see(error.args[0], "list"))
    _show(rows)


@app.command("list")
def list_(
    kind: Annotated[Kind | None, typer.Argument(help="Only these.")] = None, rules: Rules = None
) -> None:
    """List symptoms, causes and remedies by name."""
    from traindx.engine.render import BLANK
    from traindx.pages import KINDS, index

    with _complaints():
        kb = _knowledge(rules)
    kinds = [name for name, plural in KINDS.items() if plural in ([kind] if kind else list(Kind))]
    for number, name in enumerate(kinds):
        _show([*[BLANK] * bool(number), *index(kb, name)])


@app.command()
def check(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of rule files.", metavar="FOLDER")
    ] = None,
) -> None:
    """Look for mistakes in rule files. Exit status 1 if there are any."""
    from traindx.engine.loader import yaml_files
    from traindx.engine.sources import SourceError

    for folder in folders or ():
        if folder.is_dir() and not yaml_files(folder):
            _refuse(f"{folder}: no rule files (.yaml) in this folder")
    try:
        kb = _knowledge(folders)
    except SourceError as error:
        _say(f"{error}\n")
        many = len(error.complaints)
        _warn(f"{many} complaint{'s' * (many > 1)}")
        raise typer.Exit(FOUND) from None
    counts = f"{len(kb.symptoms)} symptoms, {len(kb.causes)} causes, {len(kb.remedies)} remedies"
    _say(f"{counts}: nothing to complain about\n")


@dataclass(frozen=True)
class Knowledge:
    """The knowledge base with these further folders; equal ones are loaded once in a process."""

    folders: tuple[str, ...]

    def __call__(self) -> "KnowledgeBase":
        from traindx.diagnosing import load_knowledge

        return load_knowledge(*self.folders)


@app.command("test")
def scenarios(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Scenario files or folders.", metavar="PATH")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="So many seeds, instead of each scenario's own.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes to run in.")] = 2,
    rules: Rules = None,
) -> None:
    """Run scenarios: is the right cause found in each, and does its cure heal? Exit 1 if not."""
    from traindx.mlp.network.changes import SpecError
    from traindx.scenarios.forms import load_scenarios

    knowledge = Knowledge(tuple(str(folder.resolve()) for folder in rules or ()))
    with _complaints():
        knowledge()
        found = load_scenarios(*(paths or ()))
    if not found:
        _refuse(f"no scenarios in {', '.join(map(str, paths or ())) or 'the package'}")
    try:
        with _complaints():
            failed = _run(found, knowledge, seeds, processes)
    except SpecError as error:
        _refuse(f"a remedy's change does not fit: {error}")
    raise typer.Exit(FOUND if failed else NOTHING)


def _run(
    scenarios: "Sequence[Scenario]", knowledge: Knowledge, seeds: int | None, processes: int
) -> int:
    """Runs scenarios, says how each went, and gives the number of those that failed."""
    from traindx.scenarios.runner import run_scenarios

    chosen = range(seeds) if seeds else None
    outcomes = run_scenarios(scenarios, knowledge, chosen, processes)
    expected = sum(seeds or len(scenario.seeds) for scenario in scenarios)
    failed = 0
    for _, group in groupby(_watched(outcomes, expected), key=lambda outcome: outcome.scenario):
        runs = list(group)
        failed += not all(run.passed for run in runs)
        _say("".join(_lines(runs)))
    _say(f"{len(scenarios)} scenarios: {len(scenarios) - failed} passed, {failed} failed\n")
    return failed


def _watched(outcomes: "Iterator[Outcome]", expected: int) -> "Iterator[Outcome]":
    """The outcomes, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(outcomes, total=expected, description="scenarios")


def _lines(runs: "Sequence[Outcome]") -> Iterator[str]:
    wrong = [run for run in runs if not run.passed]
    seeds = " ".join(str(run.seed) for run in runs)
    yield f"{'FAIL' if wrong else 'ok  '}  {runs[0].scenario}  (seeds {seeds})\n"
    yield from (
        f"        seed {run.seed}: {problem}\n" for run in wrong for problem in run.problems
    )


@app.command()
def read(path: OnePath, columns: Columns = None) -> None:
    """Show what was understood of a log: its series, their ranges, and what is doubtful."""
    from traindx.pages import contents

    with _complaints():
        aliases = _aliases(columns)
    run = _read(path, aliases)
    if isinstance(run, Refusal):
        _refuse(run.text)
    _show(contents(run))


@app.command()
def demo() -> None:
    """Train a small network that fails and diagnose it; then diagnose a log file."""
    from traindx.demo import demo as acts

    for act in acts():
        _show([act])


@contextmanager
def _complaints() -> Iterator[None]:
    """What is wrong with what was given, as one clear message and not as a traceback."""
    from traindx.configuration import ConfigurationError
    from traindx.engine.durable import UnavailableError
    from traindx.engine.sources import SourceError
    from traindx.mlp.readers import ReadError

    try:
        yield
    except (
        SourceError,
        ReadError,
        ConfigurationError,
        UnavailableError,
        OSError,
        UnicodeError,
    ) as error:
        _refuse(str(error))


def _refuse(text: str) -> NoReturn:
    _warn(text)
    raise typer.Exit(REFUSED)


def _see(text: str, command: str) -> str:
    return f"{text}{'' if text.endswith('?') else ';'} see `traindx {command}`"


def _warn(text: str) -> None:
    typer.echo(f"traindx: {text}", err=True)


def _show(parts: "Iterable[Row | Report]") -> None:
    """Prints rows and reports as the terminal, if it is one, can show them."""
    console = _console()
    with console.capture() as captured:
        for part in parts:
            console.print(_drawn(part), crop=False)
    _say(captured.get())


def _drawn(part: "Row | Report") -> "RenderableType":
    from traindx.engine.render import Page, Row

    return Page((part,)) if isinstance(part, Row) else part


def _console() -> "Console":
    from rich.console import Console

    from traindx.engine.render import WIDTH

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def _say(text: str) -> None:
    """Writes to standard output; who has stopped listening is not troubled further."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
