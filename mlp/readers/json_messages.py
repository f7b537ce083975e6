"""JSON lines of a logger: losses stand in the words of a message, not in fields of their own."""

from collections.abc import Mapping
from typing import Any

from traindx.mlp.history import History
from traindx.mlp.readers import text_log
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document

MOST = 0.5
MESSAGES = ("message", "msg", "event", "text")
HEAD = 200


def recognise(document: Document) -> float:
    spoken = _spoken(document.rows[:HEAD])
    return MOST if spoken and text_log.recognise(_text(document, spoken)) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    return text_log.parse(_text(document, _spoken(document.rows)), aliases)


def _spoken(rows: list[Mapping[str, Any]]) -> list[str]:
    """The messages of the rows, if most have one."""
    key = next((key for key in MESSAGES if rows and isinstance(rows[0].get(key), str)), None)
    said = [str(row[key]) for row in rows if isinstance(row.get(key), str)] if key else []
    return said if 2 * len(said) > len(rows) else []


def _text(document: Document, spoken: list[str]) -> Document:
    return Document(document.name, "\n".join(spoken).encode("utf-8", "replace"))
