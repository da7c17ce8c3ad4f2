"""The time of day as far as it can be believed: set at all, and never behind itself.

A wall clock that is set back makes old commands young again. The monotonic clock cannot be set, so the latest time of
day that was seen, moved on by it, is a floor that the wall clock must keep.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from edge.domain.clock import Clock
from edge.messaging.commands.problems import CommandProblem

MOST_BACK: Final = dt.timedelta(seconds=2)
"""How far the wall clock may fall behind the monotonic one: what time services correct without a step, and little
enough to matter for ten seconds of life."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of both clocks.

    Attributes:
        monotonic_ns: the monotonic one.
        utc: the time of day, or why it cannot be believed.
    """

    monotonic_ns: int
    utc: dt.datetime | CommandProblem


class TimeOfDay:
    """Reads both clocks together. One thread."""

    def __init__(self, clock: Clock, not_before: dt.datetime) -> None:
        """Begin to watch.

        Args:
            clock: the machine's.
            not_before: the wall clock is not set while it stands before this day, such as that of the profile.
        """
        self._clock = clock
        self._not_before = not_before
        self._seen: tuple[dt.datetime, int] | None = None
        self.now()

    def now(self) -> Moment:
        """Return the time on both clocks."""
        utc, now_ns = self._clock.utc(), self._clock.monotonic_ns()
        if utc < self._not_before:
            return Moment(now_ns, CommandProblem.CLOCK_UNSET)
        if self._seen is not None:
            floor = self._seen[0] + dt.timedelta(microseconds=(now_ns - self._seen[1]) // 1_000)
            if utc < floor - MOST_BACK:
                return Moment(now_ns, CommandProblem.CLOCK_WENT_BACK)
            if utc <= floor:
                return Moment(now_ns, utc)
        self._seen = (utc, now_ns)
        return Moment(now_ns, utc)
