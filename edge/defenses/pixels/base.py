"""The role of a defense that looks at pixels, and the part of a frame that it looks at."""

import hashlib
import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face
from edge.domain.finding import Finding

LEAST_SIDE_PX = 32
MOST_SIDE_PX = 192  # bounds the cost; the middle of a larger face is as telling
_GRID_PX = 4  # two levels of a Haar transform, and the pairs of pixels that share one color in a 4:2:0 picture


class PixelDefense(Protocol):
    """A defense of a would-be grant that sees the frame itself. Stateless, like every defense.

    Attributes:
        name: stable name of the finding.
    """

    name: str

    def judge_pixels(self, pixels: NDArray[np.uint8], face: Face) -> Finding:
        """Judge a face in a BGR frame, uint8 (h, w, 3). Never raises on bad pixels: they are an ERROR finding."""
        ...


def face_patch(pixels: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Return the middle of a face as it is in the frame: a view, nothing is resized or copied.

    Args:
        pixels: uint8 BGR frame (h, w, 3).
        face: the face in it.

    Returns:
        uint8 (h', w', 3): the box within the frame, at most ``MOST_SIDE_PX`` about its center either way, its
        edges on multiples of four pixels of the frame, so that a picture's own 2 x 2 grid always falls alike.

    Raises:
        ValueError: the frame is not uint8 (h, w, 3), or less than ``LEAST_SIDE_PX`` of the face lies in it.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"expected uint8 (h, w, 3), got {pixels.dtype} {pixels.shape}")
    box = face.box
    top, bottom = _span(box.y, box.height, pixels.shape[0])
    left, right = _span(box.x, box.width, pixels.shape[1])
    if min(bottom - top, right - left) < LEAST_SIDE_PX:
        raise ValueError(f"only {max(right - left, 0)} x {max(bottom - top, 0)} px of the face are in the frame")
    return pixels[top:bottom, left:right]


def patch_digest(pixels: NDArray[np.uint8], face: Face) -> bytes | None:
    """Return a digest of the patch's bytes, 16 bytes: no sensor repeats them. None where there is no patch."""
    try:
        patch = face_patch(pixels, face)
    except ValueError:
        return None
    return hashlib.blake2b(patch.tobytes(), digest_size=16).digest()


def _span(start: float, length: float, end: int) -> tuple[int, int]:
    """Return first and last + 1 of the pixels looked at along one axis of a frame of ``end`` pixels."""
    spare = max(0.0, length - MOST_SIDE_PX) / 2
    first = math.ceil(min(max(start + spare, 0.0), end) / _GRID_PX) * _GRID_PX
    last = math.floor(max(min(start + length - spare, end), 0.0) / _GRID_PX) * _GRID_PX
    return first, last
