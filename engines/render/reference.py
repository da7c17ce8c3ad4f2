"""The definition of ``engines.render.spec`` in numpy, word by word: slow, and the yardstick of every renderer."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engines.render.base import Batch, Pixels, check_crop, check_render_arguments
from engines.render.sampling import part_read
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Squeeze, ViewSpec

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Sample = Callable[[Pixels, CropGeometry, int, int, int], Pixels]
"""Of a frame, a crop, its side, and the width and height that it is placed on: the placed crop (step 2)."""
BINOMIAL5 = (1, 4, 6, 4, 1)


class ReferenceRenderer:
    """A renderer to compare others with; far too slow to serve.

    Args:
        sample: reads crops out of frames; as the definition says if None.
    """

    def __init__(self, sample: Sample | None = None) -> None:
        self._sample = sample or sampled

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        """Render as ``Renderer.render`` says."""
        check_render_arguments(pixels, views, spec, out)
        check_crop(crop, spec.side)
        for plane, view in zip(out, views, strict=True):
            _, _, width, height = view.inner.to_px(spec.side)
            inner = self._sample(pixels, crop, spec.side, width, height)
            picture = squeezed(placed(inner, view, spec.side), view, spec.side)
            ordered = picture[:, :, ::-1] if spec.order is ChannelOrder.RGB else picture
            values = (ordered.astype(np.float32) - np.float32(spec.mean)) * np.float32(spec.scale)
            plane[...] = values.transpose(2, 0, 1)


def block_mean(pixels: Pixels, n: int) -> Pixels:
    """Return the n x n block mean; incomplete far blocks are dropped (step 2)."""
    height, width = pixels.shape[0] // n, pixels.shape[1] // n
    blocks = pixels[: height * n, : width * n].astype(np.int64).reshape(height, n, width, n, 3)
    sums: IntArray = blocks.sum(axis=(1, 3))
    if n == 2:
        return (sums + 2 >> 2).astype(np.uint8)
    means: NDArray[np.float32] = np.rint(sums.astype(np.float32) * (np.float32(1) / np.float32(n * n)))
    return means.astype(np.uint8)


def coordinates(matrix: FloatArray, width: int, height: int) -> tuple[IntArray, IntArray]:
    """Return where each pixel of a placed crop lies, in 1/32 px: x and y, each (height, width) (step 2)."""
    columns, rows = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)
    x, y = (np.rint((b * rows + c) * 1024)[:, None] + np.rint(a * columns * 1024) for a, b, c in matrix)
    return x.astype(np.int64) + 16 >> 5, y.astype(np.int64) + 16 >> 5


def bilinear(level: Pixels, x: IntArray, y: IntArray) -> Pixels:
    """Return ``level`` at the coordinates (x, y) in 1/32 px from pixel centers; taps outside it read 0 (step 2).

    Args:
        level: uint8 (h, w, 3); may be empty.
        x: int64, any shape s.
        y: int64, the same shape.

    Returns:
        uint8 (*s, 3).
    """
    height, width = level.shape[:2]
    total = np.zeros((*x.shape, 3), np.int64)
    for dy in (0, 1):
        for dx in (0, 1):
            column, row = (x >> 5) + dx, (y >> 5) + dy
            weight = (32 - np.abs(x - 32 * column)) * (32 - np.abs(y - 32 * row))
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            total[inside] += weight[inside][:, None] * level[row[inside], column[inside]]
    return (total + 512 >> 10).astype(np.uint8)


def sampled(pixels: Pixels, crop: CropGeometry, side: int, width: int, height: int) -> Pixels:
    """Return the crop of a frame, placed on ``width`` x ``height`` (step 2)."""
    part = part_read(crop, side, pixels.shape[1], pixels.shape[0])
    x, y = coordinates(part.placed(side, width, height), width, height)
    return bilinear(block_mean(pixels, crop.decimation), x + 32 * part.window.left, y + 32 * part.window.top)


def crop_coordinates(count: int, side: int) -> FloatArray:
    """Return the crop coordinate of each of ``count`` placed pixels (step 1)."""
    return (np.arange(count, dtype=np.float64) + 0.5) * side / count - 0.5


def placed(inner: Pixels, view: ViewSpec, side: int) -> Pixels:
    """Return the uint8 picture (side, side, 3) of a placed crop, occluded, before any squeezer (steps 1 and 3)."""
    x, y, width, height = view.inner.to_px(side)
    at_x = (crop_coordinates(width, side) + 0.5) / side
    at_y = ((crop_coordinates(height, side) + 0.5) / side)[:, None]
    picture = np.full((side, side, 3), view.fill, np.uint8)
    part = picture[y : y + height, x : x + width]
    part[...] = inner
    for hole in view.occlusions:
        part[(at_x >= hole.x) & (at_x < hole.x + hole.width) & (at_y >= hole.y) & (at_y < hole.y + hole.height)] = (
            view.fill
        )
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
