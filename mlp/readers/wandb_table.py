"""Weights & Biases table of runs: final values of many runs, which is no history of one."""

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document, ReadError

OWN = ('"State"', '"Created"', '"Runtime"', '"Sweep"', '"User"')


def recognise(document: Document) -> float:
    header = document.text[:20_000].split("\n", 1)[0]
    return 0.9 if header.startswith('"Name"') and sum(o in header for o in OWN) > 1 else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    raise ReadError(
        f"{document.name}: a table of runs with their final values, not the history of one; "
        "export the run's history (run.scan_history()) or a chart"
    )
