"""Fits frames of any size into a detector's fixed input, without a new array a frame."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

MOST_ENLARGED = 4.0  # beyond this a picture holds no face that is large enough to be judged


@dataclass(frozen=True, slots=True)
class Placement:
    """How a frame lies in the input: in its top left corner, scaled by ``scale_x`` and ``scale_y`` (near equal)."""

    scale_x: float
    scale_y: float


class Letterbox:
    """A float32 (1, 3, height, width) BGR batch, 0..255, that frames are drawn into. Not thread-safe."""

    def __init__(self, width: int, height: int) -> None:
        self.batch = np.zeros((1, 3, height, width), np.float32)
        self._resized = np.empty(height * width * 3, np.uint8)
        self._planes = np.empty((3, height * width), np.uint8)
        self._drawn = (0, 0)

    def draw(self, pixels: Pixels, shrink: float = 1.0) -> Placement:
        """Draw a frame into ``batch``, zeros beside and below it.

        Args:
            pixels: uint8 (h, w, 3), BGR. Shrunk to fit, or enlarged up to ``MOST_ENLARGED`` times: the detector
                places landmarks better on a larger face.
            shrink: further factor in (0, 1]: how much smaller than it could be the frame shall lie in the input.

        Returns:
            Where it lies.
        """
        height, width = pixels.shape[:2]
        rows, columns = self.batch.shape[2:]
        scale = min(MOST_ENLARGED, columns / width, rows / height) * shrink
        w, h = max(1, min(columns, round(width * scale))), max(1, min(rows, round(height * scale)))
        if (w, h) != (width, height):
            resized = self._resized[: h * w * 3].reshape(h, w, 3)
            way = cv2.INTER_AREA if w < width else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, (w, h), dst=resized, interpolation=way)  # type: ignore[assignment]
        self._write(pixels, w, h)
        return Placement(w / width, h / height)

    def _write(self, pixels: Pixels, width: int, height: int) -> None:
        if self._drawn != (width, height):
            self.batch[...] = 0
            self._drawn = (width, height)
        planes = self._planes[:, : height * width].reshape(3, height, width)
        cv2.split(pixels, list(planes))
        np.copyto(self.batch[0, :, :height, :width], planes)
