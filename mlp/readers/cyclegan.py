"""CycleGAN and pix2pix `loss_log.txt`: adversarial losses of two generators and discriminators."""

import re

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import from_rows
from traindx.mlp.readers.document import Document, ReadError

LINE = re.compile(r"^\(epoch: (\d+), iters: (\d+),[^)]*\)(.*)$", re.MULTILINE)
PAIR = re.compile(r"([A-Za-z]\w*):\s*([-+\w.]+)")


def recognise(document: Document) -> float:
    return 0.95 if LINE.search(document.text[:5000]) else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    rows = [
        {"epoch": epoch, "iters": iters, **dict(PAIR.findall(rest))}
        for epoch, iters, rest in LINE.findall(document.text)
    ]
    if not rows:
        raise ReadError(f"{document.name}: no whole line with losses; give the whole log")
    titles = {title for row in rows for title in row}
    names = {t: _meaning(t) for t in titles if t not in ("epoch", "iters")}
    settings = {"task": "adversarial"}
    return histories(from_rows(rows, names=names, settings=settings), document, aliases)


def _meaning(title: str) -> str:
    """D_A and D_real are of a discriminator, G_A and G_GAN of a generator, the rest are parts."""
    kind, _, which = title.partition("_")
    quantity = {"D": "discriminator_loss", "G": "generator_loss"}.get(kind)
    return f"{quantity}@{which}" if quantity else f"loss_component@train/{title}"
