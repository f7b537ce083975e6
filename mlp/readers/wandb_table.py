"""Weights & Biases table of runs and summary of a run: final values, which are no history."""

from collections.abc import Mapping

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases
from traindx.mlp.readers.document import Document, ReadError

OWN = ('"State"', '"Created"', '"Runtime"', '"Sweep"', '"User"')

SUMMED_UP = frozenset({"_wandb", "_runtime", "_step", "_timestamp"})


def recognise(document: Document) -> float:
    if _is_summary(document):
        return 0.9
    header = document.text[:20_000].split("\n", 1)[0]
    return 0.9 if header.startswith('"Name"') and sum(o in header for o in OWN) > 1 else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    what = (
        "a summary, which has the final values of a run"
        if _is_summary(document)
        else "a table of runs with their final values"
    )
    raise ReadError(
        f"{document.name}: {what}, not the history of one; "
        "export the run's history (run.scan_history()) or a chart"
    )


def _is_summary(document: Document) -> bool:
    data = document.data
    if not isinstance(data, Mapping) or len(SUMMED_UP & data.keys()) < 2:
        return False
    return not any(isinstance(value, list) for value in data.values())
