"""YAML files read with the line of everything in them, and complaints that name it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from yaml.reader import ReaderError
from yamlcore import CCoreLoader

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
DEEPEST = 40
"""Levels of nesting; the forms of the knowledge base need eight."""
TRIED = {"bool", "int", "float", "str", "finite-float", "constrained-int"}
TRAPS = {
    "expected comment or line break": "a text that begins with > or | needs quotes",
    "cannot start any token": "no tabs; a text that begins with > % @ or ` needs quotes",
    "mapping values are not allowed": "a text with a colon and a space in it needs quotes",
}
"""What people meet, by what the parser says then."""


@dataclass(frozen=True, order=True)
class Complaint:
    """What is wrong, and where."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class SourceError(ValueError):
    """Files that cannot be used, with every complaint about them."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = tuple(sorted(set(complaints)))
        super().__init__("\n".join(map(str, self.complaints)))


@dataclass(frozen=True)
class Source:
    """One YAML document: what it says, and on which line it says it."""

    path: Path
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def complaint(self, where: Path_, text: str) -> Complaint:
        """A complaint about a place in the document (or the nearest that exists around it)."""
        known: Path_ = ()
        for part in where:
            if (*known, part) in self.lines:
                known = (*known, part)
        return Complaint(str(self.path), self.lines.get(known, 1), text)


def read_source(path: Path) -> tuple[Source, list[Complaint]]:
    """A YAML file (1.2 core, so `1e-6` is a number and `no` a word), with complaints about it."""
    try:
        text = _text(path)
        _check_shape(text)
        return _composed(path, text)
    except UnreadableError as error:
        line, problem = error.args
    except ReaderError as error:
        line, problem = _line(text.encode()[: error.position]), f"is not YAML: {error.reason}"
    except yaml.MarkedYAMLError as error:
        line, problem = _marked(error), f"is not YAML: {_hinted(error)}"
    return Source(path, None), [Complaint(str(path), line, problem)]


class UnreadableError(ValueError):
    """A line, and why the file cannot be read from there on."""


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise UnreadableError(1, "is not a file")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(1, f"cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line(data[: error.start])
        raise UnreadableError(line, "is not text in UTF-8") from error


def _line(before: bytes) -> int:
    return before.count(b"\n") + 1


def _check_shape(text: str) -> None:
    """Refuses what the composer does not survive: an alias may unfold without end, depth kills."""
    depth = 0
    for event in yaml.parse(text, Loader=CCoreLoader):
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableError(line, f"an alias, *{event.anchor}; write out what it stands for")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise UnreadableError(line, f"is nested more than {DEEPEST} deep")


def _composed(path: Path, text: str) -> tuple[Source, list[Complaint]]:
    loader = CCoreLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        twice = [Complaint(str(path), n, t) for n, t in _walk(node, (), lines)] if node else []
        data = loader.construct_document(node) if node and not twice else None
    except ValueError as error:
        raise UnreadableError(1, f"holds what is no value: {error}") from error
    finally:
        loader.dispose()
    if data is None and not twice:
        raise UnreadableError(1, "is empty")
    return Source(path, data, lines), twice


def _marked(error: yaml.MarkedYAMLError) -> int:
    marks = (error.problem_mark, error.context_mark)
    return 1 + next((mark.line for mark in marks if mark is not None), 0)


def _hinted(error: yaml.MarkedYAMLError) -> str:
    """What the parser says, and what people mean who write it."""
    problem = error.problem or str(error)
    hints = (hint for trap, hint in TRAPS.items() if trap in problem)
    return "; ".join((problem, *hints))


def _walk(node: yaml.Node, where: Path_, lines: dict[Path_, int]) -> Iterator[tuple[int, str]]:
    """Notes the line of every key and item; yields the keys that occur twice."""
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*where, str(key.value))
            if place in lines:
                text = f"duplicate key '{key.value}', first on line {lines[place]}"
                yield key.start_mark.line + 1, text
            lines.setdefault(place, key.start_mark.line + 1)
            yield from _walk(value, place, lines)
    elif isinstance(node, yaml.SequenceNode):
        for n, item in enumerate(node.value):
            yield from _walk(item, (*where, n), lines)


def parsed(source: Source, model: type[M]) -> tuple[M | None, list[Complaint]]:
    """A document as a type, or every complaint about it."""
    try:
        return model.model_validate(source.data), []
    except ValidationError as error:
        said = {
            _place(e["loc"]): source.complaint(e["loc"], _said(e, model)) for e in error.errors()
        }
        return None, list(said.values())


def _place(loc: Path_) -> Path_:
    """Where an error is, without the names of the types that a union has tried there."""
    return tuple(part for part in loc if part not in TRIED)


def _said(error: Any, model: type[BaseModel]) -> str:
    place = _place(error["loc"])
    where = ".".join(str(part) for part in place)
    if error["type"] == "extra_forbidden":
        keys = _keys(model, place[:-1])
        hint = nearest(str(place[-1]), keys) or f"; there are {', '.join(keys)}"
        return f"{where}: there is no such key{hint}"
    if error["type"] == "missing":
        return f"{where}: is missing"
    if place != error["loc"]:
        return f"{where}: {error['input']!r} is not what can stand here"
    text = error["msg"].removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def _keys(model: type[BaseModel], where: Path_) -> list[str]:
    """The keys that may stand at a place within a model."""
    for part in where:
        field = model.model_fields.get(str(part))
        more = model.__annotations__.get("__pydantic_extra__")
        inner = next(_models(field.annotation if field else more), None)
        model = inner or model
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def nearest(word: str, words: Any) -> str:
    """`; did you mean 'x'?`, where there is one that is near."""
    close = get_close_matches(word, [str(w) for w in words], n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
