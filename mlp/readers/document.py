"""Document: what a reader is given, whether it came from a file or from an object in memory."""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from pydantic_core import from_json

from traindx.mlp.readers.columns import number
from traindx.mlp.readers.packed import PIECE, STDIN, Packed, packed
from traindx.mlp.readers.thinning import thinned_rows

LARGE = 2**24
"""Bytes of a table or of lines beyond which they are read piece by piece, and thinned."""
LARGEST = 2**31
"""Bytes of anything else that are read at most."""
HEAD = 2**20

BINARIES = {
    b"\x93NUMPY": "a numpy array; save the losses as csv",
    b"\x89HDF": "an HDF5 file; save the history as csv or json",
    b"PAR1": "a parquet file; hand in the data frame instead",
    b"SQLite format 3": "a database; export the metrics as csv",
    b"\x80\x02": "a pickle, which is never opened; save the history as json",
    b"\x80\x03": "a pickle, which is never opened; save the history as json",
    b"\x80\x04": "a pickle, which is never opened; save the history as json",
    b"\x80\x05": "a pickle, which is never opened; save the history as json",
}
CONTROL = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')


class ReadError(ValueError):
    """A source that cannot be read: where, what is wrong, what instead."""


@dataclass(frozen=True)
class Document:
    """A source on its way to a reader: the bytes of a file, or a plain value (`given`)."""

    name: str
    content: bytes = b""
    """The file, unpacked; of a large one (`rest`) the head."""
    given: Any = None
    frame: bool = False
    """Whether it was a data frame, in which NaN mostly means an empty cell."""
    rest: Packed | None = None
    """The whole file, if it is too large to be held."""
    damage: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The text without colour codes and byte-order marks; empty for a value or a binary."""
        text = _cleared(_decoded(self.content)) if self.content else ""
        return "" if CONTROL.search(text[:100_000]) else text.lstrip("\ufeff")

    def texts(self, pieces: int = 4) -> Iterator[str]:
        """The text in parts of whole lines, each about so many pieces long."""
        if self.rest is None:
            yield self.text
            return
        decode, left = getincrementaldecoder(_encoding(self.content))("replace").decode, ""
        for piece in chain(_gathered(self.rest.pieces(), pieces * PIECE), [b""]):
            whole, end, left = (left + decode(piece)).rpartition("\n")
            yield from [_cleared(whole + end).lstrip("\ufeff")] if end else []
        yield from [_cleared(left)] if left.strip() else []

    @cached_property
    def _json(self) -> tuple[Any, tuple[str, ...]]:
        if self.given is not None:
            return self.given, ()
        return _json(self.text) if self.text.lstrip()[:1] in ("{", "[") else (None, ())

    @property
    def data(self) -> Any:
        """The value that was handed in or is written as JSON; JSON lines are a list; else None.

        Of a large log these are the first ones only.
        """
        return self._json[0]

    @property
    def notes(self) -> tuple[str, ...]:
        if self.rest is None:
            return self.damage + self._json[1]
        return (*self.rest.damage, *(self._thinned[1] if self.data is not None else ()))

    @cached_property
    def _thinned(self) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
        """The rows of a large log of JSON lines."""
        read = (_json_lines(text) for text in self.texts(1))
        return thinned_rows(rows for rows, _ in filter(None, read))

    @cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        """The data as a list of mappings, if that is what it is."""
        data = self.data
        if self.rest is not None and data is not None:
            return self._thinned[0]
        if not isinstance(data, list | tuple) or not data:
            return []
        plain = set(map(type, data)) == {dict} or all(isinstance(row, Mapping) for row in data)
        return list(data) if plain else []

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of the data, or of its rows."""
        if isinstance(self.data, Mapping):
            return frozenset(map(str, self.data))
        return frozenset(str(key) for row in self.rows[:2000] for key in row)


def opened(path: Path) -> Document:
    """The file as a document; a ReadError where there is nothing to read in it."""
    try:
        return from_packed("<stdin>" if str(path) == STDIN else str(path), packed(path))
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror or error}; give the path of a log") from None


def from_packed(name: str, file: Packed) -> Document:
    """The document in a file, held as far as it is not too large."""
    try:
        head = _up_to(LARGE, file)
        _refuse(name, head)
        large = len(head) >= LARGE
        if large and _is_of_lines(head):
            return Document(name, head[: head.rfind(b"\n", 0, HEAD) + 1], rest=file)
        return Document(name, _up_to(LARGEST, file) if large else head, damage=(*file.damage,))
    except BadZipFile as error:
        raise ReadError(f"{name}: a damaged zip archive ({error}); unpack it first") from None
    except (ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{name}: {error}") from None


def _up_to(most: int, file: Packed) -> bytes:
    """The first bytes of a file, not many more than `most`."""
    parts, length = [], 0
    for piece in file.pieces():
        parts.append(piece)
        length += len(piece)
        if length >= most:
            break
    return b"".join(parts)


def _refuse(name: str, head: bytes) -> None:
    """A ReadError about what is known to be no log."""
    if not head.strip():
        raise ReadError(f"{name}: the file is empty; give a log with at least one row")
    if head.startswith(b"version https://git-lfs"):
        raise ReadError(f"{name}: a Git LFS pointer, not the file itself; run 'git lfs pull'")
    for magic, what in BINARIES.items():
        if head.startswith(magic):
            raise ReadError(f"{name}: {what}")


def _is_of_lines(head: bytes) -> bool:
    """Whether it can be read line by line: text that is not one JSON document."""
    start = _cleared(_decoded(head[: head.rfind(b"\n", 0, HEAD) + 1])).lstrip("\ufeff \r\n")
    if not start or CONTROL.search(start[:100_000]):
        return False
    return start[0] not in "{[" or _loaded(start.split("\n", 1)[0]) is not None


def _gathered(pieces: Iterator[bytes], least: int) -> Iterator[bytes]:
    """The pieces, joined until they are worth being parsed at once."""
    parts = bytearray()
    for piece in pieces:
        parts += piece
        if len(parts) >= least:
            yield bytes(parts)
            parts.clear()
    yield bytes(parts)


def _cleared(text: str) -> str:
    return COLOURS.sub("", text) if "\x1b" in text else text


def _encoding(raw: bytes) -> str:
    """The name of the encoding, by the first bytes or by what they can be decoded as."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if raw[1:200:2].count(0) > len(raw[1:200:2]) / 2:
        return "utf-16-le"
    if raw[0:200:2].count(0) > len(raw[0:200:2]) / 2:
        return "utf-16-be"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start >= len(raw) - 4 else _encoding_of_one_byte(raw)
    return "utf-8"


def _encoding_of_one_byte(raw: bytes) -> str:
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "latin-1"
    return "gb18030"


def _decoded(raw: bytes) -> str:
    return raw.decode(_encoding(raw), "replace")


def _json(text: str) -> tuple[Any, tuple[str, ...]]:
    value = _loaded(text)
    if value is not None:
        return value, ()
    return _json_lines(text) or _cut_back(text) or (None, ())


def _loaded(text: str) -> Any:
    """The value; None if it is no JSON. What the fast parser refuses the lenient one may take."""
    try:
        return from_json(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> tuple[Any, tuple[str, ...]] | None:
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return None
    if (rows := _loaded(f"[{','.join(lines)}]")) is not None:
        return rows, ()
    whole = [line for line in lines if line.lstrip().startswith("{") and line.rstrip()[-1] == "}"]
    if not whole or 2 * len(whole) < len(lines):
        return None
    rows = [row for line in whole if (row := _loaded(line)) is not None]
    lost = len(lines) - len(rows)
    return (
        (rows, (f"{lost} lines are not whole JSON and were left out",) * bool(lost))
        if rows
        else None
    )


def _cut_back(text: str) -> tuple[Any, tuple[str, ...]] | None:
    """The part of a JSON text before it breaks off, with its brackets closed."""
    open_: list[str] = []
    best: tuple[int, str] | None = None
    for mark in MARKS.finditer(text):
        match mark[0]:
            case "{" | "[":
                open_.append("}" if mark[0] == "{" else "]")
                continue
            case "}" | "]":
                if not open_ or open_.pop() != mark[0]:
                    break
                end = mark.end()
            case ",":
                end = mark.start()
            case _:
                continue
        best = end, "".join(reversed(open_))
    value = _loaded(text[: best[0]] + best[1]) if best else None
    return None if value is None else (value, ("the JSON text is cut off; read what is whole",))


def is_numbers(value: object) -> bool:
    """Whether it is a list of numbers (or of None and numbers in words)."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        return False
    head = value[:50]
    plain = [item for item in head if _is_number(item) or number(item) is not None]
    return bool(plain) and all(
        item is None or isinstance(item, str) or _is_number(item) for item in head
    )


def _is_number(value: object) -> bool:
    """Whether it is one, a scalar of numpy or of torch too."""
    return hasattr(type(value), "__float__") and not isinstance(value, bool)
