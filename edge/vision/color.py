"""The color layout that everything behind the camera works on: BGR."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.domain.errors import CameraError
from edge.domain.frame import Frame, PixelFormat


class BgrConverter:
    """Turns frames of any layout into BGR frames, reusing one buffer. Not thread-safe.

    Args:
        keeps_native: a frame made of NV12 keeps that picture beside its BGR pixels.
    """

    def __init__(self, *, keeps_native: bool = False) -> None:
        self._keeps_native = keeps_native
        self._buffer = np.empty((0, 0, 3), np.uint8)

    def convert(self, frame: Frame) -> Frame:
        """Return the frame itself if it is BGR, else a BGR copy (BT.601, limited range).

        The copy's pixels are valid until the next call.

        Raises:
            CameraError: the sides cannot be those of an NV12 picture.
        """
        if frame.pixel_format is PixelFormat.BGR:
            return frame
        height, width = frame.height_px, frame.width_px
        if width % 2 or height % 2 or not width or not height:
            raise CameraError(
                f"camera {frame.camera_id} gave an NV12 picture of {width} x {height}",
                hint="set the camera to an even width and height",
            )
        if self._buffer.shape[:2] != (height, width):
            self._buffer = np.empty((height, width, 3), np.uint8)
        cv2.cvtColor(frame.pixels, cv2.COLOR_YUV2BGR_NV12, dst=self._buffer)
        pixels = self._buffer.view()
        pixels.setflags(write=False)
        native = frame.pixels if self._keeps_native else None
        return replace(frame, pixels=pixels, pixel_format=PixelFormat.BGR, native=native)


def bgr_pixels(frame: Frame) -> NDArray[np.uint8]:
    """Return the pixels of a frame that must be BGR and not empty, uint8 (h, w, 3).

    Raises:
        CameraError: it is not, or it has no pixels.
    """
    if frame.pixel_format is not PixelFormat.BGR:
        raise CameraError(
            f"a {frame.pixel_format} frame of {frame.camera_id} reached a BGR stage",
            hint="convert camera frames with BgrConverter before looking at them",
        )
    if frame.pixels.size == 0:
        raise CameraError(f"camera {frame.camera_id} gave an empty frame", hint="check the camera's resolution")
    return frame.pixels
