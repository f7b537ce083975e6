"""The number format that the training computes in."""

from collections.abc import Iterator
from typing import ClassVar

from traindx.engine.facts import Fact
from traindx.mlp.history import History
from traindx.mlp.monitors import monitor
from traindx.mlp.signals import SETTINGS

SHORT = {
    "fp16": "float16",
    "half": "float16",
    "bf16": "bfloat16",
    "fp32": "float32",
    "16": "float16",
}


class NumericPrecision(Fact):
    """The number format, by its long name."""

    signal: ClassVar[str] = SETTINGS

    name: str
    half: bool
    """Sixteen bits somewhere."""
    mixed: bool
    """Sixteen bits for the work, more for the weights."""
    range_limited: bool
    """float16, whose largest number is 65504; bfloat16 reaches as far as float32."""


@monitor
def numeric_precision(history: History) -> Iterator[NumericPrecision]:
    """One fact if it is known."""
    said = history.settings.precision
    if said is None:
        return
    name = said.lower().replace("-", "_")
    bare = name.replace("mixed_", "").replace("_mixed", "").replace("_true", "")
    form = SHORT.get(bare, bare)
    yield NumericPrecision(
        name=f"mixed_{form}" if "mixed" in name else form,
        half="16" in form,
        mixed="mixed" in name,
        range_limited=form == "float16",
    )
