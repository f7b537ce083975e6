"""What recording costs: `OMP_NUM_THREADS=1 python tests/benchmarks/recording.py`

Prints two figures for 784-128-64-10, batches of 64, 2048 samples. First, an epoch with all layers
recorded after it against one without. Second, all statistics of all layers against reading each of
their arrays once (a dot product with itself), and against the 8.8 ms that an older program's
monitors take for a network of this size; the same for layers of 1024, where the fixed cost of a
call no longer counts.
"""

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import numpy as np

from traindx.mlp.network import MLP, TrainingSpec
from traindx.mlp.network.activations import Array
from traindx.mlp.network.data import make
from traindx.mlp.network.fitting import Run
from traindx.mlp.network.recording import LayerRecorder

SIZES = (784, 128, 64, 10)
SAMPLES, BATCH, PROBE = 2048, 64, 256
OLDER_MS = 8.8


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def data() -> tuple[Array, Array]:
    spec = TrainingSpec.model_validate(
        {"data": {"name": "digits", "size": 28, "samples": SAMPLES, "validation": 0.0}}
    )
    made = make(spec.data, np.random.default_rng(0))
    return made.x, made.y


def run(precision: str, layers: bool, optimizer: str) -> Run:
    network = MLP(SIZES, task="multiclass", precision=precision)
    plan = TrainingSpec.model_validate(
        {
            "optimizer": optimizer,
            "batch_size": BATCH,
            "epochs": 10**6,
            "record": {"layers": layers},
        }
    )
    x, y = data()
    rng = np.random.default_rng(0)
    return Run(network, network.inputs(x), network.targets(y), None, plan, rng)


def epochs(precision: str, optimizer: str, repeats: int) -> None:
    """Recorded and unrecorded epochs in turn, so that both meet the same neighbours."""
    with_layers, without = (run(precision, layers, optimizer) for layers in (True, False))
    pairs = [(seconds(with_layers.epoch), seconds(without.epoch)) for _ in range(repeats)]
    plain = median(b for _, b in pairs)
    extra = median(a - b for a, b in pairs)
    least = min(a for a, _ in pairs) - min(b for _, b in pairs)
    print(
        f"{precision} {optimizer:4}  epoch {1e3 * plain:6.2f} ms  recording {1e3 * extra:5.2f} ms"
        f" = {extra / plain:5.1%}  (least times: {least / min(b for _, b in pairs):5.1%})"
    )


def statistics(sizes: tuple[int, ...], precision: str, repeats: int) -> None:
    """All statistics of weights, gradients, updates and activations, at one step."""
    network = MLP(sizes, task="multiclass", precision=precision)
    rng = np.random.default_rng(0)
    inputs = network.inputs(rng.standard_normal((PROBE, sizes[0])))
    targets = network.targets(rng.integers(0, sizes[-1], PROBE))
    recorder = LayerRecorder(network, inputs, targets)
    z = network.forward(inputs)
    network.backward(network.objective.delta(z, targets))
    update = network.parameters.gradients.copy()
    arrays = _arrays(network, update)

    def measure() -> None:
        recorder.gradients(1)
        recorder.layers(1, z)
        recorder.updates(1, update)

    pairs = [(seconds(measure), seconds(lambda: read(arrays))) for _ in range(repeats)]
    full, once = (median(side) for side in zip(*pairs, strict=True))
    size = sum(a.nbytes for a in arrays) / 2**20
    print(
        f"{precision} {'-'.join(map(str, sizes))}  statistics {1e3 * full:6.3f} ms"
        f"  one read of {size:.1f} MiB {1e3 * once:.3f} ms  = {full / once:.1f} times"
        f"  (8.8 ms is {OLDER_MS / (1e3 * full):.1f} times as much)"
    )


def _arrays(network: MLP, update: Array) -> Sequence[Array]:
    """What the statistics look at, flat: weights, gradients, updates, activations, deltas."""
    layers = network.layers
    looked_at = [
        network.parameters.values,
        network.parameters.gradients,
        update,
        *(layer.active for layer in layers),
        *(layer.delta for layer in layers),
    ]
    return [array.reshape(-1) for array in looked_at]


def read(arrays: Sequence[Array]) -> float:
    return sum(float(np.dot(a, a)) for a in arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description="What recording every epoch costs.")
    parser.add_argument("--repeats", type=int, default=60)
    repeats = parser.parse_args().repeats
    for precision in ("float64", "float32"):
        for optimizer in ("sgd", "adam"):
            epochs(precision, optimizer, repeats)
        statistics(SIZES, precision, 10 * repeats)
        statistics((1024, 1024, 1024, 1024, 10), precision, repeats)


if __name__ == "__main__":
    main()
