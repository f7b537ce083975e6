"""Judged runs: what was found in each, how much it matters, and which is worst."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from traindx.curve import Curve, curve
from traindx.engine.report import Diagnosis, Report, SymptomFound
from traindx.mlp.history import History
from traindx.threshold import FailOn

VERDICTS = ("faulty", "inconclusive", "healthy")


@dataclass(frozen=True, eq=False)
class Judged:
    """A run's report and the curve in small."""

    report: Report
    curve: Curve

    def reaches(self, fail_on: FailOn) -> bool:
        """Whether there is something in the report of that severity or a greater one."""
        return any(fail_on.reached_by(found) for found in severities(self.report))


@dataclass(frozen=True)
class Refusal:
    """An input that cannot be read, and why."""

    path: str
    text: str


@dataclass(frozen=True)
class Session:
    """All that was judged in one go, in the order in which it was given."""

    runs: list[Judged] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    passed_over: dict[str, list[str]] = field(default_factory=dict)
    """By folder, the names of the files in it that are no logs."""
    twice: dict[str, str] = field(default_factory=dict)
    """Records in another format of runs that were judged, and the record that was taken."""


def judged(run: History, report: Report) -> Judged:
    """A run with its report."""
    return Judged(report, curve(run, report))


def severities(report: Report) -> Iterator[str]:
    """The severities of all that is not explained away by something benign."""
    yield from (d.severity for d in faults(report))
    if report.verdict != "healthy":
        benign = {title for d in report.diagnoses if d.benign for title in d.explains}
        yield from (s.severity for s in report.symptoms if s.title not in benign)


def faults(report: Report) -> Iterator[Diagnosis]:
    """The causes that are no benign ones, and the notes, the most believable first."""
    if report.verdict != "healthy":
        yield from (d for d in report.diagnoses if not d.benign)
    yield from report.notes


def riddles(report: Report) -> Iterator[SymptomFound]:
    """The symptoms that nothing in the report explains, where something is wrong."""
    explained = {title for d in (*report.diagnoses, *report.notes) for title in d.explains}
    if report.verdict != "healthy":
        yield from (s for s in report.symptoms if s.title not in explained and not s.inner)


def worst_first(runs: Iterable[Judged]) -> list[Judged]:
    """By verdict, by severity, by how strong the evidence is; then as they were given."""
    return sorted(runs, key=lambda run: _badness(run.report))


def _badness(report: Report) -> tuple[int, int, float]:
    order = list(FailOn)
    worst = max((order.index(FailOn(found)) for found in severities(report)), default=-1)
    score = max((d.score for d in faults(report)), default=0.0)
    return VERDICTS.index(report.verdict), -worst, -score


def trimmed(report: Report, fail_on: FailOn) -> Report:
    """A report with nothing in it but what is at or above a severity."""

    def heard(found: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
        return tuple(d for d in found if fail_on.reached_by(d.severity) and not d.benign)

    return report.model_copy(
        update={
            "diagnoses": heard(report.diagnoses),
            "notes": heard(report.notes),
            "symptoms": tuple(s for s in report.symptoms if fail_on.reached_by(s.severity)),
            **dict.fromkeys(("ruled_out", "clear", "unchecked", "remarks"), ()),
            "left_out": None,
        }
    )
