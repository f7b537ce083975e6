"""The form of a scenario file, and how one is read."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from pydantic import Field, model_validator

from traindx.engine.language import Declared, Slug
from traindx.engine.loader import yaml_files
from traindx.engine.sources import Complaint, SourceError, parsed, read_source
from traindx.mlp.network import TrainingSpec
from traindx.mlp.settings import Settings


class Expectation(Declared):
    """What a report must say, and what it must not. What is not mentioned is free."""

    first: Slug | None = None
    """The cause that must lead."""
    named: tuple[Slug, ...] = ()
    """Causes that must be among the diagnoses, in any place."""
    follows: tuple[Slug, ...] = ()
    """Causes that must be shown as following from the first."""
    never: tuple[Slug, ...] = ()
    """Causes that must not be named."""
    look_alikes: tuple[Slug, ...] = ()
    """Causes that show themselves in the same way and are not there; they must not be named."""
    symptoms: tuple[Slug, ...] = ()
    """Symptoms that must be seen."""
    verdict: str | None = None
    silent: bool = False
    """No fault at all may be named."""

    @model_validator(mode="after")
    def _expects_something(self) -> "Expectation":
        if not self.model_fields_set:
            raise ValueError(f"expect at least one of {', '.join(type(self).model_fields)}")
        return self


class Scenario(Declared):
    """A run, where it comes from, what must be found in it, and what cures it."""

    scenario: Slug
    about: str
    hard: bool = False
    """Whether what it shows is weaker, noisier or later than usual, or not all on record."""
    train: TrainingSpec | None = None
    """Train the embedded network so."""
    log: str | None = None
    """Read this file, which lies beside the scenario."""
    curves: dict[str, str] | None = None
    """Columns drawn in the notation of `traindx.mlp.notation`: `2.3-0.2x9 0.5x20`."""
    noise: float = Field(default=0.0, ge=0, lt=1)
    """Relative noise on the drawn losses (columns called `loss` and the like); differs by seed."""
    settings: Settings = Settings()
    """What else is known of a run that is drawn or read."""
    seeds: tuple[int, ...] = Field(default=(0, 1, 2), min_length=1)
    expect: Expectation
    cured_by: tuple[Slug, ...] = ()
    place: str = ""

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> "Scenario":
        given = [s for s in ("train", "log", "curves") if getattr(self, s) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of train, log, curves; found {given or 'none'}")
        if self.cured_by and self.train is None:
            raise ValueError("only a run that is trained can be cured")
        return self

    @property
    def healthy(self) -> bool:
        """Whether nothing may be found wrong with it."""
        return self.scenario.startswith("healthy_") or self.expect.silent


def load_scenarios(*paths: str | Path) -> tuple[Scenario, ...]:
    """The scenarios of files and folders (those that come with traindx, if none is given).

    Raises SourceError with every complaint about them.
    """
    folders = [Path(p) for p in paths] or [Path(str(files("traindx.scenarios")))]
    scenarios: dict[str, Scenario] = {}
    complaints: list[Complaint] = []
    for path in (p for folder in folders for p in _files(folder)):
        scenario, wrong = _load(path)
        complaints.extend(wrong)
        if scenario is not None and scenario.scenario in scenarios:
            first = scenarios[scenario.scenario].place
            text = f"scenario '{scenario.scenario}' is already defined in {first}"
            complaints.append(Complaint(str(path), 1, text))
        elif scenario is not None:
            scenarios[scenario.scenario] = scenario
    if complaints:
        raise SourceError(complaints)
    return tuple(scenarios.values())


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from yaml_files(path)
    else:
        yield path


def _load(path: Path) -> tuple[Scenario | None, list[Complaint]]:
    source, complaints = read_source(path)
    if source.data is None:
        return None, complaints
    scenario, wrong = parsed(source, Scenario)
    if scenario is None:
        return None, [*complaints, *wrong]
    if scenario.scenario != path.stem:
        text = f"the scenario '{scenario.scenario}' stands in a file called '{path.stem}'"
        complaints.append(source.complaint(("scenario",), f"{text}; name both alike"))
    return scenario.model_copy(update={"place": str(path)}), complaints
