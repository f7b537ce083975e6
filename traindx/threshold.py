"""The threshold: from which severity on something counts."""

from enum import StrEnum


class FailOn(StrEnum):
    """From which severity on the exit status says that something was found."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"

    def reached_by(self, severity: str) -> bool:
        """Whether something of that severity counts."""
        order = list(FailOn)
        return order.index(FailOn(severity)) >= order.index(self)
