"""The demonstration: a training that fails before your eyes, then a log file of one that did."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from rich.console import RenderableType

from traindx.diagnosing import diagnose
from traindx.engine.render import BLANK, Row
from traindx.judged import judged
from traindx.mlp.history import History
from traindx.mlp.network import TrainingSpec, train
from traindx.mlp.readers import read
from traindx.overview import page

SPEC = TrainingSpec.model_validate(
    {
        "data": {"name": "two_moons", "samples": 400},
        "network": {"hidden": [32, 32], "activation": "relu", "initializer": "he"},
        "optimizer": {"name": "momentum", "learning_rate": 2.0},
        "epochs": 40,
    }
)
SEED = 0


def sample() -> Path:
    """The log that comes with traindx, as the Hugging Face Trainer writes it."""
    return Path(str(files("traindx").joinpath("samples", "trainer_state.json")))


def _diagnosed(run: History) -> Iterator[RenderableType]:
    yield from page(judged(run, diagnose(run)))


def demo() -> Iterator[Row | RenderableType]:
    """What the demonstration says and finds, in order."""
    yield Row("1. A small network learns two moons, with a learning rate of 2.", "title")
    yield Row("It is trained here and now, on numpy; what it records is diagnosed.", "aside")
    yield BLANK
    yield from _diagnosed(train(SPEC, SEED))
    yield BLANK
    yield Row("2. The log of a fine-tuning run, as the Hugging Face Trainer writes it.", "title")
    yield Row(f"traindx diagnose {sample()}", "code")
    yield BLANK
    yield from _diagnosed(read(sample()))
    yield BLANK
    yield Row("3. Now your own run.", "title")
    yield Row("traindx diagnose path/to/trainer_state.json   # or .csv, .jsonl, .log", "code", 1)
    yield Row(
        "traindx read path/to/metrics.csv              # what is understood of a log", "code", 1
    )
    yield Row("traindx --help", "code", 1)
