"""What recording costs: a training's time, and the pass over one step's arrays.

`OMP_NUM_THREADS=1 python tests/benchmarks/recording.py [--repeats N] [--markdown FILE]`

First, epochs of one run of 784-128-64-10 (batches of 64, 2048 samples, no validation), in turn with
and without all layers recorded. Second, all statistics of all layers at one step against reading
each of their arrays once (its sum, and np.dot with itself, the fastest there is): weights,
gradients, updates, layer outputs, and slopes at the layers. Both in a loop, where the arrays lie in
the cache as far as they fit, and after a training step each, as a run meets them. The same for a
network of eight units, which is what the calls alone cost, and for layers of 1024, where they do
not count. Third, the public measures, as `measures.py` has them.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from statistics import median
from time import process_time

import numpy as np
from measures import OLDER_MS, Work, in_turn, read, sheet
from tables import Sheet, publish, takes_markdown

from traindx.mlp.network import MLP, TrainingSpec
from traindx.mlp.network.activations import Array
from traindx.mlp.network.data import make
from traindx.mlp.network.fitting import Run
from traindx.mlp.network.recording import LayerRecorder
from traindx.mlp.tensors import norms

SIZES = (784, 128, 64, 10)
SAMPLES, BATCH, PROBE = 2048, 64, 256
PRECISIONS = ("float64", "float32")
READINGS = ("np.dot", "np.sum")
RATIOS = ("pass / dot", "pass / sum", "recorded / sum")
PASSES = {"784-128-64-10": SIZES, "2-2-2-2": (2, 2, 2, 2), "1024x4-10": (1024,) * 4 + (10,)}


# --- An epoch, recorded or not ------------------------------------------------------------------


def run(precision: str, optimizer: str) -> Run:
    """A training that records its layers."""
    made = TrainingSpec.model_validate(
        {
            "data": {"name": "digits", "size": 28, "samples": SAMPLES, "validation": 0.0},
            "optimizer": optimizer,
            "batch_size": BATCH,
            "epochs": 10**6,
        }
    )
    data = make(made.data, np.random.default_rng(0))
    network = MLP(SIZES, task="multiclass", precision=precision)
    x, y = network.inputs(data.x), network.targets(data.y)
    return Run(network, x, y, None, made, np.random.default_rng(0))


class Clock:
    """Milliseconds of CPU time spent in a recorder."""

    def __init__(self, recorder: LayerRecorder) -> None:
        self.spent = 0.0
        for name in ("sample_gradient", "gradients", "probe", "updates", "signal_to_noise"):
            setattr(recorder, name, self.around(getattr(recorder, name)))

    def around(self, method: Callable[..., None]) -> Callable[..., None]:
        def timed(*given: object) -> None:
            start = process_time()
            method(*given)
            self.spent += 1e3 * (process_time() - start)

        return timed

    def of(self, epoch: Callable[[], None]) -> tuple[float, float]:
        """Of an epoch: all of it, and what was spent in the recorder."""
        self.spent, start = 0.0, process_time()
        epoch()
        return 1e3 * (process_time() - start), self.spent


def epochs(precision: str, optimizer: str, repeats: int) -> tuple[str, ...]:
    """Recorded and plain epochs of one run in turn, so that both meet the same neighbours."""
    training = run(precision, optimizer)
    recorder = training.layers
    assert recorder is not None
    clock, full, plain = Clock(recorder), [], []
    training.epoch()
    for pair in range(repeats):
        for recorded in (True, False) if pair % 2 else (False, True):
            training.layers = recorder if recorded else None
            (full if recorded else plain).append(clock.of(training.epoch))
    alone, within = median(t for t, _ in plain), median(spent for _, spent in full)
    least = min(spent for _, spent in full) / min(t for t, _ in plain)
    more = median(a - b for (a, _), (b, _) in zip(full, plain, strict=True))
    shares = (within / alone, least, more / alone)
    milliseconds = (f"{alone:.1f}", f"{within:.2f}")
    return f"{optimizer}, {precision}", *milliseconds, *(f"{share:.1%}" for share in shares)


def training_cost(repeats: int) -> Sheet:
    """What recording every epoch adds."""
    heads = ("", "plain epoch", "recorder", "share", "of least times", "by difference")
    return Sheet(
        "An epoch, and what recording all layers adds to it, in ms of CPU time (target 5 %)",
        heads,
        tuple(epochs(p, o, repeats) for p in PRECISIONS for o in ("sgd", "adam")),
        f"784-128-64-10, {SAMPLES} samples, batches of {BATCH}; epochs with and without in turn."
        " Medians; by difference: that of neighbouring epochs, which is noisier.",
    )


# --- One step's arrays ----------------------------------------------------------------------------


class Step:
    """A network after a step on a batch of 256, and its recorder."""

    def __init__(self, sizes: tuple[int, ...], precision: str) -> None:
        self.network = MLP(sizes, task="multiclass", precision=precision)
        rng, samples = np.random.default_rng(0), 16 * PROBE
        inputs = self.network.inputs(rng.standard_normal((samples, sizes[0])))
        targets = self.network.targets(rng.integers(0, sizes[-1], samples))
        self.recorder = LayerRecorder(self.network, inputs, targets)
        self.update = np.zeros_like(self.network.parameters.values)
        self.train()

    def train(self) -> None:
        """Forward, backward, and a small step down."""
        network, recorder = self.network, self.recorder
        z = network.forward(recorder.x)
        self.out = network.objective.apply(z)
        network.backward(network.objective.delta(z, recorder.y))
        np.multiply(network.parameters.gradients, 1e-6, out=self.update)
        network.parameters.values -= self.update

    def record(self) -> None:
        """All that is recorded of weights, gradients, updates, outputs and slopes."""
        self.recorder.gradients(1)
        self.recorder.layers(1, self.out)
        self.recorder.updates(1, self.update)

    def measure(self) -> None:
        """The same numbers, not put into series."""
        recorder, parameters, layers = self.recorder, self.network.parameters, self.network.layers
        recorder.kernels.gradients(parameters.gradients)
        recorder.kernels.weights(parameters.values)
        recorder.kernels.norms(self.update)
        recorder.outputs.measures([*(layer.active for layer in layers[:-1]), self.out])
        others = slice(recorder.kernels.whole.stop, None)
        norms([parameters.gradients[others], parameters.values[others]])
        norms(layer.delta for layer in layers)

    def arrays(self) -> list[Array]:
        """What is looked at, flat."""
        parameters, layers = self.network.parameters, self.network.layers
        outputs = (*(layer.active for layer in layers[:-1]), self.out)
        flat = (a.reshape(-1) for a in (*outputs, *(layer.delta for layer in layers)))
        return [parameters.values, parameters.gradients, self.update, *flat]


def passes(name: str, precision: str, repeats: int) -> Iterator[tuple[str, ...]]:
    """Two rows: in a loop, and after a training step each."""
    step = Step(PASSES[name], precision)
    arrays = step.arrays()
    works: dict[str, Work] = {
        "dot": lambda: read(arrays),
        "sum": lambda: [float(a.sum()) for a in arrays],
        "pass": step.measure,
        "recorded": step.record,
    }
    size = sum(a.nbytes for a in arrays) / 2**20

    def train() -> None:
        step.train()
        arrays[:] = step.arrays()

    for where, before in (("in a loop", None), ("after a step", train)):
        least = {work: min(times) for work, times in in_turn(works, repeats, before).items()}
        yield (
            f"{name}, {precision}, {where}",
            f"{size:.1f}",
            *(f"{least[work]:.3f}" for work in works),
            *(f"{least['pass'] / least[reading]:.1f}" for reading in ("dot", "sum")),
            f"{least['recorded'] / least['sum']:.1f}",
        )


def step_cost(repeats: int) -> Sheet:
    """The statistics of one step, in reads of its arrays."""
    heads = ("", "MiB", *READINGS, "pass", "recorded", *RATIOS)
    counts = {"784-128-64-10": 20 * repeats, "2-2-2-2": 20 * repeats, "1024x4-10": repeats}
    rows = [row for n in PASSES for p in PRECISIONS for row in passes(n, p, max(5, counts[n]))]
    return Sheet(
        "All statistics of one step, and its arrays read once, in ms (target 3 reads)",
        heads,
        tuple(rows),
        f"Least times; batch {PROBE}; weights, gradients, updates, outputs and slopes of layers."
        f" One reading is numpy's sum of each array; np.dot with itself, which BLAS makes the most"
        f" of, is given beside it."
        f" `recorded` puts the numbers into series as well. 2-2-2-2 has nothing to read: its pass"
        f" is the fixed cost of the calls. An older program's monitors took {OLDER_MS} ms for"
        f" 784-128-64-10 in float64.",
    )


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=60)
    takes_markdown(parser)
    given = parser.parse_args()
    repeats = given.repeats
    made = [training_cost(repeats), step_cost(repeats), sheet(20 * repeats)]
    publish(made, given.markdown, "Recording", "recording.py")


if __name__ == "__main__":
    main()
