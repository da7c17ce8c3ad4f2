"""A recording's own time: from its first frame, in nanoseconds, never backwards."""

_MOST_STEP_S = 10.0
_LIKELY_RATES = (0.1, 1000.0)
_DEFAULT_RATE = 30.0


class SourceTimeline:
    """Turns the time stamps of a file into source time.

    A stamp that is missing, runs backwards or jumps more than 10 s (joined recordings do) continues one nominal frame
    after the last.
    """

    def __init__(self, frames_per_s: float) -> None:
        least, most = _LIKELY_RATES
        self._step_s = 1.0 / (frames_per_s if least <= frames_per_s <= most else _DEFAULT_RATE)
        self._shift_s: float | None = None
        self._last_s: float | None = None

    def next_ns(self, stamp_s: float | None) -> int:
        """Return the source time of the next frame, which the file stamps ``stamp_s`` seconds."""
        if self._last_s is None:
            self._last_s = 0.0
            self._shift_s = None if stamp_s is None else -stamp_s
            return 0
        now_s = self._last_s + self._step_s
        if stamp_s is not None:
            shifted = None if self._shift_s is None else stamp_s + self._shift_s
            if shifted is not None and 0 < shifted - self._last_s <= _MOST_STEP_S:
                now_s = shifted
            else:
                self._shift_s = now_s - stamp_s
        self._last_s = now_s
        return round(now_s * 1e9)
