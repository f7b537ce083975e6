"""Monitors: from a history to facts. Every module in this folder is one quantity's whole life."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules

from traindx.engine.facts import Fact, observe
from traindx.mlp.history import History

Monitor = Callable[[History], Iterable[Fact]]
monitors: dict[str, Monitor] = {}


def monitor(function: Monitor) -> Monitor:
    """Have a function asked about every history."""
    monitors[function.__name__] = function
    return function


@observe.register
def observe_history(run: History) -> Iterator[Fact]:
    """Every fact that a monitor can measure."""
    for watch in monitors.values():
        yield from watch(run)


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
