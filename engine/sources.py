"""YAML files read with the line of everything in them, and complaints that name it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yamlcore import CCoreLoader

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


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
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        return Source(path, None), [Complaint(str(path), 1, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return Source(path, None), [Complaint(str(path), 1, "is not text in UTF-8")]
    loader = CCoreLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Source(path, None), [Complaint(str(path), 1, "is empty")]
        lines: dict[Path_, int] = {}
        complaints = [Complaint(str(path), n, t) for n, t in _walk(node, (), lines)]
        return Source(path, loader.construct_document(node), lines), complaints
    except yaml.YAMLError as error:
        return Source(path, None), [_unreadable(path, error)]
    except (ValueError, RecursionError) as error:
        return Source(path, None), [Complaint(str(path), 1, f"is not readable YAML: {error}")]
    finally:
        loader.dispose()


def _unreadable(path: Path, error: yaml.YAMLError) -> Complaint:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return Complaint(str(path), mark.line + 1 if mark else 1, f"is not YAML: {problem}")


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
        return None, [source.complaint(e["loc"], _said(e, model)) for e in error.errors()]


def _said(error: Any, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"{where}: there is no such key{nearest(key, model.model_fields)}"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}" if where else error["msg"]


def nearest(word: str, words: Any) -> str:
    """`; did you mean 'x'?`, where there is one that is near."""
    close = get_close_matches(word, [str(w) for w in words], n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
