"""Draws a shot as people see it: the picture with a frame around the judged face."""

from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from edge.commands.demo.result import Shot

Color = tuple[int, int, int]

GRANTED: Final[Color] = (52, 199, 123)
DENIED: Final[Color] = (240, 84, 84)
WARNING: Final[Color] = (245, 176, 65)

_LINE_PX = 4
_CORNER_PX = 12


def annotated(shot: Shot, color: Color, size: tuple[int, int]) -> Image.Image:
    """Return a shot as an RGB picture of ``size`` (width, height), the whole frame, its face framed in ``color``."""
    rgb = np.ascontiguousarray(cv2.cvtColor(shot.pixels, cv2.COLOR_BGR2RGB))
    picture = Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS)
    if shot.face is not None:
        height, width = shot.pixels.shape[:2]
        across, down = size[0] / width, size[1] / height
        box = shot.face.box
        corners = (box.x * across, box.y * down, (box.x + box.width) * across, (box.y + box.height) * down)
        ImageDraw.Draw(picture).rounded_rectangle(corners, _CORNER_PX, outline=color, width=_LINE_PX)
    return picture
