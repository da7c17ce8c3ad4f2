"""Whether frames are new: their age, and whether the feed repeats itself. Both fail towards a fault."""

import numpy as np
from numpy.typing import NDArray

from edge.domain.frame import Frame

_SAMPLE_STEP = 16
_CLOCK_SLACK_MS = 1.0


def frame_age_ms(frame: Frame, now_ns: int) -> float:
    """Return how long ago a frame was captured; ``now_ns`` is of the clock that stamped it."""
    return (now_ns - frame.captured_ns) / 1e6


def is_stale(frame: Frame, now_ns: int, *, most_age_ms: float) -> bool:
    """Return whether a frame is too old to decide on. One from the future is: some clock is wrong."""
    age_ms = frame_age_ms(frame, now_ns)
    return not -_CLOCK_SLACK_MS <= age_ms <= most_age_ms


class FrozenFeedDetector:
    """Counts frames that repeat the one before, byte by byte.

    A sensor's noise never does; a stuck driver, a paused replay and a hung encoder do. Show
    it every frame of a source that is not ``is_stills``. Compressed streams of a still scene may repeat some frames,
    so ``most_repeats`` is a matter of the camera; a repeated frame should never count as further evidence.
    """

    def __init__(self, *, most_repeats: int) -> None:
        """``most_repeats``: so many repeats in a row are still no frozen feed."""
        if most_repeats < 0:
            raise ValueError("most_repeats cannot be negative")
        self._most_repeats = most_repeats
        self._last: NDArray[np.uint8] | None = None
        self._repeats = 0

    @property
    def repeats(self) -> int:
        """How many frames in a row, up to the last, repeated the one before."""
        return self._repeats

    @property
    def is_frozen(self) -> bool:
        """Whether there were more repeats than allowed."""
        return self._repeats > self._most_repeats

    def observe(self, frame: Frame) -> bool:
        """Take in the next frame and return whether the feed is frozen.

        A sparse sample is compared first, which settles nearly every frame; then all bytes.
        """
        pixels, last = frame.pixels, self._last
        if last is None or last.shape != pixels.shape:
            self._last = pixels.copy()
            self._repeats = 0
            return self.is_frozen
        step = _SAMPLE_STEP
        is_same = np.array_equal(pixels[::step, ::step], last[::step, ::step]) and np.array_equal(pixels, last)
        if is_same:
            self._repeats += 1
        else:
            self._repeats = 0
            np.copyto(last, pixels)
        return self.is_frozen

    def reset(self) -> None:
        """Forget the last frame: the camera was started anew."""
        self._last = None
        self._repeats = 0
