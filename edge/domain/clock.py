"""Time as a role, so that tests and recorded video can set it."""

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """Where the gate reads time."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never run backwards; for ages and deadlines."""
        ...

    def utc(self) -> dt.datetime:
        """Return the wall clock, timezone-aware UTC; for people and records, never for deadlines."""
        ...


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        """Return ``time.monotonic_ns()``."""
        return time.monotonic_ns()

    def utc(self) -> dt.datetime:
        """Return the current UTC time."""
        return dt.datetime.now(dt.UTC)
