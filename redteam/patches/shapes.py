"""Where patches lie: shapes that people can wear, drawn by us on the aligned face and carried into the frame.

A shape is drawn once, in pixels of the 112 x 112 crop of recipe ``align-112``, about the landmarks of its template
(Deng et al., ArcFace, CVPR 2019). Every pixel of the frame whose center falls into it, as the clean face lies, is
painted. Sizes follow what was attacked before: glasses of Sharif et al. (CCS 2016), the hat sticker of Komkov and
Petiushko (AdvHat, ICPR 2021), the stickers and the mask of Tong et al. (FACESEC, CVPR 2021).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.domain.face import Face
from edge.vision.align import ARCFACE_TEMPLATE, template_to_frame

SIDE_PX: Final = 112
"""Pixels to a side of the aligned crop."""

Points = NDArray[np.float64]
Ring = Points
Piece = tuple[Ring, ...]
"""Closed lines (k, 2) in crop pixels; what is inside an odd number of them is painted, so a second one is a hole."""

_RIGHT_EYE, _LEFT_EYE, _NOSE = ((float(x), float(y)) for x, y in ARCFACE_TEMPLATE[:3])
_CORNERS = 48  # of a polygon that stands for an ellipse: off by a tenth of a pixel at most


class PatchShape(StrEnum):
    """What an attacker wears. Shares are of the aligned crop."""

    GLASSES = "glasses"
    """Rims, bridge and temples, the lenses left open: 6-7 %."""
    EYE_BAND = "eye-band"
    """A band over both eyes: 14 %."""
    FOREHEAD = "forehead"
    """A sticker on a hat, 3:7: 13-14 %."""
    LOWER_FACE = "lower-face"
    """A respirator from the nose to below the chin: 24 %."""
    CHEEKS_AND_FOREHEAD = "cheeks-and-forehead"
    """Three stickers at once: 16 %."""
    RECTANGLE = "rectangle"
    """Anything of four corners; see :class:`Rectangle`."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An upright rectangle of the aligned crop, in its pixels; the crop reaches from -0.5 to 111.5.

    Attributes:
        x: left edge.
        y: upper edge.
        width: to the right edge.
        height: to the lower edge.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x, self.y, self.width, self.height))):
            raise ValueError("a rectangle must be finite")
        if min(self.width, self.height) <= 0:
            raise ValueError(f"a rectangle must have an area, got {self.width} x {self.height}")

    @staticmethod
    def of_share(share: float, *, center: tuple[float, float] = _NOSE, aspect: float = 1.0) -> "Rectangle":
        """Return the rectangle of a share of the crop.

        Args:
            share: of the crop's area, above 0 up to 1.
            center: crop pixels; whether the rectangle then stays in the crop is the caller's.
            aspect: width over height.

        Raises:
            ValueError: a number is out of range.
        """
        if not 0 < share <= 1 or not aspect > 0:
            raise ValueError(f"a rectangle needs a share of 0..1 and an aspect above 0, got {share}, {aspect}")
        height = SIDE_PX * math.sqrt(share / aspect)
        width = height * aspect
        return Rectangle(center[0] - width / 2, center[1] - height / 2, width, height)

    @property
    def ring(self) -> Ring:
        """Its outline."""
        right, below = self.x + self.width, self.y + self.height
        return np.array([[self.x, self.y], [right, self.y], [right, below], [self.x, below]])


def patch_masks(shape: PatchShape, faces: Sequence[Face], height: int, width: int) -> Tensor:
    """Return where the patch lies in each face's frame: bool (n, 1, height, width).

    Args:
        shape: what is worn; ``RECTANGLE`` is 10 % about the nose tip, others by :func:`rectangle_masks`.
        faces: the clean faces, a row a frame.
        height: of the frames, pixels.
        width: of the frames, pixels.

    Raises:
        AlignmentError: a face's landmarks fit no face.
    """
    if shape is PatchShape.RECTANGLE:
        return rectangle_masks([Rectangle.of_share(0.1)] * len(faces), faces, height, width)
    return _stacked([_drawn(_PIECES[shape], face, height, width) for face in faces])


def rectangle_masks(rectangles: Sequence[Rectangle], faces: Sequence[Face], height: int, width: int) -> Tensor:
    """Return where each face's own rectangle lies in its frame: bool (n, 1, height, width).

    Raises:
        AlignmentError: a face's landmarks fit no face.
        ValueError: there are more or fewer rectangles than faces.
    """
    pairs = zip(rectangles, faces, strict=True)
    return _stacked([_drawn([(rectangle.ring,)], face, height, width) for rectangle, face in pairs])


def area_share(mask: Tensor, face: Face) -> float:
    """Return which share of the face's aligned crop is painted, 0..1; what lies off the frame is not.

    Args:
        mask: bool (1, h, w) or (h, w), frame pixels.
        face: the clean face in that frame.

    Raises:
        AlignmentError: the landmarks fit no face.
    """
    plane = mask.reshape(mask.shape[-2:]).numpy()
    matrix = template_to_frame(face.landmarks)
    v, u = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
    x, y = _mapped(matrix, u, v)
    columns, rows = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int)
    is_in = (columns >= 0) & (columns < plane.shape[1]) & (rows >= 0) & (rows < plane.shape[0])
    return float(plane[rows[is_in], columns[is_in]].sum()) / SIDE_PX**2


def _stacked(masks: Sequence[NDArray[np.bool_]]) -> Tensor:
    return torch.stack([torch.from_numpy(mask)[None] for mask in masks])


def _drawn(pieces: Sequence[Piece], face: Face, height: int, width: int) -> NDArray[np.bool_]:
    """Return bool (height, width): pixels whose centers, mapped back into the crop, lie in a piece."""
    matrix = template_to_frame(face.landmarks)
    back = np.linalg.inv(matrix[:, :2])
    inverse = np.column_stack([back, -back @ matrix[:, 2]])
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    u, v = _mapped(inverse, columns, rows)
    is_painted = np.zeros((height, width), dtype=bool)
    for piece in pieces:
        is_odd = np.zeros_like(is_painted)
        for ring in piece:
            low, high = ring.min(axis=0), ring.max(axis=0)
            near = (u >= low[0]) & (u <= high[0]) & (v >= low[1]) & (v <= high[1])
            is_odd[near] ^= _is_inside(ring, u[near], v[near])
        is_painted |= is_odd
    return is_painted


def _is_inside(ring: Ring, u: Points, v: Points) -> NDArray[np.bool_]:
    """Return whether points (p,) lie inside a closed line, by the parity of edges to their right."""
    is_in = np.zeros(u.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        is_crossed = (v >= min(y0, y1)) & (v < max(y0, y1))
        is_in ^= is_crossed & (u < x0 + (v - y0) * (x1 - x0) / (y1 - y0))
    return is_in


def _mapped(matrix: Points, x: Points, y: Points) -> tuple[Points, Points]:
    return (
        matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2],
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2],
    )


def _ellipse(center: tuple[float, float], across: float, down: float) -> Ring:
    """Return an ellipse of half axes ``across`` and ``down``."""
    angles = np.linspace(0, 2 * math.pi, _CORNERS, endpoint=False)
    return np.column_stack([center[0] + across * np.cos(angles), center[1] + down * np.sin(angles)])


def _rim(eye: tuple[float, float]) -> Piece:
    return _ellipse(eye, 16.5, 12.5), _ellipse(eye, 11.5, 8.0)


_MIDDLE = _NOSE[0]
_RIGHT_HALF_OF_MASK = ((56.0, 58.0), (44.0, 64.0), (20.0, 71.0), (21.0, 90.0), (31.0, 108.0), (46.0, 119.0))
_MASK = np.array([*_RIGHT_HALF_OF_MASK, *((SIDE_PX - x, y) for x, y in _RIGHT_HALF_OF_MASK[:0:-1])])
_PIECES: Final[dict[PatchShape, tuple[Piece, ...]]] = {
    PatchShape.GLASSES: (
        _rim(_RIGHT_EYE),
        _rim(_LEFT_EYE),
        (Rectangle(_MIDDLE - 5, 47.0, 10.0, 6.0).ring,),
        (Rectangle(11.0, 48.0, 12.0, 4.0).ring,),
        (Rectangle(89.0, 48.0, 12.0, 4.0).ring,),
    ),
    PatchShape.EYE_BAND: ((Rectangle(_MIDDLE - 42, 41.0, 84.0, 21.0).ring,),),
    PatchShape.FOREHEAD: ((Rectangle(_MIDDLE - 31.5, 7.0, 63.0, 27.0).ring,),),
    PatchShape.LOWER_FACE: ((_MASK,),),
    PatchShape.CHEEKS_AND_FOREHEAD: (
        (Rectangle(_MIDDLE - 25, 12.0, 50.0, 18.0).ring,),
        (_ellipse((28.0, 76.0), 13.0, 14.0),),
        (_ellipse((84.0, 76.0), 13.0, 14.0),),
    ),
}
