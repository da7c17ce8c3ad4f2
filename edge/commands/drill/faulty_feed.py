"""A feed whose pictures go wrong on demand, around the real one."""

from dataclasses import replace
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from edge.capture.source import Source
from edge.capture.supervisor import CameraFeed, Nothing
from edge.domain.frame import Frame

_NOISE = 3
_DARK_GAIN, _DARK_LEVEL = 0.015, 3.0
_COVER = 150.0  # daylight through tape


class PictureFault(Enum):
    """What is wrong with the pictures."""

    NONE = auto()
    FROZEN = auto()
    DARK = auto()
    COVERED = auto()


class FaultyFeed:
    """Frames of a feed (``edge.daemon.feed_loop.Feed``), with a fault.

    Args:
        inner: the real feed, of BGR frames.
        source: the camera that it passes for.
    """

    def __init__(self, inner: CameraFeed, source: Source) -> None:
        self.fault = PictureFault.NONE
        self._inner = inner
        self._source = source
        self._kept: NDArray[np.uint8] | None = None
        self._rng = np.random.default_rng(1)

    @property
    def source(self) -> Source:
        """The camera that it passes for."""
        return self._source

    def next_frame(self, timeout_ms: int) -> Frame | Nothing:
        """Return the next frame; raises as the real feed does."""
        frame = self._inner.next_frame(timeout_ms)
        if not isinstance(frame, Frame):
            return frame
        match self.fault:
            case PictureFault.NONE:
                self._kept = None
                return frame
            case PictureFault.FROZEN:
                self._kept = frame.pixels.copy() if self._kept is None else self._kept
                return replace(frame, pixels=self._kept)
            case PictureFault.DARK:
                return replace(frame, pixels=self._noisy(frame.pixels * _DARK_GAIN + _DARK_LEVEL))
            case PictureFault.COVERED:
                even = np.full(frame.pixels.shape, _COVER, np.float32)
                return replace(frame, pixels=self._noisy(even))

    def _noisy(self, pixels: NDArray[np.floating]) -> NDArray[np.uint8]:
        noise = self._rng.integers(-_NOISE, _NOISE + 1, pixels.shape)
        drawn: NDArray[np.uint8] = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        return drawn
