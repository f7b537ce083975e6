"""What the public measures cost, one array at a time, on the arrays of one step.

`OMP_NUM_THREADS=1 python tests/benchmarks/measures.py [--repeats N] [--markdown FILE]`

784-128-64-10, relu, batches of 256: weights, gradients, updates and layer outputs. The unit is the
time of reading all of them once, by np.dot of each with itself. `recording.py` measures what a
training uses: all layers together, with room kept from one time to the next.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import DTypeLike, NDArray
from tables import Sheet, publish, takes_markdown

from traindx.mlp.tensors import activation_measures, gradient_measures, norm, weight_measures

SIZES, BATCH = (784, 128, 64, 10), 256
OLDER_MS = 8.8
"""What the ten monitors of an older program took for the same arrays."""

Arrays = dict[str, list[NDArray[np.floating]]]
Work = Callable[[], object]


def seconds(work: Work) -> float:
    """How long it takes, once."""
    start = perf_counter()
    work()
    return perf_counter() - start


def in_turn(
    works: Mapping[str, Work], repeats: int, before: Work | None = None
) -> dict[str, list[float]]:
    """Milliseconds of each, one after the other so that all meet the same neighbours."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            if before:
                before()
            times[name].append(1e3 * seconds(work))
    return times


def read(arrays: list[NDArray[np.floating]]) -> float:
    """Every array (flat) read once."""
    return sum(float(np.dot(a, a)) for a in arrays)


def step_arrays(precision: DTypeLike) -> Arrays:
    """Weights, gradients, updates and layer outputs of one step."""
    rng, kernels = np.random.default_rng(0), list(pairwise(SIZES))
    drawn = {
        "weights": [rng.standard_normal(k) * np.sqrt(2 / k[0]) for k in kernels],
        "gradients": [rng.standard_normal(k) * 1e-3 for k in kernels],
        "updates": [rng.standard_normal(k) * 1e-4 for k in kernels],
        "outputs": [np.maximum(rng.standard_normal((BATCH, n)), 0) for n in SIZES[1:]],
    }
    return {kind: [a.astype(precision) for a in arrays] for kind, arrays in drawn.items()}


MEASURES: dict[str, Callable[[NDArray[np.floating]], object]] = {
    "weights": weight_measures,
    "gradients": gradient_measures,
    "updates": norm,
    "outputs": lambda output: activation_measures(output, "relu"),
}


def works(arrays: Arrays) -> Iterator[tuple[str, Work]]:
    """The reading and the measuring of each kind of array."""
    for kind, some in arrays.items():
        flat = [a.reshape(-1) for a in some]
        yield f"read {kind}", lambda flat=flat: read(flat)  # type: ignore[misc]
        measure = MEASURES[kind]
        yield kind, lambda some=some, measure=measure: [measure(a) for a in some]  # type: ignore[misc]


def rows(precision: str, repeats: int) -> Iterator[tuple[str, ...]]:
    """A row for each kind of array, and one for all."""
    arrays = step_arrays(precision)
    times = in_turn(dict(works(arrays)), repeats)
    parts = {k: ([sum(a.nbytes for a in arrays[k])], times[f"read {k}"], times[k]) for k in arrays}
    whole = tuple(
        [sum(several) for several in zip(*(p[i] for p in parts.values()), strict=True)]
        for i in range(3)
    )
    for kind, (size, once, full) in {**parts, "all": whole}.items():
        ratio = f"{min(full) / min(once):.1f}"
        milliseconds = (f"{f(t):.3f}" for t in (once, full) for f in (min, median))
        yield f"{kind}, {precision}", f"{size[0] / 2**20:.2f}", *milliseconds, ratio


def sheet(repeats: int) -> Sheet:
    """The table."""
    heads = ("arrays", "MiB", "read: least", "median", "measured: least", "median", "reads")
    both = [row for precision in ("float64", "float32") for row in rows(precision, repeats)]
    return Sheet(
        "The public measures, one array at a time, in ms",
        heads,
        tuple(both),
        f"784-128-64-10, batch {BATCH}. An older program's monitors took {OLDER_MS} ms for these"
        " arrays in float64. The ratio is that of the least times.",
    )


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    takes_markdown(parser)
    given = parser.parse_args()
    made = [sheet(given.repeats)]
    publish(made, given.markdown, "Measures", "measures.py")


if __name__ == "__main__":
    main()
