"""A clock that moves when told."""

import datetime as dt


class HandClock:
    """Stands until somebody moves it.

    Attributes:
        now_utc: the time of day.
        now_ns: the monotonic time.
    """

    def __init__(self, now_utc: dt.datetime) -> None:
        self.now_utc = now_utc
        self.now_ns = 1

    def monotonic_ns(self) -> int:
        """Return the monotonic time."""
        return self.now_ns

    def utc(self) -> dt.datetime:
        """Return the time of day."""
        return self.now_utc
