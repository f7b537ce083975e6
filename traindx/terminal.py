"""The terminal: how wide it is, and whether it shows more than ASCII."""

import os
from collections.abc import Mapping

from rich.console import Console

PLAIN_LOCALES = ("C", "POSIX")
COERCED = "C.UTF-8"
"""What Python itself puts into LC_CTYPE where the locale is C (PEP 538)."""


class AsciiConsole(Console):
    """A console for a terminal that knows no more than ASCII."""

    @property
    def encoding(self) -> str:
        """ASCII, whatever Python takes it for."""
        return "ascii"


def console(width: int | None = None, stderr: bool = False) -> Console:
    """An output of a width (None: that of the terminal), in the characters that it can show."""
    kind = AsciiConsole if is_plain(os.environ) else Console
    return kind(width=width, highlight=False, stderr=stderr)


def is_plain(environment: Mapping[str, str]) -> bool:
    """Whether the locale is one of ASCII only; where none is set, it is not known to be."""
    ctype = environment.get("LC_CTYPE", "")
    said = (environment.get("LC_ALL"), "" if ctype == COERCED else ctype, environment.get("LANG"))
    return next(filter(None, said), "") in PLAIN_LOCALES
