"""Frames that show nothing: a lens that something bright and even covers, or a signal without a picture."""

import cv2
import numpy as np

from edge.domain.frame import Frame, PixelFormat

_GRID = (12, 9)  # blocks a frame, columns and rows: a sensor's noise is gone in their means, any scene is not


def frame_contrast(frame: Frame) -> float:
    """Return how much the parts of a frame differ: standard deviation of the means of its blocks, gray levels.

    A frame that is empty is 0. Tape, a sticker or breath on the lens leave a soft gradient, of few gray levels.
    """
    height, width = frame.height_px, frame.width_px
    if height < _GRID[1] or width < _GRID[0]:
        return 0.0
    # Every fourth row and column where a block then still has sixteen pixels: as good, at a sixteenth of the time.
    step = max(1, min(4, width // (4 * _GRID[0]), height // (4 * _GRID[1])))
    sparse = (width // step, height // step)
    pixels = cv2.resize(frame.pixels[:height], sparse, interpolation=cv2.INTER_NEAREST)
    small = cv2.resize(pixels, _GRID, interpolation=cv2.INTER_AREA).astype(np.float64)
    gray = small.mean(axis=2) if frame.pixel_format is PixelFormat.BGR else small
    return float(gray.std())


def is_blank(frame: Frame, *, least_contrast: float) -> bool:
    """Return whether the parts of a frame differ by less than ``least_contrast`` gray levels."""
    return frame_contrast(frame) < least_contrast
