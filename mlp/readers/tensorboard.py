"""TensorBoard event files: records of protocol buffers, of which only the scalars are read.

The format is simple enough to be read without TensorBoard itself: length, checksum, event,
checksum; an event has a step (field 2) and a summary (5) of values (1) with a tag (1) and a number
(2) or a tensor (8).
"""

import struct
from collections.abc import Iterator
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

Field = tuple[int, bytes | int]
FLOAT, DOUBLE = 1, 2


def recognise(document: Document) -> float:
    return 1.0 if b"brain.Event:" in document.content[:64] else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = rows_of(document.content)
    if not rows:
        raise ReadError(
            f"{document.name}: the event file has no scalars; log a loss with add_scalar"
        )
    return histories(from_rows(rows), document, aliases)


def rows_of(content: bytes, prefix: str = "") -> list[dict[str, Any]]:
    """A row for each step with its scalars by tag, with a prefix before the tags."""
    rows: dict[int, dict[str, float]] = {}
    for step, tag, value in _scalars(content):
        rows.setdefault(step, {})[prefix + tag] = value
    return [{"step": step, **values} for step, values in sorted(rows.items())]


def _scalars(content: bytes) -> Iterator[tuple[int, str, float]]:
    for event in _records(content):
        fields = dict(_fields(event))
        step, summary = fields.get(2, 0), fields.get(5)
        if isinstance(summary, bytes) and isinstance(step, int):
            yield from ((step, *scalar) for scalar in _values(summary))


def _values(summary: bytes) -> Iterator[tuple[str, float]]:
    for field, value in _fields(summary):
        parts = dict(_fields(value)) if field == 1 and isinstance(value, bytes) else {}
        tag, simple, tensor = parts.get(1), parts.get(2), parts.get(8)
        number = _float(simple) if isinstance(simple, bytes) else _scalar(tensor)
        if isinstance(tag, bytes) and number is not None:
            yield tag.decode("utf-8", "replace"), number


def _scalar(tensor: bytes | int | None) -> float | None:
    """The number in a tensor of one float or double."""
    if not isinstance(tensor, bytes):
        return None
    fields = dict(_fields(tensor))
    wide = fields.get(1) == DOUBLE
    packed = fields.get(4) or fields.get(6 if wide else 5)
    return (
        _float(packed) if fields.get(1) in (FLOAT, DOUBLE) and isinstance(packed, bytes) else None
    )


def _float(packed: bytes) -> float | None:
    form = {4: "<f", 8: "<d"}.get(len(packed))
    return float(struct.unpack(form, packed)[0]) if form else None


def _records(content: bytes) -> Iterator[bytes]:
    place = 0
    while place + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        end = place + 12 + length
        if end > len(content):
            return
        yield content[place + 12 : end]
        place = end + 4


def _fields(message: bytes) -> Iterator[Field]:
    """The fields of a message by number, up to where it stops making sense."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        match key & 7:
            case 0:
                value, place = _varint(message, place)
                yield key >> 3, value
                continue
            case 1:
                size = 8
            case 2:
                size, place = _varint(message, place)
            case 5:
                size = 4
            case _:
                return
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    for place in range(place, min(place + 10, len(message))):  # noqa: B020
        value |= (message[place] & 127) << shift
        shift += 7
        if message[place] < 128:
            return value, place + 1
    return value, len(message)
