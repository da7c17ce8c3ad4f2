"""Steps 1 and 2 of ``engines.render.spec`` on the CPU without OpenCV's rounding of coordinates to 1/32 px.

It agrees with the kernels but for the last bit of single precision, and takes milliseconds where OpenCV's
``warpAffine`` takes tenths of one: it is a way to tell what that rounding does to an embedding, and not what serves.
"""

import numpy as np
from numpy.typing import NDArray

from engines.render.base import Pixels
from engines.render.reference import block_mean
from engines.render.sampling import level_matrix, needed_window
from engines.render.spec import CropGeometry


class ExactSampler:
    """Bilinear sampling with coordinates in double and weights in single precision (``Sampler``)."""

    def __init__(self) -> None:
        self._bordered: Pixels | None = None
        self._matrix = np.zeros((2, 3))
        self._side = 1

    def look(self, pixels: Pixels, crop: CropGeometry, side: int) -> None:
        """Choose the frame and the crop; what lies around the part that is read is black."""
        n = crop.decimation
        self._side = side
        self._matrix = level_matrix(crop)
        window = needed_window(self._matrix, side, pixels.shape[1] // n, pixels.shape[0] // n)
        if window.is_empty:
            self._bordered = None
            return
        part = pixels[window.top * n : window.bottom * n, window.left * n : window.right * n]
        self._bordered = np.pad(part if n == 1 else block_mean(part, n), ((1, 1), (1, 1), (0, 0)))
        self._matrix[:, 2] -= (window.left, window.top)

    def sample(self, dst: Pixels) -> None:
        """Read the whole crop into ``dst``, uint8 (h, w, 3) contiguous, of any size."""
        if self._bordered is None:
            dst[...] = 0
            return
        height, width = dst.shape[:2]
        u = (np.arange(width) + 0.5) * self._side / width - 0.5
        v = (np.arange(height) + 0.5) * self._side / height - 0.5
        rows, columns = self._bordered.shape[:2]
        left, right, across = _taps(
            self._matrix[0, 0] * u + self._matrix[0, 1] * v[:, None] + self._matrix[0, 2], columns
        )
        top, bottom, along = _taps(
            self._matrix[1, 0] * u + self._matrix[1, 1] * v[:, None] + self._matrix[1, 2], rows
        )
        flat = self._bordered.reshape(-1, 3)
        upper, lower = (
            _between(flat[row * columns + left], flat[row * columns + right], across) for row in (top, bottom)
        )
        np.copyto(dst, np.floor(upper + (lower - upper) * along + np.float32(0.5)), casting="unsafe")


def _taps(
    coordinates: NDArray[np.float64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return where both taps of each coordinate lie in a bordered row of ``size``, and how far between them it is."""
    first = np.floor(coordinates)
    share = (coordinates - first).astype(np.float32)[..., None]
    place = first.astype(np.int64) + 1
    return place.clip(0, size - 1), (place + 1).clip(0, size - 1), share


def _between(first: Pixels, second: Pixels, share: NDArray[np.float32]) -> NDArray[np.float32]:
    low = first.astype(np.float32)
    mixed: NDArray[np.float32] = low + (second.astype(np.float32) - low) * share
    return mixed
