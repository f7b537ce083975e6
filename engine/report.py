"""The report: what was found, why, what to do, and what was not looked at; as data and as text."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from rich.console import Console, ConsoleOptions, RenderResult

from traindx.engine.facts import Fact, shown
from traindx.engine.knowledge import Change
from traindx.engine.language import Declared, Scalar, Severity

Verdict = Literal["faulty", "healthy", "inconclusive"]
SCHEMA: Literal["traindx-report/1"] = "traindx-report/1"


@dataclass(frozen=True)
class Observation:
    """A fact as the report carries it. (A plain dataclass: there are hundreds in a report.)"""

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: str
    slots: dict[str, Scalar | None]

    @classmethod
    def of(cls, fact: Fact) -> "Observation":
        """The same as the fact."""
        return cls(fact.kind, dict(fact.slots))

    def __hash__(self) -> int:
        return hash((self.kind, *self.slots.items()))

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{k}={shown(v)}' for k, v in self.slots.items())})"


class EvidenceLine(Declared):
    """What speaks for a cause or against it, in a sentence with its numbers."""

    name: str
    sentence: str
    weight: str
    """The word of the scale, with a minus if it speaks against."""
    value: float
    """What the word is worth in log-odds."""
    facts: tuple[Observation, ...]

    def __str__(self) -> str:
        return self.sentence


class Prescription(Declared):
    """A remedy, as it applies to this run."""

    remedy: str
    do: str
    how: str
    change: dict[str, Change]
    cost: str
    snippets: dict[str, str]

    def __str__(self) -> str:
        return f"{self.do}: {self.how}"


class Consequence(Declared):
    """A cause that stands on nothing of its own once another is believed."""

    cause: str
    title: str

    def __str__(self) -> str:
        return self.title


class Diagnosis(Declared):
    """A cause that the evidence speaks for."""

    cause: str
    title: str
    about: str
    benign: bool
    severity: Severity
    strength: str
    score: float
    prior: float
    evidence: tuple[EvidenceLine, ...]
    against: tuple[EvidenceLine, ...]
    follows: tuple[Consequence, ...]
    explains: tuple[str, ...]
    """The titles of the symptoms that were found and that it accounts for."""
    remedies: tuple[Prescription, ...]
    settle: str | None

    def __str__(self) -> str:
        return f"{self.title} ({self.strength})"


class SymptomFound(Declared):
    """A symptom that holds."""

    symptom: str
    title: str
    severity: Severity
    inner: bool
    """Whether it is only a step of the reasoning."""
    sentence: str
    facts: tuple[Observation, ...]

    def __str__(self) -> str:
        return self.sentence


class RuledOut(Declared):
    """A cause that something spoke for, and why it is not among the diagnoses."""

    cause: str
    title: str
    score: float
    reason: str
    twin: str | None = None
    """The benign cause in the report that says the same of the run and finds no fault in it."""

    def __str__(self) -> str:
        return f"{self.title}: {self.reason}"


class Clear(Declared):
    """A symptom that was looked for and is not there."""

    symptom: str
    title: str

    def __str__(self) -> str:
        return self.title


class Unchecked(Declared):
    """A symptom that could not be looked for, and what would have to be recorded, if known."""

    symptom: str
    title: str
    signals: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.title} (needs {' and '.join(self.signals)})" if self.signals else self.title


class LeftOut(Declared):
    """What was asked for, and what was found and is not in the report for that reason."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    causes: tuple[str, ...]
    symptoms: tuple[str, ...]
    titles: tuple[str, ...]
    """Of what is a fault or alarming among them: the causes, then the symptoms without one."""


class Report(BaseModel):
    """All that can be said of a run. Equal facts give equal reports, byte for byte."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal["traindx-report/1"] = SCHEMA
    source: str
    engine: str
    """What did the matching: durable_rules or plain."""
    verdict: Verdict
    headline: str
    """The answer in a sentence."""
    diagnoses: tuple[Diagnosis, ...]
    notes: tuple[Diagnosis, ...]
    """Causes that are worth knowing and that are no fault (yet)."""
    undecided: tuple[str, ...]
    """The causes between which the evidence does not decide, if there are such."""
    symptoms: tuple[SymptomFound, ...]
    ruled_out: tuple[RuledOut, ...]
    clear: tuple[Clear, ...]
    unchecked: tuple[Unchecked, ...]
    next_test: str | None
    remarks: tuple[str, ...]
    """What the reader of the run had to say."""
    facts: tuple[Observation, ...]
    left_out: LeftOut | None = None
    """What a selection kept out; None if nothing was selected or ignored."""

    _knowledge: Any = PrivateAttr(default=None)

    def why(self, cause: str) -> str:
        """What speaks for and against a diagnosis, line by line, with facts and numbers."""
        from traindx.engine.explain import why

        return why(self, cause)

    def why_not(self, cause: str) -> str:
        """What spoke against a cause, and the pattern that came nearest, with its margin."""
        from traindx.engine.explain import why_not

        return why_not(self, cause)

    def to_json(self) -> str:
        """The report as JSON text; `schema_version` says in which form."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str, knowledge: Any = None) -> "Report":
        """A report read back. With the knowledge base it can also be asked `why_not`.

        Raises ValueError if the text is no report of this form.
        """
        try:
            report = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"not a {SCHEMA}: {where}: {first['msg']}") from None
        report._knowledge = knowledge
        return report

    def to_markdown(self) -> str:
        """The report as Markdown, for the summary of a CI job or an issue."""
        from traindx.engine.render import markdown

        return markdown(self)

    def __str__(self) -> str:
        from traindx.engine.render import text

        return text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from traindx.engine.render import renderable

        yield from renderable(self)
