"""The role of a camera. Implementations run inside the capture child; tests run them in-process."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.domain.frame import PixelFormat


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawFrame:
    """One picture as a camera gave it.

    Attributes:
        pixels: uint8. BGR: (height, width, 3), rows may be padded. NV12: (height * 3 / 2, width).
            Valid until the camera's next ``read``. At most ``limits.MOST_FRAME_BYTES`` without padding.
        pixel_format: layout of ``pixels``.
        source_time_ns: time within a recording, counted from its first frame, never running backwards;
            None for a device.
        captured_ns: CLOCK_MONOTONIC of capture if the driver tells it; None = now.
        name: file name of a still; empty otherwise.
    """

    pixels: NDArray[np.uint8]
    pixel_format: PixelFormat = PixelFormat.BGR
    source_time_ns: int | None = None
    captured_ns: int | None = None
    name: str = ""


class Camera(Protocol):
    """Something that gives frames one after the other. Used by one thread; open once, close once."""

    def open(self) -> None:
        """Make ready to read.

        Raises:
            CameraError: it is not there, not allowed, busy or not understood.
        """
        ...

    def read(self) -> RawFrame | None:
        """Wait for the next frame; None at the end of a recording. May block for ever if the driver hangs.

        Raises:
            PictureError: this one picture of a folder is bad; the next ``read`` goes on behind it.
            CameraError: the camera is gone or gives nothing usable; it must be closed.
        """
        ...

    def close(self) -> None:
        """Let go of the device; does nothing when not open. Never raises for a camera that is gone."""
        ...
