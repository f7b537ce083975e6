"""The package as a stranger gets it: a wheel in a fresh environment, with a compiler or not.

No network is needed: what the wheel depends on is copied from the environment that runs the tests,
and pip, told to use no index, holds it to be sufficient or says what is missing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "kb", "mlp", "scenarios", "traindx")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
DURABLE = "durable-rules"


@dataclass(frozen=True)
class Installed:
    """A fresh virtual environment with traindx in it, as installed from a wheel."""

    wheel: Path
    folder: Path
    before: frozenset[str]
    """What lay in site-packages before."""

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return next(
            self.folder.glob("l*/python3*/site-packages"), self.folder / "Lib/site-packages"
        )

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def added(self) -> set[str]:
        """What the wheel put into site-packages."""
        return {path.name for path in self.packages.iterdir()} - self.before - {"__pycache__"}

    def run(self, *words: str) -> str:
        """What a program of the environment prints, run far from the sources."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
        command = [str(self.programs / words[0]), *words[1:]]
        done = subprocess.run(
            command, cwd=self.folder, env=clean, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Installed where durable_rules is at hand, if this Python can have it at all."""
    folder = tmp_path_factory.mktemp("complete")
    return _installed(folder, _wheel(folder), without=())


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Installed on a machine without a C compiler."""
    folder = tmp_path_factory.mktemp("plain")
    return _installed(folder, _wheel(folder, CC="no-such-compiler"), without=(DURABLE,))


def _wheel(folder: Path, **environment: str) -> Path:
    """A wheel of a copy of the sources, so that nothing is left behind in them."""
    sources = folder / "sources"
    sources.mkdir()
    for name in FOLDERS:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, sources / name, ignore=unwanted)
    for name in FILES:
        shutil.copy(ROOT / name, sources)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(
        [*command, str(sources)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("traindx-*.whl"))


def _installed(folder: Path, wheel: Path, without: tuple[str, ...]) -> Installed:
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    fresh = Installed(wheel, venv, frozenset())
    for name in _needed(Requirement("traindx"), set()):
        if name not in ("traindx", *without):
            _copy(name, fresh.packages)
    before = frozenset(path.name for path in fresh.packages.iterdir())
    fresh.run("python", "-m", "pip", "install", "--no-index", "--quiet", str(wheel))
    return Installed(wheel, venv, before)


def _needed(requirement: Requirement, seen: set[str]) -> Iterator[str]:
    """The installed distributions that a requirement needs, itself among them."""
    name = requirement.name.lower().replace("_", "-")
    wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    if name in seen or not wanted:
        return
    seen.add(name)
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return
    yield name
    for line in found.requires or ():
        yield from _needed(Requirement(line), seen)


def _copy(name: str, target: Path) -> None:
    for file in distribution(name).files or ():
        source = Path(str(file.locate()))
        if ".." not in file.parts and source.suffix != ".pyc" and source.is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / file)


def test_the_demo_runs_far_from_the_sources(complete: Installed) -> None:
    assert complete.run("traindx", "demo").count("FAULTY: ") == 2


def test_site_packages_got_traindx_alone(complete: Installed) -> None:
    assert {name for name in complete.added if not name.endswith(".dist-info")} == {"traindx"}
    assert not [name for name in complete.added if not name.startswith("traindx")]


def test_every_file_of_the_sources_is_in_the_wheel(complete: Installed) -> None:
    inside = {name for name in ZipFile(complete.wheel).namelist() if ".dist-info/" not in name}
    sources = complete.wheel.parent / "sources"
    wanted = {
        "traindx" / path.relative_to(sources / "traindx" if folder == "traindx" else sources)
        for folder in FOLDERS
        for path in (sources / folder).rglob("*")
        if path.is_file()
    }
    assert inside == {path.as_posix() for path in wanted}


def test_knowledge_and_scenarios_are_found_where_they_are_installed(complete: Installed) -> None:
    assert "nothing to complain about" in complete.run("traindx", "check")


def test_without_a_compiler_durable_rules_is_not_asked_for(plain: Installed) -> None:
    assert DURABLE not in _asked_for(plain.wheel)


def test_with_a_compiler_durable_rules_is_asked_for(complete: Installed) -> None:
    assert (DURABLE in _asked_for(complete.wheel)) == (shutil.which("cc") is not None)


def _asked_for(wheel: Path) -> set[str]:
    """The names of what a wheel needs, extras left out."""
    with ZipFile(wheel) as content:
        (name,) = (n for n in content.namelist() if n.endswith(".dist-info/METADATA"))
        lines = message_from_bytes(content.read(name)).get_all("Requires-Dist") or []
    needs = map(Requirement, lines)
    return {need.name for need in needs if "extra" not in str(need.marker or "")}


def test_without_durable_rules_the_plain_matcher_works_and_says_so(plain: Installed) -> None:
    told = plain.run("traindx", "demo")
    assert told.count("FAULTY: ") == 2
    assert told.count("plain matcher, without durable_rules") == 2
    program = "import traindx; print(traindx.diagnose([2.3, 2.1, 1.9]).engine)"
    assert plain.run("python", "-c", program).strip() == "plain"


def test_both_matchers_say_the_same(complete: Installed, plain: Installed) -> None:
    program = "import traindx.demo as d; print(d.diagnose(d.sample()).to_markdown())"
    one, other = (_body(each.run("python", "-c", program)) for each in (complete, plain))
    assert one == other


def _body(text: str) -> list[str]:
    """A report without the lines that name its place and its matcher."""
    return [x for x in text.splitlines() if x and not x.startswith(("Run: ", "Matched by"))]
