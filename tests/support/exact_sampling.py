"""Step 2 of ``engines.render.spec`` without fixed point: the smooth function that the definition is near."""

import numpy as np
from numpy.typing import NDArray

from engines.render.base import Pixels
from engines.render.reference import FloatArray, crop_coordinates
from engines.render.sampling import level_matrix
from engines.render.spec import CropGeometry


def exactly_sampled(pixels: Pixels, crop: CropGeometry, side: int, width: int, height: int) -> Pixels:
    """Return the crop of a frame, placed on ``width`` x ``height``: float64, rounded half up once (``Sample``)."""
    u, v = np.meshgrid(crop_coordinates(width, side), crop_coordinates(height, side))
    x, y = np.einsum("ij,jrc->irc", level_matrix(crop), np.stack([u, v, np.ones_like(u)]))
    return np.floor(_bilinear(_level(pixels, crop.decimation), x, y) + 0.5).astype(np.uint8)


def _level(pixels: Pixels, n: int) -> Pixels:
    height, width = pixels.shape[0] // n, pixels.shape[1] // n
    blocks = pixels[: height * n, : width * n].astype(np.int64).reshape(height, n, width, n, 3)
    sums: NDArray[np.int64] = blocks.sum(axis=(1, 3))
    return ((2 * sums + n * n) // (2 * n * n)).astype(np.uint8)


def _bilinear(level: Pixels, x: FloatArray, y: FloatArray) -> FloatArray:
    height, width = level.shape[:2]
    total = np.zeros((*x.shape, 3))
    for dy in (0, 1):
        for dx in (0, 1):
            column, row = np.floor(x) + dx, np.floor(y) + dy
            weight = (1 - np.abs(x - column)) * (1 - np.abs(y - row))
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            taps = level[row[inside].astype(np.int64), column[inside].astype(np.int64)]
            total[inside] += weight[inside][:, None] * taps
    return total
