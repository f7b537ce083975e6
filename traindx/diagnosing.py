"""From a run in whatever form to its report."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from traindx.engine.diagnosis import Diagnostician
from traindx.engine.knowledge import KnowledgeBase
from traindx.engine.loader import load
from traindx.engine.report import Report
from traindx.mlp import monitors as _monitors  # registers how a history is observed
from traindx.mlp.readers import read

__all__ = ["Diagnostician", "default_knowledge", "diagnose", "load_knowledge"]
assert _monitors is not None


def load_knowledge(*folders: str | PathLike[str]) -> KnowledgeBase:
    """The knowledge that comes with traindx, and that of further folders of rule files.

    Raises SourceError with every complaint (file, line, what is wrong, what instead).
    """
    return load(Path(str(files("traindx.kb"))), *map(Path, folders))


@lru_cache(maxsize=8)
def _diagnostician(engine: str, folders: tuple[str, ...]) -> Diagnostician:
    return Diagnostician(load_knowledge(*folders), engine)


def default_knowledge() -> KnowledgeBase:
    """The knowledge that comes with traindx, loaded once."""
    return _diagnostician("auto", ()).knowledge


def diagnose(
    history: Any,
    *,
    rules: Iterable[str | PathLike[str]] = (),
    engine: str = "auto",
    aliases: Mapping[str, str] | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Report:
    """What is wrong with a training, why, and what to do about it.

    history: a path (CSV, JSON, JSON lines, text log, TensorBoard events, run record; packed too;
        `-` for standard input; a folder), a dict of lists, a list of dicts, a list of losses, a
        pair (losses, validation losses), a Keras `History`, a Hugging Face trainer state, a
        scikit-learn estimator, a booster's results, a data frame, an open file, or a `History`.
    rules: further folders of rule files.
    engine: "auto" (durable_rules where it can be used), "durable_rules" or "plain".
    aliases: how columns are to be read, such as {"train/total": "loss@train"} or
        {"loss": "train/total"}.
    select, ignore: the only causes and symptoms to report, and those not to.

    Raises ReadError if the history cannot be read, SourceError if a rule file is wrong, ValueError
    if no cause and no symptom has the name of one to select or to ignore.
    """
    folders = tuple(str(Path(folder).resolve()) for folder in rules)
    asked = _diagnostician(engine, folders).selecting(select, ignore)
    return asked.diagnose(read(history, aliases=aliases))
