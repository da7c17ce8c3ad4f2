"""A door elsewhere: whoever drives it listens for the signed decision event, so there is nothing to move here."""

from typing import final

from edge.domain.clock import Clock
from edge.domain.verdict import Verdict
from edge.door.guard import OpeningGuard


@final
class MqttOnlyDoor:
    """Checks verdicts like any door and counts them.

    Attributes:
        openings: how many attempts were let through.
    """

    def __init__(self, clock: Clock, *, longest_age_ms: float) -> None:
        """Read time from ``clock``; refuse verdicts older than ``longest_age_ms``."""
        self._guard = OpeningGuard(clock, longest_age_ms=longest_age_ms)
        self.openings = 0

    def open(self, verdict: Verdict) -> None:
        """See ``edge.door.base.Door.open``."""
        with self._guard.opening(verdict) as is_new:
            self.openings += is_new
