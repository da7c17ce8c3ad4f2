"""A clock that can be set: the wall clock jumps, the monotonic one goes on."""

import datetime as dt

from edge.domain.clock import Clock


class ShiftedClock:
    """Another clock (``Clock``), its time of day moved.

    Attributes:
        shift: by so much.
    """

    def __init__(self, inner: Clock) -> None:
        self.shift = dt.timedelta(0)
        self._inner = inner

    def monotonic_ns(self) -> int:
        """Return the other clock's."""
        return self._inner.monotonic_ns()

    def utc(self) -> dt.datetime:
        """Return the other clock's time of day, moved."""
        return self._inner.utc() + self.shift
