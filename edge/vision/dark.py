"""Darkness and covered lenses, seen cheaply on the whole frame."""

import math

import numpy as np
from numpy.typing import NDArray

from edge.domain.frame import Frame, PixelFormat

_GRID = 48
_BRIGHT_SHARE = 0.95
_NV12_BLACK, _NV12_RANGE = 16.0, 219.0


def frame_brightness(frame: Frame) -> float:
    """Return how bright the brighter parts of a frame are: 95th percentile of gray on a coarse grid, 0..255.

    A lit face in a dark room raises it; noise of a covered sensor hardly does. An empty frame is 0.
    """
    height, width = frame.height_px, frame.width_px
    if not height or not width:
        return 0.0
    grid = frame.pixels[: height : max(1, height // _GRID), :: max(1, width // _GRID)]
    if frame.pixel_format is PixelFormat.BGR:
        blue, green, red = (grid[..., channel].astype(np.uint16) for channel in range(3))
        return _bright_part(blue + green + red) / 3
    return min(255.0, max(0.0, (_bright_part(grid) - _NV12_BLACK) * 255 / _NV12_RANGE))


def _bright_part(values: NDArray[np.uint8] | NDArray[np.uint16]) -> float:
    """Return the 95th percentile, between two values by linear interpolation."""
    place = _BRIGHT_SHARE * (values.size - 1)
    below, above = math.floor(place), math.ceil(place)
    ordered = np.partition(values, (below, above), axis=None)
    low, high = float(ordered[below]), float(ordered[above])
    return low + (high - low) * (place - below)


def is_dark(frame: Frame, *, least_brightness: float) -> bool:
    """Return whether even the brighter parts of the frame lie below ``least_brightness``, 0..255."""
    return frame_brightness(frame) < least_brightness
