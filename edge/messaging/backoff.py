"""How long to wait before the next attempt."""

from collections.abc import Callable


class Backoff:
    """Doubling waits with jitter, so that a fleet does not come back in one stampede.

    Each wait is drawn evenly from the upper half of its step: ``[step / 2, step]``.
    """

    def __init__(self, least_s: float, most_s: float, draw: Callable[[], float]) -> None:
        """Take the bounds in seconds and a source of numbers in [0, 1)."""
        if not 0 < least_s <= most_s:
            raise ValueError(f"a backoff from {least_s} to {most_s} s makes no sense")
        self._least_s = least_s
        self._most_s = most_s
        self._draw = draw
        self._step_s = least_s

    def next_s(self) -> float:
        """Return the seconds to wait now, and double the step."""
        step_s = self._step_s
        self._step_s = min(step_s * 2, self._most_s)
        return step_s * (0.5 + 0.5 * self._draw())

    def jump(self) -> None:
        """Make the next wait a longest one: trying again soon cannot help."""
        self._step_s = self._most_s

    def reset(self) -> None:
        """Begin at the shortest wait again: it worked."""
        self._step_s = self._least_s
