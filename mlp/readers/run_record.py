"""Our own run records (`traindx.mlp.record`)."""

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document
from traindx.mlp.record import is_record, loaded


def recognise(document: Document) -> float:
    return 1.0 if is_record(document.data) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    return [loaded(document)]
