"""Keeps the one frame of a scene that shows most."""

import math

import numpy as np
from numpy.typing import NDArray

from edge.commands.demo.result import Shot
from edge.domain.face import Face
from edge.domain.frame import Frame, PixelFormat
from edge.pipeline.step import Step

_BLANK = (480, 640, 3)


class CameraRoll:
    """Keeps the frame with the face nearest to the middle; while there are no faces the first."""

    def __init__(self) -> None:
        self._shot: Shot | None = None
        self._off_center = math.inf

    def follow(self, frame: Frame, step: Step) -> None:
        """Look at a frame and the faces that were found in it; copies it only if it shows more than the kept one."""
        if frame.pixel_format is not PixelFormat.BGR:
            return
        face = step.faces[0] if step.faces else None
        off_center = math.inf if face is None else _off_center(face, frame)
        if self._shot is None or off_center < self._off_center:
            self._off_center = off_center
            self._shot = Shot(pixels=frame.pixels.copy(), face=face)

    @property
    def shot(self) -> Shot:
        """The kept frame; black when there was none."""
        blank: NDArray[np.uint8] = np.zeros(_BLANK, np.uint8)
        return self._shot or Shot(pixels=blank, face=None)


def _off_center(face: Face, frame: Frame) -> float:
    return abs(face.box.center[0] - frame.width_px / 2)
