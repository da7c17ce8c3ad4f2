"""The time of a recording as the gate's clock."""

import datetime as dt

from edge.domain.clock import Clock


class SourceClock:
    """Stands at the capture time of the last frame; between frames it does not move.

    With it two seconds of video are two seconds to every deadline, however fast frames are worked off.
    """

    def __init__(self, base: Clock) -> None:
        """Start at ``base``'s present time."""
        self._start_ns = base.monotonic_ns()
        self._start_utc = base.utc()
        self._elapsed_ns = 0

    def advance_to(self, source_time_ns: int) -> None:
        """Move to a frame's time, counted from the recording's first frame; a time that is over changes nothing."""
        self._elapsed_ns = max(self._elapsed_ns, source_time_ns)

    def monotonic_ns(self) -> int:
        """Return the start plus the time that the recording has run."""
        return self._start_ns + self._elapsed_ns

    def utc(self) -> dt.datetime:
        """Return the wall time of the start plus the time that the recording has run."""
        return self._start_utc + dt.timedelta(microseconds=self._elapsed_ns // 1000)
