"""Document: what a reader is given, whether it came from a file or from an object in memory."""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

GZIP = b"\x1f\x8b"
LARGEST = 2**31
"""Bytes that a compressed file may grow to."""

BINARIES = {
    b"PK\x03\x04": "a zip archive; unpack it first",
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
    raw: bytes = b""
    given: Any = None
    frame: bool = False
    """Whether it was a data frame, in which NaN mostly means an empty cell."""

    @cached_property
    def unpacked(self) -> tuple[bytes, tuple[str, ...]]:
        """The bytes, unzipped; and what was wrong with them."""
        return _unzipped(self.raw) if self.raw.startswith(GZIP) else (self.raw, ())

    @property
    def content(self) -> bytes:
        return self.unpacked[0]

    @cached_property
    def text(self) -> str:
        """The text without colour codes and byte-order marks; empty for a value or a binary."""
        text = COLOURS.sub("", _decoded(self.content)) if self.content else ""
        return "" if CONTROL.search(text[:100_000]) else text.lstrip("\ufeff")

    @cached_property
    def _json(self) -> tuple[Any, tuple[str, ...]]:
        if self.given is not None:
            return self.given, ()
        return _json(self.text) if self.text.lstrip()[:1] in ("{", "[") else (None, ())

    @property
    def data(self) -> Any:
        """The value that was handed in or is written as JSON; JSON lines are a list; else None."""
        return self._json[0]

    @property
    def notes(self) -> tuple[str, ...]:
        return self.unpacked[1] + self._json[1]

    @cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        """The data as a list of mappings, if that is what it is."""
        data = self.data
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
        document = Document(str(path), path.read_bytes())
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror or error}; give the path of a log") from None
    if not document.content.strip():
        raise ReadError(f"{path}: the file is empty; give a log with at least one row")
    if document.content.startswith(b"version https://git-lfs"):
        raise ReadError(f"{path}: a Git LFS pointer, not the file itself; run 'git lfs pull'")
    for magic, what in BINARIES.items():
        if document.content.startswith(magic):
            raise ReadError(f"{path}: {what}")
    return document


def _unzipped(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    parts: list[bytes] = []
    while raw.startswith(GZIP):
        stream = zlib.decompressobj(wbits=31)
        try:
            parts.append(stream.decompress(raw, LARGEST))
        except zlib.error:
            parts.append(_salvaged(raw))
            return b"".join(parts), ("the compressed file is damaged; read up to the damage",)
        if not stream.eof:
            return b"".join(parts), ("the compressed file is cut off; read what is there",)
        raw = stream.unused_data
    return b"".join(parts), ()


def _salvaged(raw: bytes) -> bytes:
    stream, parts = zlib.decompressobj(wbits=31), []
    try:
        for start in range(0, len(raw), 256):
            parts.append(stream.decompress(raw[start : start + 256], LARGEST))
    except zlib.error:
        pass
    return b"".join(parts)


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    if raw[1:200:2].count(0) > len(raw[1:200:2]) / 2:
        return raw.decode("utf-16-le", "replace")
    if raw[0:200:2].count(0) > len(raw[0:200:2]) / 2:
        return raw.decode("utf-16-be", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 4:
            return raw.decode("utf-8", "replace")
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _json(text: str) -> tuple[Any, tuple[str, ...]]:
    value = _loaded(text)
    if value is not None:
        return value, ()
    return _json_lines(text) or _cut_back(text) or (None, ())


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> tuple[Any, tuple[str, ...]] | None:
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    if not lines[0].lstrip().startswith("{"):
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
    plain = [item for item in head if _is_number(item)]
    return bool(plain) and all(
        item is None or isinstance(item, str) or _is_number(item) for item in head
    )


def _is_number(value: object) -> bool:
    """Whether it is one, a scalar of numpy or of torch too."""
    return hasattr(type(value), "__float__") and not isinstance(value, bool)
