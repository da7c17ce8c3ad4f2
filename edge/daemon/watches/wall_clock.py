"""Whether the wall clock runs as the monotonic one does, or was set.

Ages and deadlines are monotonic and do not care. But signed decisions expire by the wall clock, and so does the
profile: a clock that is set back makes old decisions fresh again at a controller that shares it. Nobody can tell
here which time is right, so what is open when it jumps is denied and told, and the gate goes on when it is steady.
"""

from edge.domain.clock import Clock
from edge.domain.errors import ClockJumpedError, EdgeError

_LEAST_JUMP_NS = 500_000_000  # a quarter of what a signed decision is valid for
_MOST_SLEW = 0.001  # NTP slews by half of this at the most (adjtime, 500 ppm)
_SETTLE_NS = 1_000_000_000
_MOST_READING_NS = 50_000_000  # a reading of both clocks that took longer says nothing of either


class WallClockWatch:
    """A ``Watch``: a fault for a second after each jump. Backwards and forwards are alike.

    Args:
        clock: both clocks.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: tuple[int, int] | None = None
        self._until_ns = 0
        self._jump_s = 0.0
        self()

    def __call__(self) -> EdgeError | None:
        """Return the jump, while it is new."""
        before_ns = self._clock.monotonic_ns()
        wall_ns = round(self._clock.utc().timestamp() * 1e9)
        now_ns = self._clock.monotonic_ns()
        if now_ns - before_ns <= _MOST_READING_NS:
            self._compare(now_ns, wall_ns)
        if now_ns >= self._until_ns:
            return None
        return ClockJumpedError(
            f"the wall clock was set {'forward' if self._jump_s > 0 else 'back'} by {abs(self._jump_s):.1f} s",
            hint="look at the time service of this machine, and who may set its clock",
        )

    def _compare(self, now_ns: int, wall_ns: int) -> None:
        last, self._last = self._last, (now_ns, wall_ns - now_ns)
        if last is None:
            return
        jump_ns = self._last[1] - last[1]
        if abs(jump_ns) > _LEAST_JUMP_NS + _MOST_SLEW * (now_ns - last[0]):
            self._jump_s = jump_ns / 1e9
            self._until_ns = now_ns + _SETTLE_NS
