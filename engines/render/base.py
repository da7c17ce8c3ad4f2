"""The role of a renderer: a frame, a crop and a list of views become one engine input batch."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.render.spec import CropGeometry, InputSpec, ViewSpec

Pixels = NDArray[np.uint8]
Batch = NDArray[np.float32]
FARTHEST_PX = 1 << 20


class Renderer(Protocol):
    """Computes the function that ``engines.render.spec`` defines. Not thread-safe: it may keep scratch memory."""

    def render(
        self, pixels: Pixels, crop: CropGeometry, views: Sequence[ViewSpec], spec: InputSpec, out: Batch
    ) -> None:
        """Write one normalized picture a view into ``out``.

        Args:
            pixels: uint8 (height, width, 3), BGR, the whole frame; not changed.
            crop: where the model's crop lies in the frame.
            views: what to make of the crop, in the order of ``out``.
            spec: side, channel order and normalization of the model's input.
            out: float32 (len(views), 3, side, side), C-contiguous; every element is overwritten.

        Raises:
            ValueError: an array has another shape, type or layout than said here, or the crop is out of reach.
        """
        ...


def check_render_arguments(pixels: Pixels, views: Sequence[ViewSpec], spec: InputSpec, out: Batch) -> None:
    """Refuse arrays that a renderer cannot take, and views without a pixel on the picture.

    Raises:
        ValueError: says what is wrong and what is wanted.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ValueError(f"a frame must be uint8 (height, width, 3) and not empty, got {pixels.dtype} {pixels.shape}")
    check_views(views, spec)
    wanted = (len(views), 3, spec.side, spec.side)
    if out.dtype != np.float32 or out.shape != wanted or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be writable contiguous float32 {wanted}, got {out.dtype} {out.shape}")


def check_views(views: Sequence[ViewSpec], spec: InputSpec) -> None:
    """Refuse views without a pixel on the picture.

    Raises:
        ValueError: there is one.
    """
    for view in views:
        x, y, width, height = view.inner.to_px(spec.side)
        if x + width > spec.side or y + height > spec.side:
            raise ValueError(f"view {view.name!r} must place the crop on the picture, its inner is {view.inner}")


def check_crop(crop: CropGeometry, side: int) -> None:
    """Refuse a crop that reaches so far that fixed-point coordinates would overflow.

    Raises:
        ValueError: a corner lies more than ``FARTHEST_PX`` from the frame's origin.
    """
    reach = np.abs(crop.matrix[:, :2]).sum(axis=1) * side + np.abs(crop.matrix[:, 2])
    if not float(reach.max()) <= FARTHEST_PX:
        raise ValueError(f"a crop may reach {FARTHEST_PX} px from the frame's origin, this one reaches {reach.max()}")
