"""The command line. Exit status: 0 nothing to report, 1 something is, 2 wrong usage or input."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from traindx.threshold import FailOn

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from traindx.engine.diagnosis import Diagnostician
    from traindx.engine.knowledge import KnowledgeBase
    from traindx.engine.render import Row
    from traindx.engine.report import Report
    from traindx.judged import Judged, Refusal, Session
    from traindx.mlp.history import History
    from traindx.mlp.readers.folder import Mark
    from traindx.scenarios.forms import Scenario
    from traindx.scenarios.runner import Outcome

Item = TypeVar("Item")
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
    JUNIT = "junit"
    GITHUB = "github"


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


Selected = Annotated[
    list[str] | None,
    typer.Option(
        "--select", help="Report only this cause or symptom; may be repeated.", metavar="NAME"
    ),
]
Ignored = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", help="Do not report this cause or symptom; may be repeated.", metavar="NAME"
    ),
]
Threshold = Annotated[FailOn, typer.Option("--fail-on", help="Exit with 1 from this severity on.")]


@dataclass(frozen=True)
class Telling:
    """How findings are to be told."""

    form: Format
    fail_on: FailOn
    quiet: bool
    """Whether to tell only of what is at or above `fail_on`."""
    details: bool
    alone: bool
    """Whether a single run was asked for."""


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
    fail_on: Threshold = FailOn.WARNING,
    select: Selected = None,
    ignore: Ignored = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only what is at or above --fail-on.")
    ] = False,
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="Name all that was checked and that was not; of many runs, print each report.",
        ),
    ] = False,
    rules: Rules = None,
    engine: EngineName = Engine.AUTO,
    columns: Columns = None,
) -> None:
    """Say what is wrong with training runs, why, and what to do.

    One run gives a report, many give a table with the worst first. Exit status: 0 nothing to
    report, 1 something at or above --fail-on, 2 wrong usage or a file that cannot be read (the
    others are diagnosed all the same).
    """
    with _complaints():
        aliases = _aliases(columns)
        diagnostician = _diagnostician(rules, engine, select, ignore)
    session = _session(paths, aliases, diagnostician)
    _mention(session, quiet)
    alone = len(paths) == 1 and not paths[0].is_dir()
    _tell(session, Telling(form, fail_on, quiet, details, alone))
    found = any(run.reaches(fail_on) for run in session.runs)
    raise typer.Exit(REFUSED if session.refused else FOUND if found else NOTHING)


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


def _diagnostician(
    rules: Sequence[Path] | None,
    engine: Engine,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
) -> "Diagnostician":
    from traindx.engine.diagnosis import Diagnostician

    whole = Diagnostician(_knowledge(rules), engine.value)
    try:
        return whole.selecting(select or (), ignore or ())
    except ValueError as error:
        _refuse(_see(str(error), "list"))


def _knowledge(rules: Sequence[Path] | None) -> "KnowledgeBase":
    from traindx.diagnosing import load_knowledge

    return load_knowledge(*(rules or ()))


def _session(
    paths: Sequence[Path], aliases: dict[str, str], diagnostician: "Diagnostician"
) -> "Session":
    """Every run of the files, and of the files below the folders, judged."""
    from traindx.judged import Refusal, Session, judged

    files = [(path, file) for path in paths for file in _files(path)]
    session, logs, seen = Session(), Counter[Path](), dict["Mark", str]()
    said: dict[Path, str] = {}
    for path, file in _watched(files, len(files), "runs"):
        read = _read(file, aliases)
        if not isinstance(read, Refusal):
            if path.is_dir() and (other := _seen_as(read, seen)):
                session.twice[str(file)] = other
                continue
            session.runs.append(judged(read, diagnostician.diagnose(read)))
            logs[path] += 1
        elif path.is_dir():
            session.passed_over.setdefault(str(path), []).append(file.name)
            if file.is_dir():
                said[path] = read.text
        else:
            session.refused.append(read)
    session.refused.extend(_without_logs(paths, files, logs, said))
    return session


def _seen_as(run: "History", seen: "dict[Mark, str]") -> str | None:
    """The record in another format that was seen of a run; None if there was none."""
    from traindx.mlp.readers import marks

    marked = [*marks(run)]
    others = (seen[mark] for mark in marked if mark in seen)
    kind = Path(run.source).suffix
    other = next((name for name in others if Path(name).suffix != kind), None)
    seen.update(dict.fromkeys(marked, run.source))
    return other


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    from traindx.mlp.readers import sources

    yield from sources(path)


def _without_logs(
    paths: Sequence[Path],
    files: list[tuple[Path, Path]],
    logs: Mapping[Path, int],
    said: Mapping[Path, str],
) -> "Iterator[Refusal]":
    """The folders in which there is no log, with what was said of a folder in them as a whole."""
    from traindx.judged import Refusal

    for path in paths:
        if path.is_dir() and not logs[path]:
            many = sum(folder == path for folder, _ in files)
            nothing = f"{path}: no log among its {many} files"
            yield Refusal(str(path), said.get(path, nothing))


def _mention(session: "Session", quiet: bool) -> None:
    """Says what could not be read, and what was passed over."""
    for refusal in session.refused:
        _warn(refusal.text)
    empty = {refusal.path for refusal in session.refused}
    for folder, names in session.passed_over.items():
        if folder not in empty and not quiet:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            _warn(f"{folder}: passed over, for they are no logs: {', '.join(names[:5])}{more}")
    for record, other in () if quiet else session.twice.items():
        _warn(f"{record}: the same run as in {other}; diagnosed once")


def _read(path: Path, aliases: dict[str, str]) -> "History | Refusal":
    from dataclasses import replace

    from traindx.judged import Refusal
    from traindx.mlp.readers import ReadError, read

    try:
        history = read(path, aliases=aliases)
    except (ReadError, OSError, UnicodeError) as error:
        return Refusal(str(path), " ".join(str(error).split()))
    name = history.source if str(path) == "-" else os.fsencode(path).decode("utf-8", "replace")
    return replace(history, source=name)


def _tell(session: "Session", how: Telling) -> None:
    from traindx import formats

    runs = [r for r in session.runs if not how.quiet or r.reaches(how.fail_on)]
    least = how.fail_on if how.quiet else FailOn.NOTE
    match how.form:
        case Format.JSON:
            _say(formats.json(session.runs if how.alone else runs, how.alone))
        case Format.MARKDOWN:
            _say(formats.markdown(runs, how.details))
        case Format.JUNIT:
            _say(formats.junit(runs, session.refused, how.fail_on))
        case Format.GITHUB:
            _say(formats.github(runs, session.refused, least))
        case Format.TEXT if len(session.runs) > 1:
            _tell_many(runs, session, how)
        case Format.TEXT:
            _tell_each(runs, how)


def _tell_each(runs: "Sequence[Judged]", how: Telling) -> None:
    from traindx.engine.render import Page
    from traindx.judged import trimmed
    from traindx.overview import further, page

    for run in runs:
        _show(page(run, trimmed(run.report, how.fail_on) if how.quiet else None, how.details))
        _show([] if how.quiet else [Page(tuple(further(run.report)))])


def _tell_many(runs: "Sequence[Judged]", session: "Session", how: Telling) -> None:
    from traindx.judged import worst_first
    from traindx.overview import many

    if runs:
        _show(many(worst_first(runs), len(session.refused), how.details))


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
    from traindx.judged import Refusal

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
    for _, group in groupby(
        _watched(outcomes, expected, "scenarios"), key=lambda outcome: outcome.scenario
    ):
        runs = list(group)
        failed += not all(run.passed for run in runs)
        _say("".join(_lines(runs)))
    _say(f"{len(scenarios)} scenarios: {len(scenarios) - failed} passed, {failed} failed\n")
    return failed


def _watched(items: "Iterable[Item]", many: int, what: str) -> "Iterator[Item]":
    """The items, with a bar on a terminal if there are several."""
    from rich.progress import Progress

    from traindx.terminal import console

    shown = console(stderr=True)
    idle = many < 2 or not shown.is_terminal
    with Progress(console=shown, transient=True, disable=idle) as progress:
        yield from progress.track(items, total=many, description=what)


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
    from traindx.judged import Refusal
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


def _show(parts: "Iterable[Row | RenderableType]") -> None:
    """Prints rows and whatever can be drawn as the terminal, if it is one, can show it."""
    console = _console()
    with console.capture() as captured:
        for part in parts:
            console.print(_drawn(part), crop=False)
    text = captured.get()
    _say(text if console.is_terminal else "".join(f"{x.rstrip()}\n" for x in text.splitlines()))


def _drawn(part: "Row | RenderableType") -> "RenderableType":
    from traindx.engine.render import Page, Row

    return Page((part,)) if isinstance(part, Row) else part


def _console() -> "Console":
    from traindx.engine.render import WIDTH
    from traindx.terminal import console

    return console(None if sys.stdout.isatty() else WIDTH)


def _say(text: str) -> None:
    """Writes to standard output; who has stopped listening is not troubled further."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
