"""The benchmark commands run on any folder of the right form, and count what is there."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMANDS = Path(__file__).parent / "benchmarks"
Command = Callable[..., str]


@pytest.fixture
def benchmark(tmp_path: Path) -> Command:
    """Runs a benchmark command; what it writes as Markdown."""

    def run(name: str, folder: Path, *options: str) -> str:
        page = tmp_path / "page.md"
        line = [sys.executable, "-W", "error", str(COMMANDS / name), str(folder), *options]
        done = subprocess.run([*line, "--markdown", str(page)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return page.read_text(encoding="utf-8")

    return run


def dense(name: str, inputs: int, units: int, activation: str) -> dict[str, Any]:
    """A layer as a record describes it."""
    return {
        "name": name,
        "type": "Dense",
        "units": units,
        "activation": activation,
        "use_bias": True,
        "n_params": (inputs + 1) * units,
        "output_shape": [None, units],
        "kernel_initializer": {"name": "GlorotUniform"},
    }


def record(output: str, losses: list[float], accuracy: float, **labels: Any) -> dict[str, Any]:
    """A recorded run of a small network for two classes."""
    norms = {"norm": [1.0] * len(losses), "var": [0.1] * len(losses), "rms": [0.3] * len(losses)}
    curves = {"loss": losses, "val_loss": losses, "accuracy": [0.5] * (len(losses) - 1)}
    curves["accuracy"].append(accuracy)
    return {
        "labels": {"root_causes": [], **labels},
        "observed": {"fault_visible": labels["faulty"], "observed_symptoms": []},
        "config": {
            "task": "binary",
            "layers": [dense("first", 4, 8, "relu"), dense("last", 8, 1, output)],
            "loss": "binary_crossentropy",
            "optimizer": {"cls": "Adam", "learning_rate": 1e-3},
            "batch_size": 32,
            "n_train": 1000,
            "n_val": 200,
            "class_counts": {"0": 500, "1": 500},
        },
        "history": {"epoch": list(range(1, len(losses) + 1)), **curves},
        "stats_epochs": list(range(1, len(losses) + 1)),
        "stats": {
            kind: {f"{layer}/kernel": norms for layer in ("first", "last")}
            for kind in ("grad", "weight", "update")
        },
    }


def test_recorded_runs_are_held_against_their_labels(benchmark: Command, tmp_path: Path) -> None:
    bad = record("softmax", [7.9] * 20, 0.5, faulty=True, root_causes=["wrong_output_activation"])
    good = record(
        "sigmoid", [0.7 * 0.85**n for n in range(20)], 0.99, faulty=False, verified_healthy=True
    )
    for name, run in {"made-1234567": bad, "made-1234567-fixed": good}.items():
        with gzip.open(tmp_path / f"{name}.json.gz", "wt", encoding="utf-8") as file:
            json.dump(run, file)
    page = benchmark("recorded.py", tmp_path, "--split")
    assert "| traindx | 1/1 = 100% | 1/1 = 100% | 1/1 = 100% | 1/1 = 100% | 100% |" in page
    assert "| traindx | 0/1 = 0% | 0/1 = 0% |" in page
    assert "(1 families, 2 runs)" in page
    assert "| wrong_output_activation | 1 wrong_output_activation |" in page


def test_logs_are_held_against_a_persons_labels(benchmark: Command, tmp_path: Path) -> None:
    falling = [f"{n},{2.3 * 0.9**n:.4f},{2.4 * 0.9**n:.4f}" for n in range(40)]
    broken = [f"{n},{2.0 if n < 5 else 'nan'},2.0" for n in range(40)]
    for name, rows in {"good.csv": falling, "nan.csv": broken}.items():
        path = tmp_path / "csv" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(["epoch,loss,val_loss", *rows]))
    (tmp_path / "csv" / "notes.bin").write_bytes(bytes(range(256)))
    said = {"good.csv": "healthy", "nan.csv": "nan_or_inf", "notes.bin": "insufficient_information"}
    labels = {
        f"csv/{name}": {"labels": [{"label": label, "confidence": "clear"}]}
        for name, label in said.items()
    }
    (tmp_path / "labels.json").write_text(json.dumps({"labels": labels}))
    page = benchmark("logs.py", tmp_path)
    assert "| files that agree (all clear labels met) | 3/3 = 100% |" in page
    assert "| verdicts | 1 faulty, 1 healthy, 1 refused |" in page


def test_the_measures_are_timed_against_one_read_of_their_arrays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    line = [sys.executable, "-W", "error", str(COMMANDS / "measures.py"), "--repeats", "2"]
    done = subprocess.run([*line, "--markdown", str(page)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| all, float64 | 2.89 |" in page.read_text(encoding="utf-8")


def test_large_logs_are_made_and_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    options = ["--megabytes", "1", "--markdown", str(page)]
    done = subprocess.run([sys.executable, str(COMMANDS / "large_logs.py"), *options])
    assert done.returncode == 0
    assert "JSON lines" in page.read_text(encoding="utf-8")
