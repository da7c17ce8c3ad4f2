"""A camera frame."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class PixelFormat(StrEnum):
    """Memory layout of a frame."""

    BGR = "bgr"
    NV12 = "nv12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture from a camera, as the sensor or decoder gave it.

    Attributes:
        camera_id: which camera; stable over restarts.
        seq: counts up by one per captured frame; gaps mean dropped frames.
        captured_ns: monotonic time of capture, nanoseconds of the gate's clock.
        captured_utc: wall time of capture.
        pixels: uint8, read-only. BGR: (height, width, 3). NV12: (height * 3 / 2, width).
            May be a view into the capture buffer: valid until the next frame is taken. Copy to keep it.
        pixel_format: layout of ``pixels``.
        native: the NV12 picture that BGR ``pixels`` were made from, for what renders NV12 itself; as long valid.
    """

    camera_id: str
    seq: int
    captured_ns: int
    captured_utc: dt.datetime
    pixels: NDArray[np.uint8]
    pixel_format: PixelFormat = PixelFormat.BGR
    native: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8:
            raise ValueError(f"frame pixels must be uint8, got {self.pixels.dtype}")
        if self.pixel_format is PixelFormat.BGR and (self.pixels.ndim != 3 or self.pixels.shape[2] != 3):
            raise ValueError(f"a BGR frame must be (h, w, 3), got {self.pixels.shape}")
        if self.pixel_format is PixelFormat.NV12 and (self.pixels.ndim != 2 or self.pixels.shape[0] % 3):
            raise ValueError(f"an NV12 frame must be (h * 3 / 2, w), got {self.pixels.shape}")
        if self.native is not None and self.native.shape != (self.height_px * 3 // 2, self.width_px):
            raise ValueError(f"the NV12 picture {self.native.shape} is none of a frame {self.pixels.shape}")

    @property
    def shown(self) -> NDArray[np.uint8]:
        """What recognizers are shown: the native picture if it was kept, else ``pixels``."""
        return self.pixels if self.native is None else self.native

    @property
    def height_px(self) -> int:
        """Picture height in pixels."""
        rows = int(self.pixels.shape[0])
        return rows if self.pixel_format is PixelFormat.BGR else rows * 2 // 3

    @property
    def width_px(self) -> int:
        """Picture width in pixels."""
        return int(self.pixels.shape[1])
