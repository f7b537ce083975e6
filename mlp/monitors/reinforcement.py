"""What a policy-gradient run says of itself: rewards, divergence from the reference, entropy."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from traindx.engine.facts import Fact
from traindx.mlp.curves import Curve, curve_of, median_of, ratio
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor


class RlSignal(Fact):
    """The state of a reinforcement-learning run; a loss near zero says nothing of it."""

    signal: ClassVar[str] = "the reward, its spread, the KL divergence or the policy's entropy"

    reward_first: float | None
    reward_last: float | None
    reward_gain_sigmas: float | None
    """The change of the reward's level, in standard errors."""
    reward_std_last: float | None
    """The median of the last fifth."""
    zero_reward_share: float | None
    """The share of groups whose rewards are all the same (median of the last fifth)."""
    kl_growth: float | None
    """The last fifth over the first, in medians."""
    reward_fall: float | None
    """From the best level to the last, as a share of the range of the levels."""
    reward_fall_sigmas: float | None
    entropy_last: float | None
    entropy_fall: float | None
    """The share of the first level that is gone at the end."""
    length_growth: float | None
    """The last level of the completion length over the first."""


QUANTITIES = ("reward", "reward_std", "zero_reward_share", "kl", "policy_entropy")


@monitor
def rl_signal(history: History) -> Iterator[RlSignal]:
    known = {name: curve_of(history, name) for name in (*QUANTITIES, "completion_length")}
    if any(known[name] is not None for name in QUANTITIES):
        yield RlSignal(
            reward_std_last=_tail(known["reward_std"]),
            zero_reward_share=_tail(known["zero_reward_share"]),
            kl_growth=_growth(known["kl"]),
            **_reward(known["reward"]),
            **_entropy(known["policy_entropy"]),
            length_growth=_growth(known["completion_length"]),
        )


def _tail(found: Curve | None) -> float | None:
    if found is None:
        return None
    return median_of(found.values[-max(1, len(found.values) // 5) :])


def _growth(found: Curve | None) -> float | None:
    if found is None:
        return None
    fifth = max(1, len(found.values) // 5)
    return ratio(median_of(found.values[-fifth:]), median_of(found.values[:fifth]))


def _reward(found: Curve | None) -> dict[str, float | None]:
    names = ("first", "last", "gain_sigmas", "fall", "fall_sigmas")
    if found is None:
        return {f"reward_{name}": None for name in names}
    top = int(np.argmax(found.level))
    fall = float(found.level[top]) - found.last
    return {
        "reward_first": found.first,
        "reward_last": found.last,
        "reward_gain_sigmas": found.sigmas(found.last - found.first, 0, -1),
        "reward_fall": ratio(fall, found.spread, 0.0),
        "reward_fall_sigmas": found.sigmas(fall, top, -1),
    }


def _entropy(found: Curve | None) -> dict[str, float | None]:
    if found is None:
        return {"entropy_last": None, "entropy_fall": None}
    fall = ratio(found.first - found.last, abs(found.first), 0.0)
    return {"entropy_last": found.last, "entropy_fall": fall}
