"""Sentences of the knowledge base, filled with what was observed."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from string import Formatter
from typing import Any

from traindx.engine.language import Slotted

SAMPLE: dict[type, Any] = {int: 3, float: 0.5, str: "x", bool: True}
UNKNOWN = "?"
COUNTED = "|"
"""Parts the words for one and for many, where a format would stand."""


class Sentence:
    """A text with places such as `{unit.fraction:.0%}`: role, slot and how to write it.

    A number of things is written `{shelf.books:book|books}`.
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self.parts = [self._part(*part) for part in Formatter().parse(self.text)]

    @staticmethod
    def _part(
        literal: str, name: str | None, spec: str | None, conversion: str | None
    ) -> tuple[str, str, str, str]:
        if name is None:
            return literal, "", "", ""
        role, _, slot = name.partition(".")
        if not role or not slot or conversion:
            raise ValueError(f"write '{{{name}}}' as {{role.slot}} or {{role.slot:format}}")
        return literal, role, slot, spec or ""

    @cached_property
    def slots(self) -> list[tuple[str, str, str]]:
        """Role, slot and format of each place."""
        return [(role, slot, spec) for _, role, slot, spec in self.parts if role]

    def filled(self, bound: Mapping[str, Slotted]) -> str:
        """The sentence about what plays each role; what nothing plays is not known."""
        return "".join(
            literal + (_written(_slots(bound, role).get(slot), spec) if role else "")
            for literal, role, slot, spec in self.parts
        )

    def can_be_filled(self, bound: Mapping[str, Slotted]) -> bool:
        """Whether all that it speaks of is known."""
        return all(_slots(bound, role).get(slot) is not None for role, slot, _ in self.slots)


def _slots(bound: Mapping[str, Slotted], role: str) -> Mapping[str, Any]:
    return bound[role].slots if role in bound else {}


def _written(value: Any, spec: str) -> str:
    if value is None:
        return UNKNOWN
    if not spec and isinstance(value, float):
        return f"{value:.4g}"
    return counted(value, spec) if COUNTED in spec else format(value, spec)


def counted(number: int, words: str) -> str:
    """So many of something: `book|books` gives no book, one book, 5 books."""
    one, many = words.split(COUNTED)
    few = {0: f"no {one}", 1: f"one {one}"}
    return few.get(number, f"{number:d} {many}")


sentence = lru_cache(maxsize=4096)(Sentence)
