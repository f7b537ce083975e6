"""The language of `when` and `unless`: patterns over facts and symptoms, constraints on slots."""

import operator
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Protocol

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    Strict,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Whole = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)]
Real = Annotated[FiniteFloat, Strict()]
Scalar = StrictBool | Whole | Real | StrictStr
Number = Whole | Real


class Slotted(Protocol):
    """What a pattern can be held against: a fact, or a symptom that was found."""

    @property
    def slots(self) -> Mapping[str, Any]: ...


class Declared(BaseModel):
    """Base of all that is written in YAML: no key goes unread, nothing changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Severity(StrEnum):
    """How much is lost if nothing is done. A note is worth knowing and no fault."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "note"


class Constraint(Declared):
    """A constraint on one slot. Every comparison that is given must hold."""

    equals: Scalar | None = None
    is_not: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = Field(default=None, min_length=1)
    above: Number | None = None
    at_least: Number | None = None
    below: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _constrains_something(self) -> "Constraint":
        if not self.model_fields_set:
            raise ValueError(f"a constraint needs one of {', '.join(type(self).model_fields)}")
        if nothing := [name for name, bound in self.comparisons if bound is None]:
            raise ValueError(f"`{nothing[0]}` needs a value")
        return self

    @property
    def comparisons(self) -> Iterator[tuple[str, Any]]:
        """The comparisons that were given, each by name with what is compared to."""
        given = (name for name in COMPARISONS if name in self.model_fields_set)
        return ((name, getattr(self, name)) for name in given)

    @cached_property
    def bounds(self) -> tuple[tuple[float, Any], ...]:
        """+1 for a lower, -1 for an upper bound, and the bound."""
        return tuple((INWARD[name], b) for name, b in self.comparisons if name in INWARD)

    def holds(self, value: Any) -> bool:
        """Whether every comparison holds. None holds of what is not known."""
        return value is not None and all(
            COMPARISONS[name](value, bound) for name, bound in self.comparisons
        )

    def margin(self, value: Any) -> float:
        """How far inside (+) or outside (-) its bounds a number lies, as a share of the bound."""
        if value is None or isinstance(value, str | bool) or not self.bounds:
            return 0.0
        return min(inward * float(value - b) / (abs(b) or 1.0) for inward, b in self.bounds)

    def __str__(self) -> str:
        return " and ".join(f"{WORDS[name]} {said(bound)}" for name, bound in self.comparisons)


def _among(value: Any, bound: tuple[Any, ...]) -> bool:
    return value in bound


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equals": operator.eq,
    "is_not": operator.ne,
    "one_of": _among,
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}
INWARD = {"above": 1.0, "at_least": 1.0, "below": -1.0, "at_most": -1.0}
WORDS = {name: name.replace("_", " ") for name in COMPARISONS} | {"equals": "is"}


def said(bound: Any) -> str:
    """A bound as a reader expects it."""
    if isinstance(bound, tuple):
        return "/".join(said(one) for one in bound)
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _spelled_out(constraint: Any) -> Any:
    is_value = isinstance(constraint, bool | int | float | str)
    return {"equals": constraint} if is_value else constraint


Spelled = Annotated[Constraint, BeforeValidator(_spelled_out)]


class Pattern(BaseModel):
    """A fact (or symptom) with constraints on some slots; `name: x` is `name: {equals: x}`."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Spelled] = Field(init=False)

    fact: Slug | None = None
    symptom: Slug | None = None
    count: Spelled | None = None
    """How many must match that differ in a slot; without it, one is enough.

    What is counted is the whole run's, and a symptom without slots counts as one at most.
    """

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> "Pattern":
        if (self.fact is None) == (self.symptom is None):
            raise ValueError("a pattern names either a `fact` or a `symptom`")
        return self

    @property
    def source(self) -> tuple[str, str]:
        """("fact", its kind) or ("symptom", its name)."""
        return ("fact", self.fact) if self.fact else ("symptom", str(self.symptom))

    @property
    def constraints(self) -> Mapping[str, Constraint]:
        """Constraint by slot."""
        return self.__pydantic_extra__

    @cached_property
    def tests(self) -> tuple[tuple[str, Callable[[Any, Any], Any], Any], ...]:
        """Slot, comparison and bound, flat, for they are asked of every fact."""
        return tuple(
            (slot, COMPARISONS[name], bound)
            for slot, constraint in self.constraints.items()
            for name, bound in constraint.comparisons
        )

    def holds(self, candidate: Slotted) -> bool:
        """Whether every constraint holds of a fact that is already known to be of the kind.

        Nothing holds of what is not known.
        """
        slots = candidate.slots
        for slot, comparison, bound in self.tests:
            value = slots.get(slot)
            if value is None or not comparison(value, bound):
                return False
        return True

    def asked(self, candidate: Slotted) -> bool | None:
        """Whether every constraint holds; None if that hangs on what is not known."""
        slots, unknown = candidate.slots, False
        for slot, comparison, bound in self.tests:
            value = slots.get(slot)
            if value is None:
                if slot in getattr(candidate, "absent", ()):
                    return False
                unknown = True
            elif not comparison(value, bound):
                return False
        return None if unknown else True

    def margin(self, candidate: Slotted) -> float:
        """The sum of margins: of several matches the one that speaks most clearly has most."""
        slots = candidate.slots
        return sum(test.margin(slots.get(slot)) for slot, test in self.constraints.items())

    def __str__(self) -> str:
        tests = ", ".join(f"{slot} {test}" for slot, test in self.constraints.items())
        return f"{self.source[1]}({tests})"


class Conditions(BaseModel):
    """Patterns by the role they play; `any` holds alternatives, each again patterns by role."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Pattern] = Field(init=False)

    any: tuple[dict[Slug, Pattern], ...] = Field(default=(), max_length=64)

    @model_validator(mode="after")
    def _asks_something(self) -> "Conditions":
        if not self.__pydantic_extra__ and not self.any:
            raise ValueError("give at least one pattern")
        if not all(self.any):
            raise ValueError("an alternative of `any` needs at least one pattern")
        return self

    @property
    def roles(self) -> Mapping[str, Pattern]:
        """The patterns that must match whichever alternative does."""
        return self.__pydantic_extra__

    @cached_property
    def alternatives(self) -> tuple[Mapping[str, Pattern], ...]:
        """Every way to satisfy the conditions, as patterns by role that must all match."""
        return tuple({**self.roles, **more} for more in self.any) or (self.roles,)

    @property
    def patterns(self) -> Iterator[Pattern]:
        """All the patterns."""
        yield from self.roles.values()
        for alternative in self.any:
            yield from alternative.values()


class Rule(Declared):
    """IF every `when` pattern matches and no `unless` pattern does THEN what carries it holds."""

    when: Conditions
    unless: dict[Slug, Pattern] = {}
    same: tuple[Slug, ...] = ()
    """All patterns that have these slots must agree on them; the others speak of the whole run.

    Of something that does not know them (they are None) no such pattern holds.
    """
    because: str = ""
    """What it says; without it, what the symptoms say that it rests on."""

    @property
    def patterns(self) -> Iterator[Pattern]:
        """All the patterns, of `when` and of `unless`."""
        yield from self.when.patterns
        yield from self.unless.values()
