"""What a renderer computes, exactly. Every renderer (CPU, CUDA) is the same function of these values.

Per view and output pixel (u, v) of a side x side picture, with all coordinates counted from pixel centers
(the center of the first pixel is 0):

1. *Place.* ``inner`` = (x, y, w, h) output pixels, each rounded half up from its fraction of ``side``. Outside it
   the pixel is ``fill`` in all channels. Inside, the crop coordinate is ``((u - x + 0.5) * side / w - 0.5,
   (v - y + 0.5) * side / h - 0.5)``.
2. *Sample.* The crop's affine ``matrix`` takes it to the frame. With n = ``crop.decimation`` the frame is read
   through its n x n block mean (blocks anchored at the frame's first pixel, incomplete far blocks dropped); a level
   coordinate is ``(c + 0.5) / n - 0.5``. Bilinear; taps outside read 0. All of it is rounded as OpenCV's
   ``warpAffine`` and ``resize`` round: below.
3. *Occlude.* Crop coordinates inside any of ``occlusions`` (fractions of side, half-open, tested at
   ``(crop coordinate + 0.5) / side``) become ``fill``. Masks come before any filter.
4. *Squeeze.* On the uint8 picture: BITS4 ``floor(v * 15 / 255 + 0.5) * 17``; MEDIAN3 per channel; GAUSS5 with the
   binomial kernel (1 4 6 4 1)/16 both ways, summed in integers, ``(sum + 128) >> 8``. Neighbors are clamped to
   ``inner``, and only pixels inside it change.
5. *Normalize.* Channels in the model's order, ``(value - mean) * scale`` as float32, planes (C, side, side).

How step 2 is rounded. ``rint`` is to the nearest integer, half to even.

- The block mean is ``(sum + 2) >> 2`` for n = 2, otherwise ``rint(float32(sum) * (float32(1) / float32(n * n)))``.
- M is the float64 matrix from pixel (i, j) of the placed crop to the part of the level that is read, counted from the
  part's first pixel, all as ``engines.render.sampling`` computes it.
- A coordinate is a whole number of 1/32 px: ``(rint(M0 * i * 1024) + rint((M1 * j + M2) * 1024) + 16) >> 5``.
- The four weights are whole numbers of 1/1024, the products of 1/32; the value is ``(weighted sum + 512) >> 10``.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Squeeze(StrEnum):
    """Feature squeezers (Xu et al., NDSS 2018) that the renderers know."""

    NONE = "none"
    BITS4 = "bits4"
    MEDIAN3 = "median3"
    GAUSS5 = "gauss5"


class ChannelOrder(StrEnum):
    """Order of color planes that a model was trained with."""

    RGB = "rgb"
    BGR = "bgr"


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in fractions of the output side, 0..1."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        ends = (self.x, self.y, self.x + self.width, self.y + self.height)
        if not all(-1e-9 <= e <= 1 + 1e-9 for e in ends) or self.width <= 0 or self.height <= 0:
            raise ValueError(f"a region must lie within 0..1 and have an area, got {self}")

    def to_px(self, side: int) -> tuple[int, int, int, int]:
        """Return (x, y, width, height) in whole pixels of a picture of ``side``, each rounded half up."""
        x = min(math.floor(self.x * side + 0.5), side - 1)
        y = min(math.floor(self.y * side + 0.5), side - 1)
        width, height = math.floor(self.width * side + 0.5), math.floor(self.height * side + 0.5)
        return x, y, max(1, min(width, side - x)), max(1, min(height, side - y))


WHOLE = Region(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSpec:
    """One way to look at a face. Defenses name these; they never touch pixels.

    Attributes:
        name: unique within a batch, such as ``plain`` or ``random-2``.
        inner: where the whole crop is placed (random resize-and-pad); the rest is ``fill``.
        occlusions: parts of the crop painted over with ``fill``.
        squeeze: filter after occlusion.
        fill: gray level 0..255 of padding and occlusions.
    """

    name: str
    inner: Region = WHOLE
    occlusions: tuple[Region, ...] = ()
    squeeze: Squeeze = Squeeze.NONE
    fill: int = 0


PLAIN = ViewSpec(name="plain")


@dataclass(frozen=True, slots=True, eq=False)
class CropGeometry:
    """Where a model's crop lies in the frame.

    Attributes:
        matrix: float64 (2, 3): output pixel coordinates to frame pixel coordinates, both from pixel centers.
        decimation: block size n of the box prefilter, ``max(1, floor(frame pixels per output pixel + 1e-9))``.
    """

    matrix: NDArray[np.float64]
    decimation: int

    @staticmethod
    def from_matrix(matrix: NDArray[np.float64]) -> "CropGeometry":
        """Return the geometry of an output-to-frame matrix, with the decimation that its scale asks for."""
        if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
            raise ValueError("a crop matrix must be a finite 2 x 3")
        (a, b, _), (c, d, _) = matrix.tolist()
        scale = math.sqrt(abs(a * d - b * c))
        if scale <= 0:
            raise ValueError("a crop matrix must be invertible")
        return CropGeometry(matrix.astype(np.float64), max(1, math.floor(scale + 1e-9)))


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a model wants to be fed.

    Attributes:
        side: width and height of the square input, pixels.
        order: channel order.
        mean: subtracted from 0..255 values.
        scale: multiplied after.
    """

    side: int
    order: ChannelOrder
    mean: float
    scale: float
