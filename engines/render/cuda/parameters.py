"""What the kernels are told, packed as ``views.h`` lays it out: a frame, and the views of one crop."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.render.sampling import part_read
from engines.render.spec import ChannelOrder, CropGeometry, InputSpec, Region, Squeeze, ViewSpec

MOST_HOLES = 4
"""Occlusions that a view can have in the kernels."""

HOLE = np.dtype([("left", "<i4"), ("top", "<i4"), ("right", "<i4"), ("bottom", "<i4")])
VIEW = np.dtype(
    [
        ("x", "<i4"),
        ("y", "<i4"),
        ("width", "<i4"),
        ("height", "<i4"),
        ("squeeze", "<i4"),
        ("fill", "<i4"),
        ("hole_count", "<i4"),
        ("origin_x", "<i4"),
        ("origin_y", "<i4"),
        ("reserved", "<i4"),
        ("to_level", "<f8", (6,)),
        ("holes", HOLE, (MOST_HOLES,)),
    ]
)
"""``EgView``: one view; holes are half-open, in pixels of the placed crop."""
FRAME = np.dtype(
    [
        ("width", "<i4"),
        ("height", "<i4"),
        ("pitch", "<i4"),
        ("format", "<i4"),
        ("decimation", "<i4"),
        ("side", "<i4"),
        ("is_rgb", "<i4"),
        ("share", "<f4"),
        ("mean", "<f4"),
        ("scale", "<f4"),
    ]
)
"""``EgFrame``: the frame, and how the model wants to be fed."""

SPARSE = np.dtype([("pictures", "<i4"), ("side", "<i4"), ("step", "<i4"), ("reserved", "<i4")])
"""``EgSparse``: which pixels of a batch of pictures are kept."""

_SQUEEZES = {Squeeze.NONE: 0, Squeeze.BITS4: 1, Squeeze.MEDIAN3: 2, Squeeze.GAUSS5: 3}


class FrameFormat(IntEnum):
    """How a frame's bytes lie."""

    BGR = 0
    """Three bytes a pixel."""
    NV12 = 1
    """A plane of luma, then one of interleaved chroma at half the resolution; BT.601, limited range."""


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """A frame in memory.

    Attributes:
        width: pixels; even for NV12.
        height: pixels, without the chroma plane; even for NV12.
        pitch: bytes from one row to the next.
        format: what a row holds.
    """

    width: int
    height: int
    pitch: int
    format: FrameFormat

    def __post_init__(self) -> None:
        least = self.width * (3 if self.format is FrameFormat.BGR else 1)
        is_odd = self.format is FrameFormat.NV12 and (self.width % 2 or self.height % 2)
        if self.width < 1 or self.height < 1 or self.pitch < least or is_odd:
            raise ValueError(f"no frame lies in memory like this: {self}")

    @property
    def bytes(self) -> int:
        """Bytes of the frame."""
        rows = self.height if self.format is FrameFormat.BGR else self.height * 3 // 2
        return self.pitch * rows

    @staticmethod
    def of(pixels: NDArray[np.uint8]) -> "FrameLayout":
        """Return the layout of BGR (h, w, 3) or NV12 (h * 3 / 2, w) pixels, C-contiguous.

        Raises:
            ValueError: they are neither.
        """
        if not pixels.flags.c_contiguous:
            raise ValueError(f"a frame must be contiguous, got strides {pixels.strides}")
        return FrameLayout.packed(pixels.shape, pixels.dtype)

    @staticmethod
    def packed(shape: tuple[int, ...], dtype: np.dtype[Any]) -> "FrameLayout":
        """Return the layout of BGR (h, w, 3) or NV12 (h * 3 / 2, w) pixels whose rows lie without gaps.

        Raises:
            ValueError: they are neither.
        """
        if dtype != np.uint8:
            raise ValueError(f"a frame must be uint8, got {dtype}")
        if len(shape) == 3 and shape[2] == 3:
            height, width, _ = shape
            return FrameLayout(width, height, 3 * width, FrameFormat.BGR)
        if len(shape) == 2 and shape[0] % 3 == 0:
            rows, width = shape
            return FrameLayout(width, rows * 2 // 3, width, FrameFormat.NV12)
        raise ValueError(f"a frame must be BGR (h, w, 3) or NV12 (h * 3 / 2, w), got {shape}")


def pack_frame(layout: FrameLayout, crop: CropGeometry, spec: InputSpec, out: NDArray[np.void]) -> None:
    """Write a frame's ``FRAME`` record into ``out``, shape (1,)."""
    out[0] = (
        layout.width,
        layout.height,
        layout.pitch,
        int(layout.format),
        crop.decimation,
        spec.side,
        spec.order is ChannelOrder.RGB,
        np.float32(1) / np.float32(crop.decimation**2),
        spec.mean,
        spec.scale,
    )


def pack_views(
    layout: FrameLayout, crop: CropGeometry, views: Sequence[ViewSpec], side: int, out: NDArray[np.void]
) -> None:
    """Write the ``VIEW`` records of views of a frame's crop into ``out``, shape (at least len(views),).

    Matrices are the very ones that the CPU samples with, to the last bit of double precision.

    Raises:
        ValueError: a view has more occlusions than the kernels can take.
    """
    part = part_read(crop, side, layout.width, layout.height)
    for record, view in zip(out, views, strict=False):
        if len(view.occlusions) > MOST_HOLES:
            raise ValueError(f"view {view.name!r} has {len(view.occlusions)} occlusions, at most {MOST_HOLES}")
        x, y, width, height = view.inner.to_px(side)
        record["x"], record["y"], record["width"], record["height"] = x, y, width, height
        record["squeeze"], record["fill"] = _SQUEEZES[view.squeeze], view.fill
        record["hole_count"] = len(view.occlusions)
        record["origin_x"], record["origin_y"] = part.window.left, part.window.top
        record["to_level"] = part.placed(side, width, height).ravel()
        for place, hole in enumerate(view.occlusions):
            record["holes"][place] = _hidden(hole, width, height, side)


def _hidden(hole: Region, width: int, height: int, side: int) -> tuple[int, int, int, int]:
    """Return the half-open rectangle of placed pixels in a hole, decided in the definition's own arithmetic."""
    left, right = np.searchsorted(_fractions(width, side), (hole.x, hole.x + hole.width))
    top, bottom = np.searchsorted(_fractions(height, side), (hole.y, hole.y + hole.height))
    return int(left), int(top), int(right), int(bottom)


def _fractions(count: int, side: int) -> NDArray[np.float64]:
    coordinates = (np.arange(count, dtype=np.float64) + 0.5) * side / count - 0.5
    fractions: NDArray[np.float64] = (coordinates + 0.5) / side
    return fractions
