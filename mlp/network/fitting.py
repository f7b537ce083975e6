"""The training loop: epochs of batches, each a step forward, backward and down."""

from dataclasses import dataclass, field
from math import ceil, inf, isfinite

import numpy as np

from traindx.mlp.history import History
from traindx.mlp.network.activations import Array
from traindx.mlp.network.changes import SpecError
from traindx.mlp.network.network import MLP, State
from traindx.mlp.network.optimizers import Optimizer, Schedule, clip
from traindx.mlp.network.recording import SNR_BATCHES, LayerRecorder, Recorder
from traindx.mlp.network.settings import settings
from traindx.mlp.network.spec import Training

Samples = tuple[Array, Array]
BROKEN_EPOCHS = 5
"""How long a run goes on when its loss is no longer finite."""
FIRST_BATCHES = 100


def fit(
    network: MLP, data: Samples, held: Samples | None, plan: Training, rng: np.random.Generator
) -> History:
    """Train a network on (inputs, targets), `held` out ones for validation, and what was recorded.

    A run that overflows is what this is for: it is recorded, not warned about.
    """
    if not len(data[0]) or len(data[0]) != len(data[1]):
        raise SpecError(f"x, y: as many of both are needed, not {len(data[0])}, {len(data[1])}")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        run = Run(network, *data, held, plan, rng)
        while not run.over:
            run.epoch()
        if run.best:
            network.restore(run.best)
    return History(run.recorder.series(), settings(network, data, held, plan), "epoch", "mlp")


@dataclass(eq=False)
class Run:
    """A training on its way."""

    network: MLP
    x: Array
    y: Array
    held: Samples | None
    plan: Training
    rng: np.random.Generator
    done: int = 0
    broken: int = 0
    best: State | None = None
    best_loss: float = inf
    waited: int = 0
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.batches = ceil(len(self.x) / self.plan.batch_size)
        self.full = max(1, len(self.x) // self.plan.batch_size)
        spec = self.plan.optimizer
        self.optimizer = Optimizer(spec, self.network.parameters, self.network.spec.frozen)
        self.schedule = Schedule(
            self.plan.schedule, spec.learning_rate, self.plan.epochs, self.batches
        )
        self.kept = None if spec.zero_grad else np.zeros_like(self.network.parameters.gradients)
        self.layers = (
            LayerRecorder(self.network, self.x, self.y) if self.plan.record.layers else None
        )
        self.recorder = self.layers or Recorder()
        if self.layers:
            self.layers.probe(0)

    @property
    def over(self) -> bool:
        stopping = self.plan.early_stopping
        return (
            self.done >= self.plan.epochs
            or self.broken >= BROKEN_EPOCHS
            or (stopping is not None and self.waited >= stopping.patience)
        )

    def epoch(self) -> None:
        """All batches once, and what is measured after them."""
        self.done += 1
        due = self.done % self.plan.record.every == 0 or self.done == self.plan.epochs
        layers = self.layers if due else None
        train = self._batches(layers)
        self._add("train", *train)
        if layers:
            layers.probe(self.done)
            layers.updates(self.done, self.recorded_update)
            layers.signal_to_noise(self.done)
        watched = train[0]
        if self.held:
            watched, accuracy = self._evaluated(*self.held)
            self._add("val", watched, accuracy)
        self.broken = 0 if isfinite(train[0]) else self.broken + 1
        self.schedule.watch(watched)
        self._stop_early(watched)

    def _add(self, split: str, loss: float, accuracy: float) -> None:
        self.recorder.add("loss", split, self.done, loss)
        if self.network.task != "regression":
            self.recorder.add("accuracy", split, self.done, accuracy)

    def _batches(self, layers: LayerRecorder | None) -> tuple[float, float]:
        """Mean loss and accuracy over the epoch's batches."""
        n, size = len(self.x), self.plan.batch_size
        order = self.rng.permutation(n) if self.plan.shuffle else None
        sampled = set(
            np.linspace(0, self.full - 1, min(SNR_BATCHES, self.full)).astype(int).tolist()
        )
        loss = correct = 0.0
        for batch, start in enumerate(range(0, n, size)):
            rows = slice(start, start + size) if order is None else order[start : start + size]
            x, y = self.x[rows], self.y[rows]
            step = (self.done - 1) * self.batches + batch
            last = batch == self.full - 1
            one, right = self._step(x, y, step, layers, batch in sampled, last)
            loss, correct = loss + one * len(x), correct + right
        return loss / n, correct / n

    def _step(
        self, x: Array, y: Array, step: int, layers: LayerRecorder | None, sampled: bool, last: bool
    ) -> tuple[float, float]:
        """One step down; the batch's mean loss, and how many it got right."""
        network, rate = self.network, self.schedule.rate(step)
        z = network.forward(x, training=True, rng=self.rng)
        loss = float(network.objective.losses(z, y).mean()) + network.penalty()
        network.backward(network.objective.delta(z, y))
        if step < FIRST_BATCHES:
            self.recorder.add("batch_loss", "train", step + 1, loss)
        self._descend(rate, layers, sampled, last)
        if last:
            self.recorder.add("learning_rate", "", self.done, rate)
        if network.task == "regression":
            return loss, 0.0
        return loss, float(np.count_nonzero(network.objective.correct(z, y)))

    def _descend(
        self, rate: float, layers: LayerRecorder | None, sampled: bool, last: bool
    ) -> None:
        parameters = self.network.parameters
        if self.kept is not None:
            self.kept += parameters.gradients
            parameters.gradients[:] = self.kept
        if layers and sampled:
            layers.sample_gradient()
        if layers and last:
            layers.gradients(self.done)
        if self.plan.optimizer.clip:
            clip(self.plan.optimizer.clip, parameters)
        self.optimizer.step(rate)
        if layers and last:
            # A short batch may follow; only then is a copy needed.
            whole = self.full == self.batches
            self.recorded_update = self.optimizer.update if whole else self.optimizer.update.copy()

    def _evaluated(self, x: Array, y: Array) -> tuple[float, float]:
        loss, accuracy = self.network.evaluate(x, y)
        return loss, 0.0 if accuracy is None else accuracy

    def _stop_early(self, loss: float) -> None:
        stopping = self.plan.early_stopping
        if stopping is None:
            return
        if loss < self.best_loss - stopping.at_least:
            self.best, self.best_loss, self.waited = self.network.state(), loss, 0
        else:
            self.waited += 1
