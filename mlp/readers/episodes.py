"""Stable-Baselines3's `monitor.csv`: the reward r, the length l and the time t of each episode."""

from dataclasses import replace

import numpy as np

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Column
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document

NAMES = {"episode": "step", "r": "reward@", "l": "metric@train/episode_length", "t": ""}


def recognise(document: Document) -> float:
    first, _, rest = document.text[:4000].partition("\n")
    comment = first.startswith(("#{", "# {")) and '"t_start"' in first
    return 0.95 if comment and rest.startswith("r,l,t") else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    sheet = table(document)
    episodes = Column(np.arange(1.0, sheet.rows + 1), np.ones(sheet.rows, dtype=bool))
    columns = {"episode": episodes, **sheet.columns}
    return histories(replace(sheet, columns=columns, names=NAMES), document, aliases)
