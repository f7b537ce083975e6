"""Forms for programs: JSON, Markdown, JUnit's XML, and the workflow commands of GitHub."""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

from traindx.curve import drawing
from traindx.engine.render import markdown as told
from traindx.engine.render import plainly, printable
from traindx.engine.report import Diagnosis
from traindx.judged import Judged, Refusal, faults, riddles
from traindx.threshold import FailOn

LEVELS = {"critical": "error", "warning": "warning", "note": "notice"}
"""GitHub's words for severities."""
MOST_SENTENCES = 3
ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
"""What GitHub decodes in a message (github.com/actions/toolkit, packages/core/src/command.ts)."""
PROPERTY_ESCAPES = {**ESCAPES, ":": "%3A", ",": "%2C"}


def json(runs: Sequence[Judged], alone: bool) -> str:
    """One report, or an array of them."""
    texts = [run.report.to_json() for run in runs]
    if alone:
        return "".join(f"{text}\n" for text in texts)
    return "[\n" + ",\n".join(texts) + "\n]\n"


def markdown(runs: Sequence[Judged], details: bool = False) -> str:
    """The reports with their curves, a line between them."""
    return "\n---\n\n".join(told(run.report, drawing(run.curve), details) for run in runs)


def junit(runs: Sequence[Judged], refused: Sequence[Refusal], fail_on: FailOn) -> str:
    """A test case for each run; it fails where the exit status says that something was found."""
    failing = sum(run.reaches(fail_on) for run in runs)
    counts = {"tests": len(runs) + len(refused), "failures": failing, "errors": len(refused)}
    told = {name: str(count) for name, count in counts.items()}
    root = ElementTree.Element("testsuites", told)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "traindx", **told})
    for run in runs:
        _judged(_case(suite, run.report.source), run, fail_on)
    for refusal in refused:
        said = {"message": printable(refusal.text), "type": "unreadable"}
        ElementTree.SubElement(_case(suite, refusal.path), "error", said)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def _case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", {"classname": "traindx", "name": printable(name)}
    )


def _judged(case: ElementTree.Element, run: Judged, fail_on: FailOn) -> None:
    report = run.report
    kind = next((d.cause for d in faults(report)), report.verdict)
    said = {"message": printable(report.headline), "type": kind}
    told = ("failure", said) if run.reaches(fail_on) else ("system-out", {})
    ElementTree.SubElement(case, *told).text = str(report)


def github(runs: Sequence[Judged], refused: Sequence[Refusal], least: FailOn) -> str:
    """A workflow command for each fault, each symptom without a cause and each unreadable file."""
    unread = (_command("error", r.path, "Not to be read", r.text) for r in refused)
    return "".join([*(line for run in runs for line in _annotations(run, least)), *unread])


def _annotations(run: Judged, least: FailOn) -> Iterator[str]:
    report = run.report
    found = [(d.severity, d.title, _told(d)) for d in faults(report)]
    found += [(s.severity, s.title, plainly(s.sentence)) for s in riddles(report)]
    for severity, title, message in found:
        if least.reached_by(severity):
            yield _command(LEVELS[severity], report.source, title, message)


def _told(diagnosis: Diagnosis) -> str:
    """Why, and what to do first."""
    why = [plainly(line.sentence) for line in diagnosis.evidence[:MOST_SENTENCES]]
    return "\n".join([*why, *(f"What to do: {remedy}" for remedy in diagnosis.remedies[:1])])


def _command(level: str, path: str, title: str, message: str) -> str:
    properties = {"file": path, "title": title}
    told = ",".join(f"{k}={_escaped(v, PROPERTY_ESCAPES)}" for k, v in properties.items())
    return f"::{level} {told}::{_escaped(message, ESCAPES)}\n"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character) or printable(character) for character in text)
