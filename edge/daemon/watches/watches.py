"""All watches as one: what a gate is asked before every frame, looked at a few times a second."""

from collections.abc import Callable, Sequence

from edge.domain.clock import Clock
from edge.domain.errors import EdgeError

Watch = Callable[[], EdgeError | None]
"""Says what is wrong now, or None. Quick; it does not raise."""

_EVERY_NS = 250_000_000


class Watches:
    """The first fault of several watches; itself a ``Watch``. One thread.

    Args:
        watches: in order: the first fault is told.
        clock: how long ago they were asked.
    """

    def __init__(self, watches: Sequence[Watch], clock: Clock) -> None:
        self._watches = tuple(watches)
        self._clock = clock
        self._asked_ns: int | None = None
        self._fault: EdgeError | None = None

    def __call__(self) -> EdgeError | None:
        """Return the fault, at most a quarter of a second old."""
        now_ns = self._clock.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns >= _EVERY_NS:
            self._asked_ns = now_ns
            found = [fault for watch in self._watches if (fault := watch()) is not None]  # each is asked every time
            self._fault = found[0] if found else None
        return self._fault
