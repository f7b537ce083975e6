"""traindx: reads a neural network's training history and says what is wrong, why, and what to do.

>>> from traindx import diagnose
>>> report = diagnose({"loss": [2.3, 1.9, 1.7], "val_loss": [2.3, 2.0, 1.9]})
>>> print(report)                     # the diagnoses, their evidence and remedies
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traindx.diagnosing import Diagnostician, default_knowledge, diagnose, load_knowledge
    from traindx.engine.knowledge import KnowledgeBase
    from traindx.engine.report import Report
    from traindx.engine.sources import SourceError
    from traindx.mlp.history import History, Series
    from traindx.mlp.network import MLP, TrainingSpec, gradient_check, train
    from traindx.mlp.readers import ReadError, read, read_all
    from traindx.mlp.record import load, save
    from traindx.mlp.settings import Settings

PLACES = {
    "traindx.diagnosing": ("Diagnostician", "default_knowledge", "diagnose", "load_knowledge"),
    "traindx.engine.knowledge": ("KnowledgeBase",),
    "traindx.engine.report": ("Report",),
    "traindx.engine.sources": ("SourceError",),
    "traindx.mlp.history": ("History", "Series"),
    "traindx.mlp.network": ("MLP", "TrainingSpec", "gradient_check", "train"),
    "traindx.mlp.readers": ("ReadError", "read", "read_all"),
    "traindx.mlp.record": ("load", "save"),
    "traindx.mlp.settings": ("Settings",),
}
_MODULE = {name: module for module, names in PLACES.items() for name in names}

__all__ = [
    "MLP",
    "Diagnostician",
    "History",
    "KnowledgeBase",
    "ReadError",
    "Report",
    "Series",
    "Settings",
    "SourceError",
    "TrainingSpec",
    "default_knowledge",
    "diagnose",
    "gradient_check",
    "load",
    "load_knowledge",
    "read",
    "read_all",
    "save",
    "train",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that `import traindx` stays light."""
    if name not in _MODULE:
        raise AttributeError(f"module 'traindx' has no attribute '{name}'")
    return getattr(import_module(_MODULE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
