"""Severity: how bad one quantity is, from 0 to 1, and the light that shows it."""

AMBER = 0.15
RED = 0.4


def status(severity: float | None) -> str:
    """The light of a severity; white where nothing can be said."""
    if severity is None:
        return "⚪"
    return "🟢" if severity < AMBER else "🟡" if severity < RED else "🔴"


class Lit:
    """What has a severity and so a light; for the facts of the ten live monitors."""

    severity: float | None

    @property
    def status(self) -> str:
        """🟢, 🟡, 🔴, or ⚪ where nothing can be said."""
        return status(self.severity)
