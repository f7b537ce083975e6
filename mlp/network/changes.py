"""Changes to a spec: a remedy's `change`, applied by dotted path."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

Change = Mapping[str, Any]
"""An operation and its argument: `{"multiply": 0.1}`."""
Spec = TypeVar("Spec", bound=BaseModel)


class SpecError(ValueError):
    """A training that cannot be, or a change that cannot be made; one line for each complaint."""


def changed(spec: Spec, changes: Mapping[str, Change]) -> Spec:
    """A copy with the changes made; what was left to defaults still follows them."""
    complaints = list(_complaints(type(spec), changes))
    if complaints:
        raise SpecError("\n".join(complaints))
    written, effective = spec.model_dump(exclude_unset=True), spec.model_dump()
    for path, change in changes.items():
        _change(written, effective, path.split("."), change)
        with suppress(ValidationError):  # The next change may be what makes it right.
            effective = type(spec).model_validate(written).model_dump()
    try:
        return type(spec).model_validate(written)
    except ValidationError as error:
        raise SpecError("\n".join(complaints_of(error))) from error


def complaints_of(error: ValidationError) -> Iterator[str]:
    """Pydantic's findings, one line each, led by the dotted path."""
    for each in error.errors():
        yield f"{'.'.join(map(str, each['loc']))}: {each['msg']} (it was {each['input']!r})"


def paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted names of all fields."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for inner in _models(field.annotation):
            yield from paths(inner, f"{prefix}{name}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The model that a field holds, optional or not (a list of models has no path of its own)."""
    for each in (annotation, *(get_args(annotation))):
        inner = getattr(each, "__origin__", each)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield inner


def _complaints(model: type[BaseModel], changes: Mapping[str, Change]) -> Iterator[str]:
    known = list(paths(model))
    for path, change in changes.items():
        if path not in known:
            yield f"{path}: there is no such setting{_nearest(path, known)}"
        for operation in set(change) - set(OPERATIONS):
            yield f"{path}: no operation is called {operation!r}{_nearest(operation, OPERATIONS)}"
        if len(change) != 1:
            yield f"{path}: one operation is needed, not {len(change)}"


def _nearest(word: str, known: Any) -> str:
    """The right word, by spelling or by its last part."""
    last = [k for k in known if k.rsplit(".", 1)[-1] == word.rsplit(".", 1)[-1]]
    near = get_close_matches(word, list(known), 1, 0.75) or last or get_close_matches(word, known)
    return f"; did you mean '{near[0]}'?" if near else ""


def _change(written: Any, effective: Any, path: list[str], change: Change) -> None:
    """Make one change in both trees, so that a second one on the same path builds on it."""
    *way, name = path
    value = effective
    for part in way:
        value = _opened(value, part)
    value = value.get(name)
    ((operation, argument),) = change.items()
    try:
        new = OPERATIONS[operation](value, argument)
    except SpecError as error:
        raise SpecError(f"{'.'.join(path)}: {error}") from None
    if value is None and new is None:
        return
    for tree in (written, effective):
        for part in way:
            tree[part] = tree = _opened(tree, part)
        tree[name] = new


def _opened(tree: dict[str, Any], part: str) -> dict[str, Any]:
    """A part of a tree: empty where it is missing, spelled out where only its name is given."""
    inner = tree.get(part)
    return inner if isinstance(inner, dict) else {} if inner is None else {"name": inner}


def _each(function: Callable[[Any, float], Any]) -> Callable[[Any, Any], Any]:
    """On a number, or on each of a list; whole numbers stay whole."""

    def over(value: Any, argument: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [over(v, argument) for v in value]
        new = function(_number(value), _number(argument))
        return round(new) if isinstance(value, int) and new is not None else new

    return over


def _number(value: Any) -> Any:
    if isinstance(value, (bool, str, Mapping)):
        raise SpecError(f"{value!r} is no number")
    return value


def _entries(value: Any) -> Any:
    if value is not None and not isinstance(value, (list, tuple)):
        raise SpecError(f"{value!r} is no list")
    return value or ()


def _keep(value: Any, argument: Any) -> Any:
    return list(_entries(value)[: _number(argument)])


def _without(value: Any, argument: Any) -> Any:
    names = [argument] if isinstance(argument, str) else argument
    kinds = ((v["kind"] if isinstance(v, dict) else v, v) for v in _entries(value))
    return [v for kind, v in kinds if kind not in names]


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "set": lambda value, argument: argument,
    "multiply": _each(lambda value, argument: None if value is None else value * argument),
    "add": _each(lambda value, argument: (value or 0) + argument),
    "at_most": _each(lambda value, argument: argument if value is None else min(value, argument)),
    "at_least": _each(lambda value, argument: argument if value is None else max(value, argument)),
    "keep": _keep,
    "without": _without,
}
