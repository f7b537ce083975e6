"""How long a log that is too large to be held takes to read, and how much memory.

`python tests/benchmarks/large_logs.py [--megabytes N] [--markdown FILE]`

Logs of that size are made in a temporary folder and read by a process of their own. Beside it
stands what the parser alone takes: `csv` with a conversion of each cell, `json` line by line.
"""

import resource
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from tables import Sheet, publish, takes_markdown

AT_ONCE = 100_000
READ = "from traindx import read; import sys; read(sys.argv[1])"
CSV = """import csv, sys
rows = csv.reader(open(sys.argv[1]))
next(rows)
for row in rows:
    [*map(float, row)]
"""
JSON = "import json, sys\nfor line in open(sys.argv[1]):\n    json.loads(line)"


def numbers(first: int, rng: np.random.Generator) -> Iterator[tuple[int, float, float]]:
    """A step, a loss and a gradient norm for each of many rows."""
    steps = first + np.arange(AT_ONCE)
    losses = 2.3 * np.exp(-steps / 1e7) + 0.05 * rng.standard_normal(AT_ONCE)
    return zip(steps.tolist(), losses.tolist(), (1 + rng.random(AT_ONCE)).tolist(), strict=True)


def csv_row(step: int, loss: float, norm: float) -> str:
    return f"{step},{loss:.6f},0.001,{norm:.4f}\n"


def json_row(step: int, loss: float, norm: float) -> str:
    return f'{{"step": {step}, "loss": {loss:.6f}, "lr": 0.001, "grad_norm": {norm:.4f}}}\n'


def make(path: Path, header: str, row: Callable[[int, float, float], str], size: int) -> None:
    """A log of about so many bytes."""
    rng, first = np.random.default_rng(0), 0
    with path.open("w") as file:
        file.write(header)
        while file.tell() < size:
            file.writelines(row(*cells) for cells in numbers(first, rng))
            first += AT_ONCE


def seconds(code: str, path: Path) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    return perf_counter() - start


def measured(megabytes: int) -> Sheet:
    """Each kind of log, read by us and by the parser alone."""
    kinds = (
        ("CSV", "step,loss,lr,grad_norm\n", csv_row, CSV),
        ("JSON lines", "", json_row, JSON),
    )
    rows = []
    with TemporaryDirectory() as folder:
        for name, header, row, parser in kinds:
            path = Path(folder, "log")
            make(path, header, row, megabytes * 1_000_000)
            ours = seconds(READ, path)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            alone = seconds(parser, path)
            rows.append((name, f"{ours:.1f} s", f"{alone:.1f} s", f"{peak:.0f} MiB"))
            path.unlink()
    heads = ("", "read", "parser alone", "peak so far (target 500 MB)")
    return Sheet(f"Logs of {megabytes:,} MB", heads, tuple(rows))


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    takes_markdown(parser)
    given = parser.parse_args()
    made = [measured(given.megabytes)]
    publish(made, given.markdown, "Large logs", "large_logs.py")


if __name__ == "__main__":
    main()
