"""How long to wait before a camera is tried again."""

import random

_GROWTH = 2.0
_JITTER = 0.25


class Backoff:
    """Delays that double from 0.5 s to 30 s, each spread by a quarter so that many gates do not knock in step."""

    def __init__(self, *, first_ms: int = 500, most_ms: int = 30_000, rng: random.Random | None = None) -> None:
        if not 0 < first_ms <= most_ms:
            raise ValueError("back-off delays must be positive and ordered")
        self._first_ms = first_ms
        self._most_ms = most_ms
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, hides nothing
        self._failures = 0

    def next_ms(self) -> int:
        """Return the delay after one more failure, milliseconds; never more than ``most_ms``."""
        plain = min(self._most_ms, self._first_ms * _GROWTH ** min(self._failures, 32))
        self._failures += 1
        return min(self._most_ms, round(plain * self._rng.uniform(1 - _JITTER, 1 + _JITTER)))

    def reset(self) -> None:
        """Begin anew: the camera runs."""
        self._failures = 0
