"""Times of all measures on one step's arrays of 784-128-64-10 at batch 256.

Run it by itself: `python tests/benchmarks/measures.py [repetitions]`.
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from traindx.mlp.tensors import activation_measures, gradient_measures, norm, weight_measures

SIZES, BATCH = (784, 128, 64, 10), 256
BUDGET_MS = 8.8
"""What the ten monitors that these measures replace took for the same arrays."""

Arrays = dict[str, list[NDArray[np.float64]]]


def step_arrays(rng: np.random.Generator) -> Arrays:
    """Weights, gradients, updates and layer outputs of one step."""
    kernels = list(pairwise(SIZES))
    return {
        "weights": [rng.standard_normal(k) * np.sqrt(2 / k[0]) for k in kernels],
        "gradients": [rng.standard_normal(k) * 1e-3 for k in kernels],
        "updates": [rng.standard_normal(k) * 1e-4 for k in kernels],
        "outputs": [np.maximum(rng.standard_normal((BATCH, n)), 0) for n in SIZES[1:]],
    }


def read(arrays: Arrays) -> float:
    """Every array read once, by np.dot."""
    return sum(float(np.dot(a.ravel(), a.ravel())) for kind in arrays.values() for a in kind)


def measured(arrays: Arrays) -> list[dict[str, float]]:
    """Every array measured."""
    return [
        *(weight_measures(w) for w in arrays["weights"]),
        *(gradient_measures(g) for g in arrays["gradients"]),
        *({"update_norm": norm(u)} for u in arrays["updates"]),
        *(activation_measures(a, "relu") for a in arrays["outputs"]),
    ]


def least_ms(function: Callable[[], object], repetitions: int) -> float:
    """The least of several times, which neighbours on the machine disturb least."""
    times = []
    for _ in range(repetitions):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return 1e3 * min(times)


def main(repetitions: int = 200) -> None:
    """Print the times."""
    arrays = step_arrays(np.random.default_rng(0))
    one_read = least_ms(lambda: read(arrays), repetitions)
    parts: dict[str, Callable[[], object]] = {
        "weights": lambda: [weight_measures(w) for w in arrays["weights"]],
        "gradients": lambda: [gradient_measures(g) for g in arrays["gradients"]],
        "updates": lambda: [norm(u) for u in arrays["updates"]],
        "outputs": lambda: [activation_measures(a, "relu") for a in arrays["outputs"]],
    }
    for name, part in parts.items():
        print(f"{name:12s}{least_ms(part, repetitions):8.3f} ms")
    every = least_ms(lambda: measured(arrays), repetitions)
    print(f"{'one read':12s}{one_read:8.3f} ms")
    print(
        f"{'all':12s}{every:8.3f} ms = {every / one_read:.1f} reads, 1/{BUDGET_MS / every:.0f} of"
    )
    print(f"{'':12s}{BUDGET_MS:8.3f} ms")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
