"""How long the parts of one thing took, one after the other."""

from edge.domain.clock import Clock


class Laps:
    """A stopwatch that is read at the end of every part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun_ns = clock.monotonic_ns()
        self._took: list[tuple[str, float]] = []

    def over(self, part: str) -> None:
        """End a part; the next one begins."""
        now_ns = self._clock.monotonic_ns()
        self._took.append((part, (now_ns - self._begun_ns) / 1e6))
        self._begun_ns = now_ns

    @property
    def took_ms(self) -> tuple[tuple[str, float], ...]:
        """Milliseconds of every part that is over, in order."""
        return tuple(self._took)
