"""The README: every command and every piece of Python in it runs, and what it shows is true.

`python tests/test_readme.py` writes the present output into it.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path

import pytest

from traindx.cli import main
from traindx.demo import sample
from traindx.engine.render import PLAIN

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = "$ traindx diagnose trainer_state.json\n"
"""The command whose output stands in the README."""


def blocks(language: str) -> list[str]:
    """The blocks of the README in a language."""
    found = BLOCK.findall(README.read_text(encoding="utf-8"))
    return [text for name, text in found if name == language]


def commands() -> list[list[str]]:
    """The words of every command that is shown."""
    lines = (line for block in blocks("console") for line in block.splitlines())
    return [shlex.split(line)[2:] for line in lines if line.startswith("$ traindx ")]


def lay_out(folder: Path) -> None:
    """The files that the README speaks of."""
    shutil.copy(sample(), folder / "trainer_state.json")
    (folder / "runs").mkdir()
    shutil.copy(sample(), folder / "runs")
    rows = [f"{e},{2 * 0.9**e:.4f},{2.1 * 0.9**e if e % 20 == 0 else ''}" for e in range(1, 61)]
    (folder / "metrics.csv").write_text("epoch,objective,val_loss\n" + "\n".join(rows) + "\n")
    for text in blocks("yaml"):
        first, _, _ = text.partition("\n")
        path = folder / first.removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the files of the README in it."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


def said(words: list[str]) -> tuple[int, str]:
    """The exit status and the output of a command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as exit_:
        main(words)
    return int(exit_.value.code or 0), out.getvalue()


def present() -> str:
    """The output that the README shows, whichever matcher made it."""
    return said(shlex.split(SHOWN)[2:])[1].replace(f"\n{PLAIN}\n", "")


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_of_the_readme_runs(words: list[str], folder: Path) -> None:
    status, out = said(words)
    assert status == (1 if words[:2] == ["diagnose", "trainer_state.json"] else status)
    assert status in ((0, 1) if words[0] == "diagnose" else (0,))
    assert out


def test_the_python_of_the_readme_runs(folder: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, str(README), "exec"), names)


def test_the_report_in_the_readme_is_what_is_printed(folder: Path) -> None:
    shown = next(b for b in blocks("console") if b.startswith(SHOWN))
    assert shown == SHOWN + present()


def test_the_rule_of_the_readme_finds_its_fault(folder: Path) -> None:
    _, out = said(
        ["diagnose", "metrics.csv", "--map", "objective=loss@train", "--rules", "my_rules"]
    )
    assert "The evaluations are too rare to see anything" in out


def test_the_checks_run_the_commands_that_the_readme_gives() -> None:
    checks = (ROOT / ".ci" / "run").read_text()
    for command in blocks("bash")[0].splitlines():
        core = command.replace("pip install -e", "pip install -q -e")
        assert core in map(str.strip, checks.splitlines())


def write() -> None:
    """Puts the present output into the README."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        lay_out(Path(place))
        out = present()
    old = next(b for b in blocks("console") if b.startswith(SHOWN))
    README.write_text(text.replace(old, SHOWN + out), encoding="utf-8")


if __name__ == "__main__":
    os.environ.pop("COLUMNS", None)
    os.environ["LC_ALL"] = "C.UTF-8"
    write()
