"""fastai `history.csv`: the metrics are of the validation data, a header stands before each fit."""

from dataclasses import replace

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document

HEADER = "epoch,train_loss,valid_loss"
OWN = ("epoch", "train_loss", "valid_loss", "time")


def recognise(document: Document) -> float:
    return 0.9 if document.text[:200].lstrip().startswith(HEADER) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    sheet = table(document)
    metrics = [title for title in sheet.columns if title not in OWN]
    names = {t: "accuracy@val" if t == "accuracy" else f"metric@val/{t}" for t in metrics}
    return histories(replace(sheet, names=names), document, aliases)
