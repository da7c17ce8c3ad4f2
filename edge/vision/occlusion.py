"""How a copy of a face is occluded: over the sampled crop, or in the frame before anything else looks at it.

A copy is worth a certificate only if what lies inside its mask cannot reach it. Painted into the frame nothing can.
Painted over the sampled crop what lies next to the mask's edge can, as far as sampling spreads a pixel: so a patch
counts as hidden when the mask holds it with ``DILATION_PX`` to spare, and a face so small that a pixel of its frame
spreads further is not certified.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.certificate import Mask
from engines.render.spec import CropGeometry, Region, ViewSpec

Pixels = NDArray[np.uint8]

DILATION_PX = 2.0
"""How far outside itself, in pixels of the crop, a patch may reach: what coverage is counted with."""

_TAP_PX = 0.5 + 1 / 32
"""Bilinear sampling reads a pixel up to half a pixel beyond its own area; OpenCV rounds coordinates to 1/32."""
_CHROMA_PX = 1.0
"""A 4:2:0 picture shares one color among 2 x 2 pixels."""


def views_of(masks: Sequence[Mask]) -> tuple[ViewSpec, ...]:
    """Return the view in which each mask hides its part of the crop."""
    return tuple(ViewSpec(name=m.name, occlusions=(Region(m.x, m.y, m.width, m.height),), fill=m.fill) for m in masks)


def spread_px(crop: CropGeometry) -> float:
    """Return how far outside itself a pixel of the frame reaches in the sampled crop, in pixels of the crop.

    With n = ``crop.decimation`` a pixel fills its whole n x n block, which reaches n - 1 pixels further at most, and
    taps and color are those of blocks.
    """
    (a, b, _), (c, d, _) = crop.matrix.tolist()
    frame_px = math.sqrt(abs(a * d - b * c))
    n = crop.decimation
    return ((n - 1) + n * _TAP_PX + _CHROMA_PX) / frame_px


def is_within_dilation(crop: CropGeometry) -> bool:
    """Whether what a mask hides with ``DILATION_PX`` to spare cannot reach the copy without it."""
    return spread_px(crop) <= DILATION_PX


class Painter:
    """Paints masks into frames. Its memory is as large as the largest frame seen, and reused: not thread-safe."""

    def __init__(self) -> None:
        self._memory: Pixels = np.empty(0, np.uint8)

    def painted(self, pixels: Pixels, crop: CropGeometry, mask: Mask, *, side_px: int) -> Pixels:
        """Return a copy of a frame in which every pixel is gray whose center lies in the mask's part of the crop.

        Args:
            pixels: uint8 BGR (h, w, 3); not changed.
            crop: where the crop lies in the frame.
            mask: what to hide.
            side_px: of the crop.

        Returns:
            uint8 (h, w, 3), valid until the next call.
        """
        if self._memory.size < pixels.size:
            self._memory = np.empty(pixels.size, np.uint8)
        copy = self._memory[: pixels.size].reshape(pixels.shape)
        np.copyto(copy, pixels)
        paint(copy, crop, mask, side_px=side_px)
        return copy


def paint(pixels: Pixels, crop: CropGeometry, mask: Mask, *, side_px: int) -> None:
    """Make every pixel of a frame gray, in place, whose center lies in the mask's part of the crop.

    Args:
        pixels: uint8 BGR (h, w, 3).
        crop: where the crop lies in the frame.
        mask: what to hide.
        side_px: of the crop.
    """
    top, bottom, left, right = _reach(pixels, crop, mask, side_px)
    if top >= bottom or left >= right:
        return
    inverse = np.linalg.inv(np.vstack([crop.matrix, [0.0, 0.0, 1.0]]))
    y, x = np.mgrid[top:bottom, left:right]
    u = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] + 0.5) / side_px
    v = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] + 0.5) / side_px
    inside = (u >= mask.x) & (u < mask.x + mask.width) & (v >= mask.y) & (v < mask.y + mask.height)
    pixels[top:bottom, left:right][inside] = mask.fill


def _reach(pixels: Pixels, crop: CropGeometry, mask: Mask, side_px: int) -> tuple[int, int, int, int]:
    """Return first and last + 1 row, first and last + 1 column of the frame that the mask can touch."""
    u = np.array([mask.x, mask.x + mask.width]) * side_px - 0.5
    v = np.array([mask.y, mask.y + mask.height]) * side_px - 0.5
    corners = np.array([[across, down, 1.0] for across in u for down in v])
    xs, ys = crop.matrix @ corners.T
    height, width = pixels.shape[:2]
    return (
        max(0, math.floor(ys.min()) - 1),
        min(height, math.ceil(ys.max()) + 2),
        max(0, math.floor(xs.min()) - 1),
        min(width, math.ceil(xs.max()) + 2),
    )
