"""Facts: what has been observed about a run, in the vocabulary that rules are written in."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import singledispatch
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """One observation. A subclass is a template: its fields are the slots that a rule may test.

    A slot is a `str`, `bool`, `int` or finite `float`, or `None` where it is not known;
    no constraint holds of what is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: ClassVar[str] = "fact"
    signal: ClassVar[str] = ""
    """What has to be recorded for a fact of this kind to be known, in the user's words."""
    about: ClassVar[tuple[str, ...]] = ()
    """The slots that say what it is about; facts that differ in them are known independently."""
    signals: ClassVar[Mapping[str, str]] = {}
    """The signal by the value of such a slot, where it differs."""
    absent: ClassVar[tuple[str, ...]] = ()
    """The slots whose None says that there is none of it, not that it is not known."""
    to_know: ClassVar[Mapping[str, str]] = {}
    """What has to be recorded for a slot to be known, where that is more than for the fact."""
    templates: ClassVar[dict[str, type["Fact"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        Fact.templates[cls.kind] = cls

    @classmethod
    def needs(cls, about: Mapping[str, Any]) -> str:
        """What has to be recorded for a fact to be known that is about this."""
        found = (cls.signals[value] for value in about.values() if value in cls.signals)
        return next(found, cls.signal or cls.kind)

    @property
    def slots(self) -> Mapping[str, Any]:
        """Slot by name. (The instance's own dictionary: reading it costs nothing.)"""
        return self.__dict__

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{name}={shown(v)}' for name, v in self.slots.items())})"


def shown(value: Any) -> str:
    """A slot's value, short enough to be read."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def ordered(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts, each once, in the same order whatever order they came in.

    By kind and the words among the slots; only of facts that agree on these, by all the slots.
    """
    alike: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        words = [value for value in fact.slots.values() if type(value) is str]
        alike[fact.kind, *words].append(fact)
    return tuple(fact for words in sorted(alike) for fact in _each_once(alike[words]))


def _each_once(alike: list[Fact]) -> Iterable[Fact]:
    return alike if len(alike) == 1 else dict.fromkeys(sorted(alike, key=_spelled_out))


def _spelled_out(fact: Fact) -> str:
    return f"{fact.kind}{[*fact.slots.values()]}"  # slots stand in the order of the template


@singledispatch
def observe(run: Any) -> Iterable[Fact]:
    """The facts of a run. A package that knows a kind of run registers how it is observed."""
    raise TypeError(f"cannot observe a {type(run).__name__}: nobody has registered how")
