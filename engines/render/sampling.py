"""Steps 1 and 2 of ``engines.render.spec`` on the CPU: read a crop out of a frame, each output pixel once.

How OpenCV rounds is part of the definition: ``warpAffine`` knows coordinates to 1/32 px alone.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.render.base import Pixels
from engines.render.spec import CropGeometry

_WARP = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_TAP_MARGIN_PX = 2


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a decimated frame that a crop can touch, in level pixels: half-open, never outside the level."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        """Whether the crop lies wholly outside the frame."""
        return self.right <= self.left or self.bottom <= self.top


def level_matrix(crop: CropGeometry) -> NDArray[np.float64]:
    """Return the (2, 3) matrix from crop pixels to pixels of the decimated frame."""
    matrix = crop.matrix / crop.decimation
    matrix[:, 2] = (crop.matrix[:, 2] + 0.5) / crop.decimation - 0.5
    return matrix


def needed_window(matrix: NDArray[np.float64], side: int, level_width: int, level_height: int) -> Window:
    """Return which part of a level a ``side`` x ``side`` crop reads, with a margin for the bilinear taps."""
    corners = [(u, v) for u in (-0.5, side - 0.5) for v in (-0.5, side - 0.5)]
    xs, ys = ([row[0] * u + row[1] * v + row[2] for u, v in corners] for row in matrix.tolist())
    return Window(
        left=max(0, math.floor(min(xs)) - _TAP_MARGIN_PX),
        top=max(0, math.floor(min(ys)) - _TAP_MARGIN_PX),
        right=min(level_width, math.ceil(max(xs)) + _TAP_MARGIN_PX + 1),
        bottom=min(level_height, math.ceil(max(ys)) + _TAP_MARGIN_PX + 1),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a crop reads.

    Attributes:
        window: where it lies in the level.
        matrix: float64 (2, 3), from crop pixels to pixels of the window.
    """

    window: Window
    matrix: NDArray[np.float64]

    def placed(self, side: int, width: int, height: int) -> NDArray[np.float64]:
        """Return the (2, 3) matrix from pixels of the crop, placed on ``width`` x ``height``, to the window's."""
        scale_x, scale_y = side / width, side / height
        matrix = np.empty((2, 3))
        matrix[:, 0] = self.matrix[:, 0] * scale_x
        matrix[:, 1] = self.matrix[:, 1] * scale_y
        matrix[:, 2] = self.matrix @ (scale_x / 2 - 0.5, scale_y / 2 - 0.5, 1.0)
        return matrix


def part_read(crop: CropGeometry, side: int, frame_width: int, frame_height: int) -> Part:
    """Return what a ``side`` x ``side`` crop reads of a frame."""
    matrix = level_matrix(crop)
    window = needed_window(matrix, side, frame_width // crop.decimation, frame_height // crop.decimation)
    matrix[:, 2] -= (window.left, window.top)
    return Part(window, matrix)


class CropSampler:
    """Samples one crop at a time; ``look`` chooses it, ``sample`` reads it at any resolution. Not thread-safe.

    Its memory grows to the largest decimated part seen and is then reused.
    """

    def __init__(self) -> None:
        self._memory: Pixels = np.empty(0, np.uint8)
        self._source: Pixels | None = None
        self._part: Part | None = None
        self._side = 1

    def look(self, pixels: Pixels, crop: CropGeometry, side: int) -> None:
        """Choose the frame and the crop; decimates the part that the crop needs, and no more.

        Args:
            pixels: uint8 (height, width, 3), BGR; must stay valid until the last ``sample`` of it.
            crop: where the crop lies.
            side: crop pixels to a side.
        """
        n = crop.decimation
        self._side = side
        self._part = part_read(crop, side, pixels.shape[1], pixels.shape[0])
        window = self._part.window
        if window.is_empty:
            self._source = None
            return
        part = pixels[window.top * n : window.bottom * n, window.left * n : window.right * n]
        self._source = part if n == 1 else self._decimated(part, n)

    def sample(self, dst: Pixels) -> None:
        """Read the whole crop into ``dst``, uint8 (h, w, 3) contiguous, of any size."""
        if self._source is None or self._part is None:
            dst[...] = 0
            return
        height, width = dst.shape[:2]
        matrix = self._part.placed(self._side, width, height)
        cv2.warpAffine(self._source, matrix, (width, height), dst=dst, flags=_WARP, borderMode=cv2.BORDER_CONSTANT)

    def _decimated(self, part: Pixels, n: int) -> Pixels:
        # INTER_AREA at a whole factor is the block mean, rounded as the definition says.
        height, width = part.shape[0] // n, part.shape[1] // n
        size = height * width * 3
        if self._memory.size < size:
            self._memory = np.empty(size, np.uint8)
        level = self._memory[:size].reshape(height, width, 3)
        cv2.resize(part, (width, height), dst=level, interpolation=cv2.INTER_AREA)
        return level
