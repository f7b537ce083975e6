"""Reports about real logs against a person's labels of them.

`python tests/benchmarks/logs.py FOLDER [--markdown FILE] [--verbose]`

FOLDER holds logs and a `labels.json`: {"labels": {file: {"labels": [{"label", "confidence"}],
"evidence", "traps"}}}, in which `confidence` is clear or arguable. When a report agrees with a
label stands in `log_labels.yaml`. A file agrees if every clear label of it is met. Nothing but a
`ReadError` may come out of reading and diagnosing.
"""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter
from tables import Sheet, of, publish, takes_markdown

from traindx import ReadError, Report, diagnose

Verdict = Literal["faulty", "healthy", "inconclusive"]
ALL: tuple[Verdict, ...] = ("faulty", "healthy", "inconclusive")


class Declared(BaseModel):
    """Base of what is read from files."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Enough(Declared):
    """What a report may say, any of which is enough."""

    causes: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


class Rule(Declared):
    """When a report agrees with a label."""

    any_of: Enough
    verdict: tuple[Verdict, ...] = ALL
    no_fault: bool = False
    unread: bool = False


class Label(Declared):
    """What a person said of a log."""

    label: str
    confidence: Literal["clear", "arguable"]


class Labelled(Declared):
    """All that a person said of a log."""

    labels: tuple[Label, ...] = ()
    evidence: str = ""
    traps: tuple[str, ...] = ()


def rules() -> dict[str, Rule]:
    """The rule of each label."""
    text = Path(__file__).with_name("log_labels.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Rule]).validate_python(yaml.safe_load(text))


@dataclass(frozen=True)
class Case:
    """A log, its labels, and the report about it (None: it was refused)."""

    file: str
    said: Labelled
    report: Report | None
    refusal: str = ""

    @property
    def format(self) -> str:
        return Path(self.file).parts[0]

    @cached_property
    def clear(self) -> tuple[str, ...]:
        """The labels that are asked for."""
        return tuple(x.label for x in self.said.labels if x.confidence == "clear")

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """The faults that the report names; "(unexplained)" if it alarms and names none."""
        if self.report is None:
            return ()
        named = tuple(d.cause for d in self.report.diagnoses if not d.benign)
        return named or (("(unexplained)",) if self.report.verdict == "faulty" else ())

    @cached_property
    def causes(self) -> frozenset[str]:
        """Every cause that the report names."""
        if self.report is None:
            return frozenset()
        shown = (*self.report.diagnoses, *self.report.notes)
        return frozenset(c for d in shown for c in (d.cause, *(f.cause for f in d.follows)))

    @cached_property
    def symptoms(self) -> frozenset[str]:
        """Every symptom that the report lists."""
        return frozenset(s.symptom for s in self.report.symptoms) if self.report else frozenset()

    def answer(self) -> str:
        """The report in a line."""
        if self.report is None:
            return f"refused: {self.refusal}"
        benign = [d.cause for d in self.report.diagnoses if d.benign]
        causes = " ".join((*self.faults, *(f"({c})" for c in benign)))
        return f"{self.report.verdict}: {causes}  [{' '.join(sorted(self.symptoms))}]"

    def labels(self) -> str:
        """The labels in a line, the arguable ones with a question mark."""
        marks = {"clear": "", "arguable": "?"}
        return ", ".join(x.label + marks[x.confidence] for x in self.said.labels)


@dataclass(frozen=True)
class Judge:
    """Holds reports against labels."""

    rules: Mapping[str, Rule]

    def agrees(self, case: Case, label: str) -> bool:
        """Whether the report says what the label does."""
        rule = self.rules[label]
        if case.report is None:
            return rule.unread
        if case.report.verdict not in rule.verdict or not self._enough(case, rule.any_of):
            return False
        return not (rule.no_fault and self.unlabelled(case, label))

    @staticmethod
    def _enough(case: Case, asked: Enough) -> bool:
        assert case.report is not None
        return bool(
            case.report.verdict in asked.verdicts
            or case.causes & set(asked.causes)
            or case.symptoms & set(asked.symptoms)
        )

    def unlabelled(self, case: Case, besides: str = "") -> list[str]:
        """The faults that no (other) label of the log, clear or arguable, speaks of."""
        labels = {x.label for x in case.said.labels} - {besides}
        spoken = {c for label in labels for c in self.rules[label].any_of.causes}
        return [fault for fault in case.faults if fault not in spoken]

    def missed(self, case: Case) -> list[str]:
        """The clear labels that the report does not agree with."""
        return [label for label in case.clear if not self.agrees(case, label)]


def cases(folder: Path) -> Iterator[Case]:
    """Every log, labelled or not, read and diagnosed."""
    given = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["labels"]
    labelled = TypeAdapter(dict[str, Labelled]).validate_python(given)
    there = sorted(p.relative_to(folder).as_posix() for p in folder.glob("*/*"))
    for file in there:
        said = labelled.get(file, Labelled())
        try:
            yield Case(file, said, diagnose(folder / file))
        except ReadError as error:
            yield Case(file, said, None, str(error).replace(f"{folder}/", ""))


def sheets(found: list[Case], judge: Judge) -> Iterator[Sheet]:
    """Everything that is printed."""
    yield overall(found, judge)
    yield by("label", judge, ((label, case) for case in found for label in case.clear), True)
    yield by("format", judge, ((case.format, case) for case in found if case.clear), False)
    yield alarms(found, judge)
    yield disagreements(found, judge)


def overall(found: list[Case], judge: Judge) -> Sheet:
    """The figures that matter."""
    labelled = [c for c in found if c.clear]
    asked = [(c, label) for c in labelled for label in c.clear]
    healthy = [c for c in labelled if "healthy" in c.clear]
    silent = [c for c in healthy if not judge.unlabelled(c, "healthy")]
    beyond = [c for c in labelled if judge.unlabelled(c)]
    verdicts = Counter(c.report.verdict if c.report else "refused" for c in found)
    rows = (
        ("files that agree (all clear labels met)", agreeing(labelled, judge)),
        ("clear labels met", of(sum(judge.agrees(c, x) for c, x in asked), len(asked))),
        ("clearly healthy: no fault named", of(len(silent), len(healthy))),
        ("clearly healthy: called healthy", met(healthy, "healthy", judge)),
        ("files with a clear label and a fault no label speaks of", of(len(beyond), len(labelled))),
        ("verdicts", ", ".join(f"{n} {verdict}" for verdict, n in sorted(verdicts.items()))),
    )
    return Sheet(f"{len(found)} logs, {len(labelled)} with a clear label", ("", "result"), rows)


def agreeing(chosen: list[Case], judge: Judge) -> str:
    """How many files agree."""
    return of(sum(not judge.missed(c) for c in chosen), len(chosen))


def met(chosen: list[Case], label: str, judge: Judge) -> str:
    """How many files agree with one label."""
    return of(sum(judge.agrees(c, label) for c in chosen), len(chosen))


def by(head: str, judge: Judge, pairs: Iterable[tuple[str, Case]], label: bool) -> Sheet:
    """Agreement by label (that label alone) or by another heading (whole files)."""
    groups: dict[str, list[Case]] = {}
    for name, case in pairs:
        groups.setdefault(name, []).append(case)
    rows = tuple(
        (name, met(group, name, judge) if label else agreeing(group, judge))
        for name, group in sorted(groups.items())
    )
    return Sheet(f"Agreement by {head}", (head, "agree"), rows)


def alarms(found: list[Case], judge: Judge) -> Sheet:
    """Faults named that no label speaks of."""
    rows = tuple(
        (case.file, case.labels() or "-", " ".join(judge.unlabelled(case)))
        for case in found
        if case.said.labels and judge.unlabelled(case)
    )
    return Sheet("Faults that no label speaks of", ("file", "labels", "faults"), rows)


def disagreements(found: list[Case], judge: Judge) -> Sheet:
    """Every file that does not agree."""
    rows = tuple(
        (case.file, case.labels(), ", ".join(missed), case.answer())
        for case in found
        if (missed := judge.missed(case))
    )
    return Sheet("Disagreements", ("file", "labels", "not met", "the report"), rows)


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    takes_markdown(parser)
    parser.add_argument("--verbose", action="store_true", help="one line for every file")
    given = parser.parse_args()
    found, judge = list(cases(given.folder)), Judge(rules())
    if given.verbose:
        for case in found:
            mark = "-" if not case.clear else "X" if judge.missed(case) else " "
            print(f"{mark} {case.file}: {case.labels()} -> {case.answer()}")
    made = list(sheets(found, judge))
    publish(made, given.markdown, "Real logs", "logs.py FOLDER")


if __name__ == "__main__":
    main()
