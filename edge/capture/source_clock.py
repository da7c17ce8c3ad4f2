"""The time of a recording, or of pictures one after the other, as the gate's clock."""

import datetime as dt

from edge.domain.clock import Clock

_NS_PER_STILL = 1_000_000_000


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


class StillsClock:
    """Stands at one picture until the next is taken, a second later.

    A picture has no age, however long it is judged; and a hold is as many pictures long on every machine.
    """

    def __init__(self, base: Clock) -> None:
        """Start at ``base``'s present time."""
        self._base = base
        self._now_ns = self._taken_ns = base.monotonic_ns()

    def advance(self) -> None:
        """Move to the next picture."""
        self._now_ns += _NS_PER_STILL
        self._taken_ns = self._base.monotonic_ns()

    @property
    def since_taken_ms(self) -> float:
        """Milliseconds of the machine's clock since the picture was taken: for people, never for a deadline."""
        return (self._base.monotonic_ns() - self._taken_ns) / 1e6

    def monotonic_ns(self) -> int:
        """Return the start plus a second a picture."""
        return self._now_ns

    def utc(self) -> dt.datetime:
        """Return the wall time: for records, it is that of the machine."""
        return self._base.utc()
