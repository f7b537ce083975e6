"""How long a diagnosis takes, and what it takes to get there.

`OMP_NUM_THREADS=1 python tests/benchmarks/speed.py [FOLDER] [--repeats N] [--profile]
[--markdown FILE]`

FOLDER, if given, holds logs; a thousand of them (again and again, if there are fewer) are read and
diagnosed. Medians; the machine's neighbours count.
"""

import subprocess
import sys
import tracemalloc
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from cProfile import Profile
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from pstats import SortKey, Stats
from statistics import median
from time import perf_counter

import numpy as np
from tables import Sheet, publish, takes_markdown

from traindx import Diagnostician, History, KnowledgeBase, ReadError, Settings, diagnose
from traindx.diagnosing import load_knowledge
from traindx.engine.diagnosis import Case
from traindx.engine.facts import observe
from traindx.engine.inference import infer
from traindx.engine.ranking import rank
from traindx.mlp.history import Array, curves
from traindx.mlp.settings import Layer

EPOCHS, LAYERS, STEPS, LOGS = 200, 20, 1_000_000, 1_000
ENGINES = ("durable_rules", "plain")
LEVELS = {
    "weight_norm": 8.0,
    "weight_std": 0.18,
    "weight_max": 0.6,
    "bias_norm": 0.1,
    "gradient_norm": 0.05,
    "gradient_zero_share": 0.1,
    "bias_gradient_norm": 0.01,
    "gradient_nonfinite_share": 0.0,
    "weight_nonfinite_share": 0.0,
    "epoch_update_norm": 0.05,
    "input_rms": 1.0,
    "activation_mean": 0.4,
    "activation_std": 0.6,
    "activation_rms": 0.7,
    "activation_max": 4.0,
    "activation_sample_std": 0.5,
    "activation_nonfinite_share": 0.0,
    "dead_share": 0.02,
    "constant_share": 0.02,
}
"""What a recorder writes of each layer, and about how large it is."""


# --- Histories ----------------------------------------------------------------------------------


def falling(points: int, rng: np.random.Generator, floor: float = 0.1) -> Array:
    """A loss that falls, with noise."""
    x = np.arange(points) / points
    return (2.3 * np.exp(-6 * x) + floor) * np.exp(0.02 * rng.standard_normal(points))


def network_run(fading: float = 1.0) -> History:
    """200 epochs of 20 layers, each gradient `fading` times that of the layer after it."""
    rng = np.random.default_rng(0)
    series = {("loss", split): falling(EPOCHS, rng) for split in ("train", "val")}
    series |= {("accuracy", split): 1 - falling(EPOCHS, rng) / 2.6 for split in ("train", "val")}
    for n in range(LAYERS):
        for quantity, level in LEVELS.items():
            size = fading ** (LAYERS - 1 - n) if "gradient_norm" in quantity else 1.0
            noise = np.exp(0.1 * rng.standard_normal(EPOCHS))
            series[quantity, f"dense_{n + 1}"] = level * size * noise
    return curves(series, settings())


def settings() -> Settings:
    """A configuration in full."""
    layer = Layer(name="", kind="dense", units=64, activation="relu", initializer="he_normal")
    names = [f"dense_{n + 1}" for n in range(LAYERS)]
    return Settings(
        task="multiclass",
        classes=10,
        loss="cross_entropy",
        output_activation="softmax",
        output_units=10,
        optimizer="adam",
        learning_rate=1e-3,
        batch_size=64,
        epochs=EPOCHS,
        samples=10_000,
        layers=tuple(layer.model_copy(update={"name": name}) for name in names),
    )


def long_run() -> History:
    """A million steps, validated every thousandth."""
    rng = np.random.default_rng(0)
    rate = 1e-3 * (1 + np.cos(np.linspace(0, np.pi, STEPS))) / 2
    norm = np.exp(0.3 * rng.standard_normal(STEPS))
    columns = {
        ("loss", "train"): falling(STEPS, rng),
        ("learning_rate", ""): rate,
        ("gradient_norm", ""): norm,
    }
    run = curves(columns, axis="step")
    val = curves({("loss", "val"): falling(1000, rng)}, steps=range(1000, STEPS + 1, 1000))
    return History({**run.series, **val.series}, axis="step")


# --- Times --------------------------------------------------------------------------------------


def ms(work: Callable[[], object], repeats: int) -> float:
    """The median time of some work."""
    return median(times(work, repeats))


def times(work: Callable[[], object], repeats: int) -> list[float]:
    """The times of some work, in ms."""
    taken = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        taken.append(1e3 * (perf_counter() - start))
    return taken


def diagnosing(repeats: int, knowledge: KnowledgeBase) -> Sheet:
    """Where the time of a diagnosis goes."""
    runs = {"healthy": network_run(), "gradients vanish": network_run(0.6)}
    rows = [
        (f"{name}, {engine}", *stages(run, Diagnostician(knowledge, engine), repeats))
        for name, run in runs.items()
        for engine in ENGINES
    ]
    heads = ("", "observe", "match", "rank, report", "in all", "least", "facts")
    title = f"A diagnosis of {EPOCHS} epochs and {LAYERS} layers, in ms (target 15)"
    return Sheet(title, heads, tuple(rows))


def stages(run: History, doctor: Diagnostician, repeats: int) -> tuple[str, ...]:
    """The times of the stages, of the whole, and how many facts there are."""
    facts = list(observe(run))
    inference = infer(facts, doctor.program, doctor.matcher)
    knowledge = doctor.knowledge

    def report() -> object:
        return Case(knowledge, inference, rank(inference, knowledge)).report("", "", ())

    whole = times(lambda: doctor.diagnose(run), repeats)
    medians = (
        ms(lambda: list(observe(run)), repeats),
        ms(lambda: infer(facts, doctor.program, doctor.matcher), repeats),
        ms(report, repeats),
        median(whole),
        min(whole),
    )
    return *(f"{time:.1f}" for time in medians), str(len(facts))


def starting(repeats: int, knowledge: KnowledgeBase) -> Sheet:
    """What it takes before the first diagnosis."""
    rows = [
        ("load the knowledge base", ms(load_knowledge, repeats), "300"),
        *(
            (
                f"make it ready for {engine}",
                ms(partial(Diagnostician, knowledge, engine), repeats),
                "-",
            )
            for engine in ENGINES
        ),
        ("import traindx, numpy imported", fresh("import traindx", repeats), "300"),
        (
            "from traindx import diagnose, read",
            fresh("from traindx import diagnose, read", repeats),
            "-",
        ),
        ("import numpy", fresh("import numpy", repeats, before=""), "-"),
        ("the command: traindx --help", ms(lambda: command("--help"), repeats), "-"),
    ]
    shown = tuple((name, f"{time:.0f}", target) for name, time, target in rows)
    return Sheet("Before the first diagnosis, in ms", ("", "median", "target"), shown)


def fresh(statement: str, repeats: int, before: str = "import numpy") -> float:
    """The median time of a statement in a new process, after another one, in ms."""
    code = f"{before}\nfrom time import perf_counter as t\na = t()\n{statement}\nprint(t() - a)"
    line = [sys.executable, "-c", code]

    def taken() -> float:
        return float(subprocess.run(line, capture_output=True, text=True, check=True).stdout)

    taken()  # so that what Python compiles is compiled
    return 1e3 * median(taken() for _ in range(repeats))


def command(*words: str) -> None:
    """The command line in a new process."""
    line = [sys.executable, "-c", "from traindx.cli import main; main()", *words]
    subprocess.run(line, capture_output=True, check=True)


def long(doctor: Diagnostician) -> Sheet:
    """A million steps: how long, and how much memory beside the arrays themselves."""
    run = long_run()
    size = sum(s.steps.nbytes + s.values.nbytes for s in run.series.values())
    time = ms(lambda: doctor.diagnose(run), 3)
    tracemalloc.start()
    doctor.diagnose(run)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = (
        ("time (target 1 s)", f"{time / 1e3:.2f} s"),
        ("its arrays", f"{size / 2**20:.0f} MiB"),
        ("peak beside them", f"{peak / 2**20:.0f} MiB = {peak / size:.1f} times"),
    )
    return Sheet(f"{STEPS:,} steps of loss, learning rate and gradient norm", ("", ""), rows)


def logs(folder: Path) -> Sheet:
    """A thousand logs read and diagnosed, one after the other."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.parent != folder)
    refused, taken = 0, []
    for path in islice(cycle(paths), LOGS if paths else 0):
        start = perf_counter()
        try:
            diagnose(path)
        except ReadError:
            refused += 1
        taken.append(1e3 * (perf_counter() - start))
    rows = (
        ("in all", f"{sum(taken) / 1e3:.1f} s"),
        ("median", f"{median(taken):.1f} ms" if taken else "-"),
        ("slowest", f"{max(taken):.0f} ms" if taken else "-"),
        ("refused", str(refused)),
    )
    return Sheet(f"{len(taken):,} logs ({len(paths)} files), read and diagnosed", ("", ""), rows)


# --- The command --------------------------------------------------------------------------------


def sheets(folder: Path | None, repeats: int) -> Iterator[Sheet]:
    """Everything that is measured."""
    knowledge = load_knowledge()
    yield diagnosing(repeats, knowledge)
    yield starting(max(3, repeats // 5), knowledge)
    yield long(Diagnostician(knowledge))
    if folder is not None:
        yield logs(folder)


def profile(repeats: int) -> None:
    """Print which functions a diagnosis spends its time in."""
    doctor, run = Diagnostician(load_knowledge()), network_run(0.6)
    profiler = Profile()
    with profiler:
        for _ in range(repeats):
            doctor.diagnose(run)
    stats = Stats(profiler).strip_dirs()
    stats.sort_stats(SortKey.TIME).print_stats(25)
    stats.sort_stats(SortKey.CUMULATIVE).print_stats(45)


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="of logs")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--profile", action="store_true", help="where the time goes, by function")
    takes_markdown(parser)
    given = parser.parse_args()
    if given.profile:
        profile(given.repeats)
        return
    made = list(sheets(given.folder, given.repeats))
    publish(made, given.markdown, "Speed", "speed.py FOLDER")


if __name__ == "__main__":
    main()
