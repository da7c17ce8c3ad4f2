"""A door for tests and the demo."""

from typing import final

from edge.domain.clock import Clock
from edge.domain.errors import DoorError
from edge.domain.verdict import AttemptId, Verdict
from edge.door.guard import OpeningGuard


@final
class FakeDoor:
    """Records whom it opened for, and fails on demand.

    Attributes:
        openings: attempts it opened for, in order.
        is_broken: set it to make the next openings fail.
    """

    def __init__(self, clock: Clock, *, longest_age_ms: float) -> None:
        """Read time from ``clock``; refuse verdicts older than ``longest_age_ms``."""
        self._guard = OpeningGuard(clock, longest_age_ms=longest_age_ms)
        self.openings: list[AttemptId] = []
        self.is_broken = False

    def open(self, verdict: Verdict) -> None:
        """See ``edge.door.base.Door.open``."""
        with self._guard.opening(verdict) as is_new:
            if not is_new:
                return
            if self.is_broken:
                raise DoorError("the fake door was told to fail", hint="mend it: is_broken = False")
            self.openings.append(verdict.attempt_id)
