"""The definition of ``engines.render.spec`` in float64 numpy: slow, and the yardstick of every renderer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engines.render.base import Batch, Pixels, check_crop, check_render_arguments
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Squeeze, ViewSpec

FloatArray = NDArray[np.float64]
BINOMIAL5 = (1, 4, 6, 4, 1)


class ReferenceRenderer:
    """A renderer to compare others with; far too slow to serve."""

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        """Render as ``Renderer.render`` says."""
        check_render_arguments(pixels, views, spec, out)
        check_crop(crop, spec.side)
        for plane, view in zip(out, views, strict=True):
            picture = squeezed(reference_picture(pixels, crop, view, spec.side), view, spec.side)
            ordered = picture[:, :, ::-1] if spec.order is ChannelOrder.RGB else picture
            values = (ordered.astype(np.float32) - np.float32(spec.mean)) * np.float32(spec.scale)
            plane[...] = values.transpose(2, 0, 1)


def block_mean(pixels: Pixels, n: int) -> Pixels:
    """Return the n x n block mean, rounded half up; incomplete far blocks are dropped (step 2)."""
    height, width = pixels.shape[0] // n, pixels.shape[1] // n
    blocks = pixels[: height * n, : width * n].astype(np.int64).reshape(height, n, width, n, 3)
    sums: NDArray[np.int64] = blocks.sum(axis=(1, 3))
    return ((2 * sums + n * n) // (2 * n * n)).astype(np.uint8)


def bilinear(level: Pixels, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``level`` at the pixel-center coordinates (x, y); taps outside it read 0 (step 2).

    Args:
        level: uint8 (h, w, 3); may be empty.
        x: float64, any shape s.
        y: float64, the same shape.

    Returns:
        float64 (*s, 3), not rounded.
    """
    height, width = level.shape[:2]
    left, top = np.floor(x), np.floor(y)
    total = np.zeros((*x.shape, 3))
    for dy in (0, 1):
        for dx in (0, 1):
            column, row = left + dx, top + dy
            weight = (1 - np.abs(x - column)) * (1 - np.abs(y - row))
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            taps = level[row[inside].astype(np.int64), column[inside].astype(np.int64)]
            total[inside] += weight[inside][:, None] * taps
    return total


def crop_coordinates(first: int, count: int, side: int) -> FloatArray:
    """Return the crop coordinate of each of ``count`` output pixels from ``first`` on (step 1)."""
    u = np.arange(first, first + count, dtype=np.float64)
    return (u - first + 0.5) * side / count - 0.5


def reference_picture(pixels: Pixels, crop: CropGeometry, view: ViewSpec, side: int) -> Pixels:
    """Return the placed, sampled and occluded uint8 picture (side, side, 3), before any squeezer (steps 1-3)."""
    x, y, width, height = view.inner.to_px(side)
    cu, cv = np.meshgrid(crop_coordinates(x, width, side), crop_coordinates(y, height, side))
    frame_x, frame_y = np.einsum("ij,jrc->irc", crop.matrix, np.stack([cu, cv, np.ones_like(cu)]))
    n = crop.decimation
    level = block_mean(pixels, n)
    sampled = bilinear(level, (frame_x + 0.5) / n - 0.5, (frame_y + 0.5) / n - 0.5)
    inner = np.floor(sampled + 0.5).astype(np.uint8)
    for hole in view.occlusions:
        at_x, at_y = (cu + 0.5) / side, (cv + 0.5) / side
        inner[(at_x >= hole.x) & (at_x < hole.x + hole.width) & (at_y >= hole.y) & (at_y < hole.y + hole.height)] = (
            view.fill
        )
    picture = np.full((side, side, 3), view.fill, np.uint8)
    picture[y : y + height, x : x + width] = inner
    return picture


def squeezed(picture: Pixels, view: ViewSpec, side: int) -> Pixels:
    """Return ``picture`` after the view's squeezer (step 4)."""
    x, y, width, height = view.inner.to_px(side)
    result = picture.copy()
    result[y : y + height, x : x + width] = _squeeze(picture[y : y + height, x : x + width], view.squeeze)
    return result


def _squeeze(inner: Pixels, squeeze: Squeeze) -> Pixels:
    match squeeze:
        case Squeeze.NONE:
            return inner
        case Squeeze.BITS4:
            # floor(v * 15 / 255 + 0.5) in integers: 255 is odd, so no tie can occur.
            return ((inner.astype(np.int64) * 30 + 255) // 510 * 17).astype(np.uint8)
        case Squeeze.MEDIAN3:
            median: NDArray[np.int64] = np.sort(_neighborhood(inner, 1), axis=0)[4]
            return median.astype(np.uint8)
        case Squeeze.GAUSS5:
            weights = np.outer(BINOMIAL5, BINOMIAL5).reshape(25, 1, 1, 1)
            sums: NDArray[np.int64] = (_neighborhood(inner, 2) * weights).sum(axis=0)
            return (sums + 128 >> 8).astype(np.uint8)


def _neighborhood(inner: Pixels, radius: int) -> NDArray[np.int64]:
    height, width = inner.shape[:2]
    padded = np.pad(inner.astype(np.int64), ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    size = 2 * radius + 1
    return np.stack([padded[dy : dy + height, dx : dx + width] for dy in range(size) for dx in range(size)])
