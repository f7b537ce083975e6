"""What a preference-optimisation run (DPO and its kin) says of itself."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import curve_of
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.monitors.run_shape import run_kind


class PreferenceSignal(Fact):
    """The state of a preference-optimisation run."""

    signal: ClassVar[str] = "the loss and the reward margin of every step"

    loss_last: float
    stuck_at_ln2: bool
    """Whether the loss stands within 0.5 % of ln 2 throughout: the policy equals its reference."""
    margin_last: float | None
    chosen_fall: float | None
    """How far the log probability of the chosen answers fell, as a share of its first level."""


@monitor
def preference_signal(history: History) -> Iterator[PreferenceSignal]:
    loss = curve_of(history, "loss", "train")
    if loss is not None and run_kind(history) == "preference":
        margin, chosen = curve_of(history, "reward_margin"), curve_of(history, "chosen_logp")
        off = np.abs(loss.level - np.log(2)).max()
        yield PreferenceSignal(
            loss_last=loss.last,
            stuck_at_ln2=bool(off <= 0.005 * np.log(2)),
            margin_last=None if margin is None else margin.last,
            chosen_fall=None
            if chosen is None or chosen.first == 0
            else (chosen.first - chosen.last) / abs(chosen.first),
        )
