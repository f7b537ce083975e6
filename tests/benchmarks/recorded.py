"""Diagnoses of recorded runs against the labels of the programs that made them.

`python tests/benchmarks/recorded.py FOLDER [--split] [--markdown FILE] [--verbose]`

FOLDER holds `<id>.json.gz` with `labels` (faulty, root_causes, verified_healthy), `observed`
(fault_visible, observed_symptoms), `config`, `history` and `stats`. What a cause means in labels
stands in `labels.yaml`. Causes that the report lists under another count for recall, where it is
asked whether a cause is named, and not for the first place or the first three.
"""

import gzip
import json
import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from hashlib import sha256
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from baselines import checklist, red_monitors
from pydantic import BaseModel, ConfigDict
from tables import Sheet, of, percent, publish, takes_markdown

from traindx import Diagnostician, History, Report, Series, Settings, default_knowledge, read
from traindx.engine.facts import observe

Labels = frozenset[str]
STRENGTHS = ("weak", "moderate", "strong")
MARGINS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


class Meaning(BaseModel):
    """What the names in a report, and those of the baselines, mean in labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    causes: dict[str, Labels]
    mild: dict[str, str]
    monitors: dict[str, Labels]
    checklist: dict[str, tuple[Labels, ...]]


def meaning() -> Meaning:
    """The mapping beside this file."""
    text = Path(__file__).with_name("labels.yaml").read_text(encoding="utf-8")
    return Meaning.model_validate(yaml.safe_load(text))


# --- Runs and answers --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Run:
    """A recorded run and what is known of it."""

    name: str
    history: History
    data: Mapping[str, Any]

    @property
    def faulty(self) -> bool:
        return bool(self.data["labels"]["faulty"])

    @property
    def causes(self) -> Labels:
        """The labels of what is wrong with the program."""
        return frozenset(self.data["labels"].get("root_causes", ()))

    @property
    def visible(self) -> bool:
        """Whether a faulty run's fault shows in the numbers."""
        return self.faulty and bool(self.data["observed"].get("fault_visible"))

    @property
    def healthy(self) -> bool:
        """Whether it is known to be healthy; a run can be neither this nor faulty."""
        return not self.faulty and bool(self.data["labels"].get("verified_healthy"))

    @property
    def observed(self) -> Labels:
        """The symptoms that plain arithmetic finds in the record."""
        return frozenset(self.data["observed"].get("observed_symptoms", ()))

    @cached_property
    def family(self) -> str:
        """The program: with its repaired twin, its variants, and others made of the same post."""
        post = re.search(r"(?<=-)\d{6,}(?=-|$)", self.name)
        if post:
            return post.group()
        variants = re.match(r"(deepchecker-[^-]+)-", self.name)
        return variants.group(1) if variants else self.name.removesuffix("-fixed")

    @property
    def half(self) -> int:
        """0 or 1, by the hash of the family's name."""
        return sha256(self.family.encode()).digest()[0] % 2


def load(folder: Path) -> list[Run]:
    """The runs of a folder by name."""
    found = []
    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            data = json.load(file)
        found.append(Run(path.name.removesuffix(".json.gz"), read(path), data))
    return found


@dataclass(frozen=True)
class Named:
    """A fault that is named."""

    cause: str
    labels: Labels
    follows: tuple[str, ...] = ()
    strength: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What is said of a run: the faults in order, and how the report closes."""

    verdict: str
    faults: tuple[Named, ...]
    also: Labels = frozenset()
    """The labels of what follows from the faults."""
    undecided: bool = False

    def hits(self, run: Run, places: int) -> bool:
        """Whether one of the first so many names a labelled cause."""
        return any(fault.labels & run.causes for fault in self.faults[:places])

    @property
    def named(self) -> Labels:
        """Every label that is named."""
        return self.also.union(*(fault.labels for fault in self.faults))

    @property
    def margin(self) -> float:
        """How far the first is ahead of the second; of one alone, of what is not reported."""
        scores = [fault.score for fault in self.faults]
        return scores[0] - (scores[1] if len(scores) > 1 else 0.0) if scores else 0.0

    def line(self) -> str:
        """The answer in a line."""
        faults = (
            f"{f.cause}({f.score:.1f}){''.join(f'>{c}' for c in f.follows)}" for f in self.faults
        )
        return f"{self.verdict}{' undecided' if self.undecided else ''}: {' '.join(faults)}"


def answer(report: Report, causes: Mapping[str, Labels]) -> Answer:
    """A report as an answer."""
    none: Labels = frozenset()
    faults = tuple(
        Named(
            d.cause,
            causes.get(d.cause, none),
            tuple(c.cause for c in d.follows),
            d.strength,
            d.score,
        )
        for d in report.diagnoses
        if not d.benign
    )
    also = none.union(*(causes.get(c, none) for f in faults for c in f.follows))
    return Answer(report.verdict, faults, also, bool(report.undecided))


def plain_answer(faults: Iterable[tuple[str, Labels]]) -> Answer:
    """The answer of a baseline."""
    named = tuple(Named(name, labels) for name, labels in faults)
    return Answer("faulty" if named else "healthy", named)


# --- Tiers of information -----------------------------------------------------------------------

CURVES = ("accuracy", "metric")


def only(history: History, *kept: tuple[str, str | None]) -> History:
    """The series of these quantities (and scopes); no settings."""
    series = {
        (quantity, scope): s
        for (quantity, scope), s in history.series.items()
        if (quantity, None) in kept or (quantity, scope) in kept
    }
    return replace(history, series=series, settings=Settings())


def loss_only(history: History) -> History:
    """The training loss."""
    return only(history, ("loss", "train"))


def with_validation(history: History) -> History:
    """And the validation loss and accuracies."""
    return only(history, ("loss", None), *((name, None) for name in CURVES))


def with_norms(history: History) -> History:
    """And the learning rate and the norm of the whole gradient."""
    kept = (("loss", None), ("learning_rate", None), *((name, None) for name in CURVES))
    stripped = only(history, *kept)
    norm = history.get("gradient_norm") or global_norm(history)
    return replace(
        stripped, series={**stripped.series, **({("gradient_norm", ""): norm} if norm else {})}
    )


def global_norm(history: History) -> Series | None:
    """The norm over all layers, where every layer's was recorded."""
    parts = [
        s for name in ("gradient_norm", "bias_gradient_norm") for s in history.layers(name).values()
    ]
    if not parts:
        return None
    steps = reduce(np.intersect1d, (s.steps for s in parts))
    with np.errstate(over="ignore", invalid="ignore"):
        squares = sum(s.values[np.isin(s.steps, steps)] ** 2 for s in parts)
    return Series(steps, np.sqrt(squares)) if len(steps) else None


def with_settings(history: History) -> History:
    """And the settings."""
    return replace(with_norms(history), settings=history.settings)


def without_settings(history: History) -> History:
    """All series, no settings."""
    return replace(history, settings=Settings())


TIERS: dict[str, Callable[[History], History]] = {
    "loss only": loss_only,
    "+ validation, accuracy": with_validation,
    "+ learning rate, gradient norm": with_norms,
    "+ settings": with_settings,
    "+ per-layer statistics (all)": lambda history: history,
    "all but the settings": without_settings,
}


# --- Scores -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scores:
    """Answers to runs, and how good they are."""

    runs: Sequence[Run]
    answers: Mapping[str, Answer]
    mild: Mapping[str, str]

    def of(self, run: Run) -> Answer:
        return self.answers[run.name]

    @cached_property
    def faulty(self) -> list[Run]:
        return [run for run in self.runs if run.faulty]

    @cached_property
    def visible(self) -> list[Run]:
        return [run for run in self.runs if run.visible]

    @cached_property
    def healthy(self) -> list[Run]:
        return [run for run in self.runs if run.healthy]

    def detected(self, runs: Sequence[Run]) -> str:
        return of(sum(self.of(run).verdict == "faulty" for run in runs), len(runs))

    def hit(self, runs: Sequence[Run], places: int) -> str:
        return of(sum(self.of(run).hits(run, places) for run in runs), len(runs))

    def recall(self, runs: Sequence[Run]) -> str:
        """Of all labels of all runs, those that are named."""
        named = sum(len(run.causes & self.of(run).named) for run in runs)
        return of(named, sum(len(run.causes) for run in runs))

    def macro(self, runs: Sequence[Run]) -> str:
        """The mean over labels of the share of a label's runs in which it is named."""
        shares = [
            sum(label in self.of(run).named for run in group) / len(group)
            for label, group in by_label(runs)
        ]
        return percent(float(np.mean(shares))) if shares else "-"

    def undecided(self, runs: Sequence[Run]) -> str:
        return of(sum(self.of(run).undecided for run in runs), len(runs))

    def inconclusive(self, runs: Sequence[Run]) -> str:
        return of(sum(self.of(run).verdict == "inconclusive" for run in runs), len(runs))

    def is_true_remark(self, run: Run, fault: Named) -> bool:
        """Whether a healthy run's record bears out a mild remark."""
        return any(self.mild.get(label) in run.observed for label in fault.labels)

    def is_alarm(self, run: Run) -> bool:
        """Whether something is said to be wrong with a healthy run that is not."""
        given = self.of(run)
        wrong = [fault for fault in given.faults if not self.is_true_remark(run, fault)]
        return bool(wrong) or (given.verdict == "faulty" and not given.faults)

    def alarms(self) -> str:
        return of(sum(map(self.is_alarm, self.healthy)), len(self.healthy))

    def first_is_right(self, run: Run) -> bool:
        """Whether the fault that is named first is there."""
        given = self.of(run)
        if run.faulty:
            return given.hits(run, 1)
        return self.is_true_remark(run, given.faults[0])


def by_label(runs: Iterable[Run]) -> list[tuple[str, list[Run]]]:
    """The runs of every label, the most frequent label first."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        for label in sorted(run.causes):
            groups.setdefault(label, []).append(run)
    return sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))


# --- What is printed ----------------------------------------------------------------------------


def overall(methods: Mapping[str, Scores]) -> Iterator[Sheet]:
    """Every method on all faulty runs, on those whose fault is visible, and on healthy ones."""
    heads = ("", *FIGURES)
    groups: dict[str, Callable[[Scores], list[Run]]] = {
        "Faulty runs whose fault is visible": lambda s: s.visible,
        "All faulty runs": lambda s: s.faulty,
    }
    for title, chosen in groups.items():
        rows = tuple((name, *figures(scores, chosen(scores))) for name, scores in methods.items())
        yield Sheet(title, heads, rows)
    rows = tuple(
        (name, scores.alarms(), scores.inconclusive(scores.healthy))
        for name, scores in methods.items()
    )
    yield Sheet("Verified healthy runs", ("", "false alarms", "inconclusive"), rows)


FIGURES = ("detected", "cause first", "in first three", "recall", "macro recall", "undecided")


def figures(scores: Scores, runs: Sequence[Run]) -> tuple[str, ...]:
    """The `FIGURES` of faulty runs."""
    hits = scores.hit(runs, 1), scores.hit(runs, 3)
    recalls = scores.recall(runs), scores.macro(runs)
    return scores.detected(runs), *hits, *recalls, scores.undecided(runs)


def labels(scores: Scores) -> Sheet:
    """What is counted, by label."""
    shown = dict(by_label(scores.visible))
    rows = tuple(
        (label, *counted(scores, label, shown.get(label, [])), *counted(scores, label, group))
        for label, group in by_label(scores.faulty)
    )
    return Sheet(
        "By label",
        ("label", "visible: first", "in three", "named", "all: first", "in three", "named"),
        rows,
        "A run counts under each of its labels; here only that label is a hit.",
    )


def counted(scores: Scores, label: str, runs: Sequence[Run]) -> tuple[str, str, str]:
    """How often a label is first, among the first three, and named at all."""
    places = [[label in f.labels for f in scores.of(run).faults[:3]] for run in runs]
    first, three = sum(any(p[:1]) for p in places), sum(any(p) for p in places)
    named = sum(label in scores.of(run).named for run in runs)
    return of(first, len(runs)), of(three, len(runs)), of(named, len(runs))


def confusion(scores: Scores) -> Sheet:
    """Which cause is first, by label."""
    rows = []
    for label, group in by_label(scores.faulty):
        given = [(run, scores.of(run)) for run in group]
        firsts = Counter(
            a.faults[0].cause if a.faults else f"({a.verdict}, none)" for _, a in given
        )
        rows.append((label, ", ".join(f"{n} {cause}" for cause, n in firsts.most_common())))
    healthy = Counter(f.cause for run in scores.healthy for f in scores.of(run).faults)
    said = ", ".join(f"{n} {cause}" for cause, n in healthy.most_common()) or "-"
    return Sheet("What is named first", ("label", "causes"), (*rows, ("healthy (all named)", said)))


def tiers(found: Mapping[str, Scores]) -> Sheet:
    """What one more signal buys."""
    rows = tuple(
        (name, *figures(s, s.visible), s.inconclusive(s.visible), s.alarms())
        for name, s in found.items()
    )
    return Sheet(
        "By what was recorded (faulty runs whose fault is visible)",
        ("", *FIGURES, "inconclusive", "false alarms"),
        rows,
    )


def halves(runs: Sequence[Run], scores: Scores) -> Sheet:
    """The two halves of the families."""
    rows = []
    for half in (0, 1):
        part = replace(scores, runs=[run for run in runs if run.half == half])
        families = len({run.family for run in part.runs})
        name = f"half {half + 1} ({families} families, {len(part.runs)} runs)"
        rows.append((name, *figures(part, part.visible), part.alarms()))
    return Sheet(
        "Two halves of the families (faulty runs whose fault is visible)",
        ("", *FIGURES, "false alarms"),
        tuple(rows),
        "Divided by a hash of the family's name; a program and its repaired twin stay together.",
    )


def judged(scores: Scores) -> list[tuple[Named, float, bool]]:
    """The first fault of every faulty or healthy run that has one, its margin, and if it is so."""
    return [
        (given.faults[0], given.margin, scores.first_is_right(run))
        for run in (*scores.faulty, *scores.healthy)
        if (given := scores.of(run)).faults
    ]


def reliability(scores: Scores) -> Sheet:
    """How often the first diagnosis of each strength is right."""
    found = judged(scores)
    rows = []
    for strength in STRENGTHS:
        group = [(logistic(f.score), right) for f, _, right in found if f.strength == strength]
        mean = percent(float(np.mean([p for p, _ in group]))) if group else "-"
        rows.append((strength, mean, of(sum(right for _, right in group), len(group))))
    error = calibration_error([(logistic(f.score), right) for f, _, right in found])
    return Sheet(
        "How often the first diagnosis is right",
        ("strength", "logistic(score)", "right"),
        tuple(rows),
        f"Expected calibration error of logistic(score), ten bins: {error:.3f}. "
        "On faulty runs (visible or not) and verified healthy ones.",
    )


def logistic(score: float) -> float:
    """The probability that log-odds stand for."""
    return 1 / (1 + exp(-score))


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """The mean over equal bins of the distance between what is claimed and what is so."""
    if not pairs:
        return 0.0
    claimed = np.array([p for p, _ in pairs])
    right = np.array([r for _, r in pairs], dtype=np.float64)
    place = np.minimum((claimed * bins).astype(int), bins - 1)
    groups = (place == n for n in range(bins))
    gaps = (abs(claimed[g].sum() - right[g].sum()) for g in groups if g.any())
    return float(sum(gaps) / len(pairs))


def coverage(scores: Scores) -> Sheet:
    """What abstaining buys: accuracy of the first diagnosis against how often there is one."""
    found = judged(scores)
    rows = []
    for margin in MARGINS:
        kept = [right for _, ahead, right in found if ahead >= margin]
        rows.append((f"{margin:g}", of(len(kept), len(found)), of(sum(kept), len(kept))))
    return Sheet(
        "Accuracy against coverage",
        ("margin to the second at least", "answered", "first right"),
        tuple(rows),
        "The margin of one that is alone is its score.",
    )


# --- The command --------------------------------------------------------------------------------


def baselines(runs: Sequence[Run], known: Meaning) -> Iterator[tuple[str, Scores]]:
    """The answers of those who know less."""
    frequent = [label for label, _ in by_label(run for run in runs if run.faulty)]
    always = plain_answer((label, frozenset((label,))) for label in frequent[:3])
    yield "the most frequent labels, always", scored(runs, known, lambda _: always)
    yield (
        "ten monitors of an older program",
        scored(
            runs,
            known,
            lambda run: plain_answer((m, known.monitors[m]) for m in red_monitors(run.data)),
        ),
    )
    yield (
        "a lecture's checklist",
        scored(
            runs,
            known,
            lambda run: plain_answer(
                (question, hint)
                for question in checklist(run.data)
                for hint in known.checklist[question]
            ),
        ),
    )


def scored(runs: Sequence[Run], known: Meaning, ask: Callable[[Run], Answer]) -> Scores:
    """The scores of whoever is asked."""
    return Scores(runs, {run.name: ask(run) for run in runs}, known.mild)


def asked(
    doctor: Diagnostician, runs: Sequence[Run], known: Meaning, strip: Callable[[History], History]
) -> Scores:
    """The scores of the diagnoses of what a tier leaves of the runs."""
    return scored(
        runs, known, lambda run: answer(doctor.diagnose(strip(run.history)), known.causes)
    )


def sheets(runs: Sequence[Run], found: Mapping[str, Scores], known: Meaning) -> Iterator[Sheet]:
    """Everything but the halves."""
    scores = found["+ per-layer statistics (all)"]
    yield from overall({"traindx": scores, **dict(baselines(runs, known))})
    yield tiers(found)
    yield labels(scores)
    yield confusion(scores)
    yield reliability(scores)
    yield coverage(scores)


def verbose(scores: Scores) -> Iterator[str]:
    """One line for every run."""
    for run in scores.runs:
        given = scores.of(run)
        if run.faulty:
            found = "1" if given.hits(run, 1) else "3" if given.hits(run, 3) else "-"
            found = found if given.verdict == "faulty" or found != "-" else "X"
            said = f"{'visible' if run.visible else 'hidden '} {','.join(sorted(run.causes))}"
        else:
            found = "F" if run.healthy and scores.is_alarm(run) else " "
            said = f"{'healthy' if run.healthy else 'fixed'} {','.join(sorted(run.observed))}"
        yield f"{found} {run.name:44s} {said:50s} -> {given.line()}"


def followed_up(doctor: Diagnostician, runs: Sequence[Run], known: Meaning) -> Sheet:
    """What it asks for where it has curves alone, and whether the facts of that decide."""
    asked_for = improved = right_before = right_after = 0
    for run in runs:
        if not run.visible:
            continue
        history = with_norms(run.history)
        before, facts = doctor.diagnose(history), set(observe(history))
        signal = (before.next_test or "").removeprefix("Record ").partition(";")[0]
        more = {f for f in observe(run.history) if signal in (f.signal, *f.signals.values())}
        if not more - facts:
            continue
        kinds = {fact.kind for fact in more}
        after = doctor.report([*(f for f in facts if f.kind not in kinds), *more])
        was, now = (answer(r, known.causes).hits(run, 1) for r in (before, after))
        asked_for += 1
        right_before, right_after = right_before + was, right_after + now
        improved += now and not was
    rows = (
        ("visible faults for which it asks for a signal that the record has", str(asked_for)),
        ("right before", of(right_before, asked_for)),
        ("right with that one signal more", of(right_after, asked_for)),
        ("decided by it", of(improved, asked_for - right_before)),
    )
    return Sheet("Does the next test decide? (from curves alone)", ("", "runs"), rows)


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", action="store_true", help="print the two halves of the families")
    takes_markdown(parser)
    parser.add_argument("--verbose", action="store_true", help="one line for every run")
    given = parser.parse_args()
    runs, known = load(given.folder), meaning()
    if not runs:
        parser.error(f"{given.folder}: no *.json.gz in it")
    doctor = Diagnostician(default_knowledge())
    found = {name: asked(doctor, runs, known, strip) for name, strip in TIERS.items()}
    complete = found["+ per-layer statistics (all)"]
    if given.verbose:
        print("\n".join(verbose(complete)))
    made = [*sheets(runs, found, known), followed_up(doctor, runs, known)]
    if given.split:
        made.insert(3, halves(runs, complete))
    command = f"recorded.py FOLDER{' --split' if given.split else ''}"
    publish(made, given.markdown, "Recorded runs", command)


if __name__ == "__main__":
    main()
