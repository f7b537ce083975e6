"""RLlib's `result.json` and `progress.csv`, with what each policy learned under names of its own.

These are `info/learner/POLICY/learner_stats/total_loss` and the like.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from traindx.mlp.history import History
from traindx.mlp.readers.assemble import Aliases, histories
from traindx.mlp.readers.columns import Sheet, from_rows
from traindx.mlp.readers.csv_table import table
from traindx.mlp.readers.document import Document
from traindx.mlp.readers.json_values import flattened

LEARNED = re.compile(r"(?:info/learner|learners)/([^/]+)/(?:learner_stats/)?([^/]+)")
SETTINGS = re.compile(r"(?:config|perf|timers|counters|sampler_results|fault_tolerance)/.*")
"""Of the machine or the configuration, or what is said twice."""
REWARD = "env_runners/episode_return_mean"
KNOWN = {
    "total_loss": "loss@train",
    "policy_loss": "loss_component@train/policy",
    "vf_loss": "loss_component@train/vf",
    "kl": "kl@",
    "mean_kl_loss": "kl@",
    "entropy": "policy_entropy@",
    "cur_lr": "learning_rate@",
    "grad_gnorm": "gradient_norm@",
    "vf_explained_var": "metric@train/vf_explained_var",
}


def recognise(document: Document) -> float:
    if document.data is None:
        header = document.text[:100_000].split("\n", 1)[0]
        learned = "info/learner/" in header or "learners/" in header
        return 0.9 if learned and "training_iteration" in header else 0.0
    keys = document.keys
    return 0.9 if "training_iteration" in keys and keys & {"info", "learners"} else 0.0


def parse(document: Document, aliases: Aliases) -> list[History]:
    sheet = table(document) if document.data is None else _of_rows(document)
    names, notes = _names(sheet.columns)
    return histories(replace(sheet, names=names, notes=(*sheet.notes, *notes)), document, aliases)


def _of_rows(document: Document) -> Sheet:
    return from_rows(flattened(document.rows or [document.data]))


def _names(titles: Collection[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the columns mean; of several policies the first has the plain names."""
    names = {title: "" for title in titles if SETTINGS.fullmatch(title)}
    names |= {REWARD: "reward@"} if REWARD in titles else {}
    found = {title: match for title in titles if (match := LEARNED.fullmatch(title))}
    policies = list(dict.fromkeys(m[1] for m in found.values() if m[2] in KNOWN))
    for title, match in found.items():
        first = match[1] == next(iter(policies), "")
        names[title] = KNOWN.get(match[2], "") if first else ""
    if len(policies) < 2:
        return names, ()
    others = ", ".join(f"'{policy}'" for policy in policies[1:])
    return names, (f"of several policies that of '{policies[0]}' is shown; left out: {others}",)
