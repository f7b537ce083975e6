"""The command line: what it prints where, and the exit status that a script relies on."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from traindx.cli import main
from traindx.curve import ROWS
from traindx.demo import sample
from traindx.diagnosing import default_knowledge, diagnose
from traindx.engine.report import Report
from traindx.judged import judged
from traindx.mlp.history import curves
from traindx.mlp.readers import read
from traindx.overview import many
from traindx.pages import contents, page
from traindx.terminal import is_plain


@dataclass(frozen=True)
class Run:
    """What a command wrote, and how it ended."""

    status: int
    out: str
    err: str


Traindx = Callable[..., Run]


@pytest.fixture
def traindx(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Traindx:
    """The command line in this process, where more than ASCII can be shown."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*words: object) -> Run:
        with pytest.raises(SystemExit) as exit_:
            main([str(word) for word in words])
        return Run(int(exit_.value.code or 0), *capsys.readouterr())

    return run


def process(*words: object, encoding: str = "utf-8", **environment: str) -> Run:
    """The command line in a process of its own."""
    code = "from traindx.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        check=False,
    )
    return Run(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A run that overfits."""
    return _csv(tmp_path / "failing.csv", lambda e: (2.3 * 0.8**e, 1.2 + 0.05 * (e - 6) ** 2))


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """A run with nothing wrong about it."""
    return _csv(tmp_path / "healthy.csv", lambda e: (2 * 0.8**e + 0.3, 2 * 0.81**e + 0.32))


def _csv(path: Path, losses: Callable[[int], tuple[float, float]]) -> Path:
    rows = (f"{e},{losses(e)[0]:.5f},{losses(e)[1]:.5f}" for e in range(1, 31))
    path.write_text("epoch,loss,val_loss\n" + "\n".join(rows) + "\n")
    return path


def test_the_answer_stands_in_the_first_line(traindx: Traindx, failing: Path) -> None:
    run = traindx("diagnose", failing)
    assert run.out.startswith("FAULTY: ")
    assert run.err == ""
    assert "Traceback" not in run.out


def test_what_was_found_sets_the_exit_status(
    traindx: Traindx, failing: Path, healthy: Path
) -> None:
    assert traindx("diagnose", failing).status == 1
    assert traindx("diagnose", healthy).status == 0
    assert traindx("diagnose", healthy, failing).status == 1


def test_fail_on_says_from_which_severity_on(traindx: Traindx, failing: Path) -> None:
    assert traindx("diagnose", failing, "--fail-on", "note").status == 1
    assert traindx("diagnose", failing, "--fail-on", "never").status == 0


def test_json_of_one_run_is_a_report_and_nothing_else(traindx: Traindx, failing: Path) -> None:
    run = traindx("diagnose", failing, "--format", "json")
    assert Report.from_json(run.out).source == str(failing)


def test_json_of_several_runs_is_an_array(
    traindx: Traindx, failing: Path, healthy: Path, tmp_path: Path
) -> None:
    for words in ((failing, healthy), (tmp_path,)):
        reports = json.loads(traindx("diagnose", *words, "--format", "json").out)
        assert [report["source"] for report in reports] == [str(failing), str(healthy)]


def test_json_of_nothing_readable_is_valid_too(traindx: Traindx, tmp_path: Path) -> None:
    run = traindx("diagnose", tmp_path / "a.csv", tmp_path / "b.csv", "--format", "json")
    assert (run.status, json.loads(run.out)) == (2, [])


def test_markdown_has_the_answer_as_its_heading(traindx: Traindx, failing: Path) -> None:
    assert traindx("diagnose", failing, "--format", "markdown").out.startswith("## FAULTY: ")


def test_markdown_draws_the_curve_as_it_is(traindx: Traindx, failing: Path) -> None:
    told = traindx("diagnose", failing, "--format", "markdown").out
    fenced = told.split("```text\n")[1].split("```")[0].splitlines()
    assert {*fenced[:8]} <= {*traindx("diagnose", failing).out.splitlines()}


def test_a_run_that_was_logged_twice_is_diagnosed_once(traindx: Traindx, tmp_path: Path) -> None:
    rows = [{"epoch": n, "loss": 2 - n / 10, "val_loss": 2.1 - n / 10} for n in range(9)]
    lines = [f"{row['epoch']},{row['loss']},{row['val_loss']}\n" for row in rows]
    (tmp_path / "a.csv").write_text("epoch,loss,val_loss\n" + "".join(lines))
    (tmp_path / "b.json").write_text(json.dumps(rows))
    run = traindx("diagnose", tmp_path, "--format", "json")
    assert [report["source"] for report in json.loads(run.out)] == [str(tmp_path / "a.csv")]
    assert "b.json: the same run as in" in run.err
    assert len(json.loads(traindx("diagnose", *tmp_path.iterdir(), "--format", "json").out)) == 2


def test_one_bad_file_does_not_keep_the_others_back(
    traindx: Traindx, failing: Path, tmp_path: Path
) -> None:
    run = traindx("diagnose", tmp_path / "nowhere.csv", failing)
    assert run.status == 2
    assert run.out.startswith("FAULTY: ")
    assert run.err.count("\n") == 1
    assert "nowhere.csv: No such file" in run.err


BAD = {
    "empty": b"",
    "binary": bytes(range(256)) * 4,
    "words": b"all went well\n",
    "no_loss.csv": b"name,colour\na,red\nb,blue\n",
    "broken.json": b'{"loss": [1, 2',
    "list.json": b"[[[[1]]]]",
    "deep.json": b"[" * 100_000,
    "pickle.pkl": b"\x80\x04\x95\x00\x00",
    "utf16.csv": "epoch,colour\n1,ä\n".encode("utf-16"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_in_one_clear_line_or_an_honest_report(
    traindx: Traindx, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(BAD[name])
    run = traindx("diagnose", path)
    assert "Traceback" not in run.out + run.err
    if run.status == 2:
        assert run.out == ""
        assert run.err.startswith(f"traindx: {path}: ")
        assert run.err.count("\n") == 1
    else:
        assert run.out.partition(":")[0] in ("FAULTY", "HEALTHY", "INCONCLUSIVE")


def test_a_path_below_a_file_is_refused(traindx: Traindx, failing: Path) -> None:
    run = traindx("diagnose", failing / "more.csv")
    assert run.status == 2
    assert run.err.count("\n") == 1


def test_a_folder_gives_a_report_for_each_log_and_names_what_it_passed_over(
    traindx: Traindx, failing: Path, healthy: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("remember the milk\n")
    run = traindx("diagnose", tmp_path)
    assert run.status == 1
    assert "notes.txt" in run.err
    assert "2 runs: 1 faulty, 1 healthy" in run.out


def test_a_folder_without_logs_is_refused(traindx: Traindx, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("remember the milk\n")
    run = traindx("diagnose", tmp_path)
    assert (run.status, run.out) == (2, "")
    assert "no log among its 1 files" in run.err


def test_what_is_said_of_a_store_of_another_program_is_told(
    traindx: Traindx, tmp_path: Path
) -> None:
    (tmp_path / ".aim").mkdir()
    assert "holds an Aim store" in traindx("diagnose", tmp_path).err


WRONG = {
    "no path": ["diagnose"],
    "unknown command": ["diagnoze"],
    "unknown option": ["diagnose", "x.csv", "--loud"],
    "unknown format": ["diagnose", "x.csv", "--format", "xml"],
    "half a mapping": ["diagnose", "x.csv", "--map", "loss"],
    "no rule folder": ["diagnose", "x.csv", "--rules", "nowhere"],
    "unknown cause": ["why", "overfittin", "x.csv"],
    "unknown page": ["explain", "nonsense_of_this_kind"],
    "unknown kind": ["list", "everything"],
    "no scenarios": ["test", "nowhere"],
    "no seeds": ["test", "--seeds", "0"],
    "unknown selection": ["diagnose", "x.csv", "--select", "overfittin"],
    "unknown to ignore": ["diagnose", "x.csv", "--ignore", "overfittin"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_usage_ends_with_2(traindx: Traindx, words: list[str]) -> None:
    run = traindx(*words)
    assert run.status == 2
    assert run.out == ""
    assert run.err
    assert "Traceback" not in run.err


def test_a_column_can_be_mapped(traindx: Traindx, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("kuerzel,wert\n" + "".join(f"{n},{2 * 0.8**n}\n" for n in range(20)))
    run = traindx("read", path, "--map", "wert=loss@train", "--map", "kuerzel=step")
    assert run.status == 0
    assert "loss@train" in run.out


def test_why_names_the_evidence_and_its_facts(traindx: Traindx, failing: Path) -> None:
    report = diagnose(failing)
    cause = next(d for d in report.diagnoses if not d.benign)
    said = " ".join(traindx("why", cause.cause, failing).out.split())
    assert all(line.sentence in said for line in cause.evidence)


@pytest.mark.parametrize("command", ["why", "why-not"])
def test_a_cause_that_was_not_named_has_its_nearest_miss_told(
    traindx: Traindx, healthy: Path, command: str
) -> None:
    named = {d.cause for d in diagnose(healthy).diagnoses}
    other = next(name for name in default_knowledge().causes if name not in named)
    run = traindx(command, other, healthy)
    assert run.status == 0
    assert "score" in run.out


def test_a_misspelled_name_is_answered_with_the_right_one(traindx: Traindx, failing: Path) -> None:
    name = next(iter(default_knowledge().causes))
    assert f"did you mean '{name}'" in traindx("why", name[:-1], failing).err
    assert f"did you mean '{name}'" in traindx("explain", name[:-1]).err


def test_every_entry_has_a_page_and_stands_in_the_list(traindx: Traindx) -> None:
    kb = default_knowledge()
    listed = {line.split()[0] for line in traindx("list").out.splitlines() if line.strip()}
    for entries in (kb.symptoms, kb.causes, kb.remedies, kb.references):
        for name in entries:
            assert any(name in row.text for row in page(kb, name)), name
    assert {*kb.symptoms, *kb.causes, *kb.remedies} <= listed


def test_a_cause_page_says_how_it_shows_and_what_to_do(traindx: Traindx) -> None:
    kb = default_knowledge()
    cause = next(c for c in kb.causes.values() if not c.benign)
    said = " ".join(traindx("explain", cause.cause).out.split())
    assert cause.title in said
    assert all(kb.remedies[name].do in said for name in cause.remedies)
    assert "{" not in said.partition("What to do")[0]


def test_the_knowledge_that_ships_passes_its_own_check(traindx: Traindx) -> None:
    run = traindx("check")
    assert (run.status, run.err) == (0, "")


def test_a_wrong_rule_file_is_named_with_its_line(traindx: Traindx, tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("symptom: odd\ntitle: Odd\nseverity: grave\n")
    run = traindx("check", tmp_path)
    assert run.status == 1
    assert f"{tmp_path / 'odd.yaml'}:3: severity" in run.out
    assert traindx("diagnose", sample(), "--rules", tmp_path).status == 2


SCENARIO = """\
scenario: {name}
about: A loss that falls to its floor.
curves: {{loss: "2-0.18x10 0.2x20", val_loss: "2.1-0.18x10 0.3x20"}}
seeds: [0]
expect: {{{expect}}}
"""


@pytest.mark.parametrize(("expect", "status"), [("silent: true", 0), ("verdict: faulty", 1)])
def test_scenarios_are_run_and_judged(
    traindx: Traindx, tmp_path: Path, expect: str, status: int
) -> None:
    (tmp_path / "falls.yaml").write_text(SCENARIO.format(name="falls", expect=expect))
    run = traindx("test", tmp_path, "--processes", "1")
    assert run.status == status
    assert "falls  (seeds 0)" in run.out
    assert ("the verdict is healthy, not faulty" in run.out) == bool(status)


def test_the_demo_finds_a_fault_in_both_of_its_runs(traindx: Traindx) -> None:
    run = traindx("demo")
    assert run.status == 0
    assert run.out.count("FAULTY: ") == 2


def test_the_plain_matcher_says_that_it_was_it(traindx: Traindx, failing: Path) -> None:
    plain = traindx("diagnose", failing, "--engine", "plain").out
    assert "plain matcher" in plain
    other = traindx("diagnose", failing).out
    assert ("plain matcher" in other) == (diagnose(failing).engine == "plain")


def test_the_version_is_printed(traindx: Traindx) -> None:
    assert traindx("--version").out.startswith("traindx 0.")


def test_a_reader_that_stops_listening_is_not_an_error(failing: Path) -> None:
    code = "from traindx.cli import main; main()"
    done = subprocess.Popen(
        [sys.executable, "-c", code, "diagnose", str(failing)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    errors = done.stderr.read()
    done.stderr.close()
    assert (done.wait(), errors) == (1, b"")


def test_an_ascii_terminal_is_spared_what_it_cannot_show(tmp_path: Path, failing: Path) -> None:
    odd = failing.rename(tmp_path / "größe–é.csv")
    run = process("diagnose", odd, encoding="ascii", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert run.status == 1
    assert run.err == ""


def test_a_file_name_that_is_no_text_is_shown_all_the_same(tmp_path: Path, failing: Path) -> None:
    odd = failing.rename(tmp_path / os.fsdecode(b"run\xff\x1b[31m.csv"))
    for form in ("text", "json", "markdown"):
        run = process(
            "diagnose", os.fsencode(odd).decode("utf-8", "surrogateescape"), "--format", form
        )
        assert (run.status, run.err) == (1, "")
        assert "\x1b" not in run.out


@pytest.mark.parametrize("width", [30, 80, 160])
def test_a_report_fits_the_terminal(failing: Path, width: int) -> None:
    screen = io.StringIO()
    Console(file=screen, width=width, force_terminal=True, color_system=None).print(
        diagnose(failing)
    )
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= min(width, 100)
    assert lines[0].startswith("FAULTY: ")


def test_one_run_shows_its_curve_below_the_answer(traindx: Traindx, failing: Path) -> None:
    answer, curve, *_ = traindx("diagnose", failing).out.split("\n\n")
    assert answer.startswith("FAULTY: ")
    assert curve.count("│") == ROWS


@pytest.fixture
def mixed(tmp_path: Path, healthy: Path, failing: Path) -> list[Path]:
    """Runs in this order: healthy, failing mildly, failing badly; and one that is not there."""
    bad = tmp_path / "bad.csv"
    rows = (f"{e},{2 * 0.9**e if e < 9 else float('nan')}\n" for e in range(1, 31))
    bad.write_text("epoch,loss\n" + "".join(rows))
    return [healthy, failing, bad, tmp_path / "gone.csv"]


def test_many_runs_are_a_table_with_the_worst_first(traindx: Traindx, mixed: list[Path]) -> None:
    run = traindx("diagnose", *mixed)
    assert run.status == 2
    assert run.err.startswith(f"traindx: {mixed[-1]}: ")
    assert run.out.startswith("3 runs: 2 faulty, 1 healthy; 1 more not to be read\n")
    named = [line.split()[1] for line in run.out.splitlines() if line.isupper() or "csv  " in line]
    assert named == ["bad.csv", "failing.csv", "healthy.csv"]
    assert f"traindx diagnose {mixed[2]}" in run.out
    assert all(line == line.rstrip() for line in run.out.splitlines())
    assert max(map(len, run.out.splitlines())) <= 88 + len(str(mixed[2]))


def test_details_are_there_on_demand(
    traindx: Traindx, mixed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mixed[0].parent)
    said = traindx("diagnose", *(path.name for path in mixed), "--details").out
    shown = [line for line in said.splitlines() if line.startswith("Run: ")]
    assert shown == ["Run: bad.csv", "Run: failing.csv", "Run: healthy.csv"]
    assert said.startswith("3 runs: ")


@pytest.mark.parametrize(("metrics", "more"), [(5, ""), (12, ""), (15, "and 3 more of metric")])
def test_metrics_are_shown_by_name_and_are_no_layers(
    traindx: Traindx, tmp_path: Path, metrics: int, more: str
) -> None:
    path = tmp_path / "log.csv"
    names = [f"map_{n}" for n in range(metrics)]
    head = ",".join(["epoch,train/loss,val/loss", *(f"val/{name}" for name in names)])
    rows = (f"{e},{2 / e},{2 / e}" + f",{0.1 * e}" * metrics for e in range(1, 6))
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    said = traindx("read", path).out
    assert all(f"metric@val/{name}" in said for name in names[:12])
    assert "layers" not in said
    assert ("more of metric" in said) == bool(more)
    assert more in said


def test_what_is_recorded_of_every_layer_is_counted() -> None:
    norms = {("weight_norm", f"dense_{n}"): [1.5] * 5 for n in range(6)}
    said = [row.text for row in contents(curves({("loss", "train"): [1.0] * 5, **norms}))]
    assert "weight_norm of 6 layers, 5 points each" in said


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_details_of_one_run_name_all_that_was_and_was_not_checked(
    traindx: Traindx, failing: Path, form: str
) -> None:
    short, full = (
        " ".join(traindx("diagnose", failing, "--format", form, *more).out.split())
        for more in ([], ["--details"])
    )
    report = diagnose(failing)
    names = [c.title for c in report.clear] + [u.title[1:] for u in report.unchecked]
    assert len(names) > 50
    assert all(name in full for name in names)
    assert sum(name in short for name in names) < 10


@pytest.mark.parametrize("width", [30, 60, 80, 160])
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_the_table_fits_the_terminal(mixed: list[Path], width: int, encoding: str) -> None:
    runs = [judged(run, diagnose(run)) for run in map(read, mixed[:3])]
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    console = Console(file=screen, width=width, force_terminal=True, color_system=None)
    for part in [*many(runs, 0, details=True)][1:]:
        console.print(part)
    screen.seek(0)
    said = screen.read()
    assert max(map(len, said.splitlines())) <= width
    assert "healthy.csv" in said
    assert (("what to do first" in said), ("▁" in said)) == (
        width == 160,
        width == 160 and encoding == "utf-8",
    )


def test_nothing_but_reports_is_printed_where_there_is_no_terminal(
    traindx: Traindx, mixed: list[Path]
) -> None:
    run = traindx("diagnose", *mixed[:3])
    assert run.err == ""
    assert "\x1b" not in run.out


def test_a_bar_moves_on_a_terminal_while_many_runs_are_read(mixed: list[Path]) -> None:
    seen = on_terminal("diagnose", *mixed[:3])
    assert "runs" in seen.partition("3 runs: ")[0]
    assert "100%" in seen.partition("3 runs: ")[0]
    assert "%" not in on_terminal("diagnose", mixed[1]).partition("FAULTY")[0]


def on_terminal(*words: object, **environment: str) -> str:
    """What a terminal of 80 columns is sent."""
    pty = pytest.importorskip("pty")
    main_end, other_end = pty.openpty()
    code = "from traindx.cli import main; main()"
    settings = {"COLUMNS": "80", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment}
    running = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=other_end,
        stderr=other_end,
        env={**os.environ, **settings},
    )
    os.close(other_end)
    seen = b"".join(_sent(main_end))
    os.close(main_end)
    running.wait()
    return seen.decode("utf-8", "replace").replace("\r\n", "\n")


def _sent(end: int) -> Iterator[bytes]:
    while True:
        try:
            sent = os.read(end, 65536)
        except OSError:  # the other end was closed
            return
        if not sent:
            return
        yield sent


def test_colour_is_for_terminals_that_want_it(failing: Path) -> None:
    assert "\x1b[1;31mFAULTY" in on_terminal("diagnose", failing)
    assert "\x1b[1;31m" not in on_terminal("diagnose", failing, NO_COLOR="1")
    assert "\x1b" not in process("diagnose", failing).out


@pytest.mark.parametrize(("locale", "ascii_only"), [("C", True), ("C.UTF-8", False)])
def test_a_locale_of_ascii_is_honoured(failing: Path, locale: str, ascii_only: bool) -> None:
    said = process("diagnose", failing, LC_ALL=locale).out
    assert said.isascii() == ascii_only
    assert on_terminal("diagnose", failing, LC_ALL=locale).isascii() == ascii_only


@pytest.mark.parametrize(
    ("environment", "plain"),
    [
        ({}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "de_DE.UTF-8", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, True),
    ],
)
def test_the_locale_is_what_the_environment_says(environment: dict[str, str], plain: bool) -> None:
    assert is_plain(environment) == plain


def test_junit_has_a_case_for_each_run(traindx: Traindx, mixed: list[Path]) -> None:
    run = traindx("diagnose", *mixed, "--format", "junit")
    [suite] = ElementTree.fromstring(run.out)
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["4", "2", "1"]
    assert [case.get("name") for case in suite] == [str(path) for path in mixed]
    assert [case[0].tag for case in suite] == ["system-out", "failure", "failure", "error"]
    assert suite[1][0].get("type") == diagnose(mixed[1]).diagnoses[0].cause
    assert (suite[1][0].text or "").startswith("FAULTY: ")


def test_a_case_fails_where_the_exit_status_does(traindx: Traindx, mixed: list[Path]) -> None:
    for fail_on, failures in (("never", "0"), ("critical", "1"), ("warning", "2")):
        run = traindx("diagnose", *mixed[:3], "--format", "junit", "--fail-on", fail_on)
        assert ElementTree.fromstring(run.out).get("failures") == failures
        assert run.status == (failures != "0")


def test_junit_can_hold_any_name(traindx: Traindx, tmp_path: Path, failing: Path) -> None:
    odd = failing.rename(tmp_path / "a<&\"'\x0b\x1b]größe.csv")
    [[case]] = ElementTree.fromstring(traindx("diagnose", odd, "--format", "junit").out)
    assert (case.get("name") or "").endswith("a<&\"'??]größe.csv")


def test_github_is_told_of_faults_and_of_nothing_else(traindx: Traindx, mixed: list[Path]) -> None:
    healthy, failing, bad, gone = mixed
    lines = traindx("diagnose", *mixed, "--format", "github").out.splitlines()
    assert not [line for line in lines if f"file={healthy}," in line]
    title = diagnose(failing).diagnoses[0].title
    assert any(line.startswith(f"::warning file={failing},title={title}::") for line in lines)
    assert any(line.startswith(f"::error file={bad},title=") for line in lines)
    assert lines[-1].startswith(f"::error file={gone},title=Not to be read::")
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)


def test_github_is_sent_nothing_that_it_would_take_for_its_own(
    traindx: Traindx, tmp_path: Path, failing: Path
) -> None:
    odd = failing.rename(tmp_path / "50%,a::b\n::error.csv")
    out = traindx("diagnose", odd, "--format", "github").out
    assert f"file={tmp_path}/50%25%2Ca%3A%3Ab%0A%3A%3Aerror.csv,title=" in out
    message = out.splitlines()[0].split("::", 2)[2]
    assert "%0AWhat to do: " in message
    assert not re.search("%(?!25|0A|0D)", message)


def test_what_is_ignored_does_not_set_the_exit_status(traindx: Traindx, failing: Path) -> None:
    cause = diagnose(failing).diagnoses[0].cause
    run = traindx("diagnose", failing, "--ignore", cause)
    assert run.status == 0
    assert "Found and left out, as asked:" in run.out
    assert traindx("diagnose", failing, "--select", "dying_relu").status == 0
    assert traindx("diagnose", failing, "--select", cause).status == 1


def test_json_says_what_was_left_out(traindx: Traindx, failing: Path) -> None:
    cause = diagnose(failing).diagnoses[0].cause
    found = json.loads(traindx("diagnose", failing, "--ignore", cause, "--format", "json").out)
    assert found["left_out"]["ignore"] == [cause]
    assert cause in found["left_out"]["causes"]
    assert json.loads(traindx("diagnose", failing, "--format", "json").out)["left_out"] is None


def test_quiet_says_nothing_where_there_is_nothing_to_say(
    traindx: Traindx, healthy: Path, failing: Path
) -> None:
    assert traindx("diagnose", healthy, "--quiet") == Run(0, "", "")
    assert traindx("diagnose", failing, "--quiet", "--fail-on", "critical") == Run(0, "", "")
    said = traindx("diagnose", failing, "-q")
    assert said.status == 1
    assert said.out.startswith("FAULTY: ")
    assert "What to do:" in said.out
    assert "Not checked" not in said.out


@pytest.mark.parametrize("form", ["text", "json", "markdown", "junit", "github"])
def test_quiet_leaves_out_the_runs_without_findings(
    traindx: Traindx, mixed: list[Path], form: str
) -> None:
    loud = traindx("diagnose", *mixed[:3], "--format", form)
    quiet = traindx("diagnose", *mixed[:3], "--format", form, "--quiet")
    assert "healthy.csv" not in quiet.out
    assert "failing.csv" in quiet.out
    assert "bad.csv" in quiet.out
    assert quiet.status == loud.status == 1


def test_the_package_is_imported_without_anything_heavy() -> None:
    heavy = {"numpy", "pydantic", "rich", "typer", "yaml"}
    code = f"import sys, traindx; print({heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
