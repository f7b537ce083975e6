"""Weights & Biases chart export: a column for each run, beside it its least and largest value."""

from dataclasses import replace

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document


def recognise(document: Document) -> float:
    header = document.text[:20_000].split("\n", 1)[0]
    return 0.9 if " - " in header and "__MIN" in header and "__MAX" in header else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    """Each run's columns by themselves."""
    whole = table(document)
    titles = [t for t in whole.columns if " - " in t and not t.endswith(("__MIN", "__MAX"))]
    runs = dict.fromkeys(title.rpartition(" - ")[0] for title in titles)
    return [h for run in runs for h in histories(_of(whole, run), document, aliases)]


def _of(whole: Sheet, run: str) -> Sheet:
    own = {
        t.rpartition(" - ")[2]: c
        for t, c in whole.columns.items()
        if t.rpartition(" - ")[0] == run and not t.endswith(("__MIN", "__MAX"))
    }
    places = {t: c for t, c in whole.columns.items() if " - " not in t}
    return replace(whole, columns={**places, **own}, notes=(f"the run '{run}'",))
