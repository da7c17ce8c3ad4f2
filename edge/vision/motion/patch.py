"""The face cut out of a frame along a plane, with shading and noise taken off, so that two cuts can be compared."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.align import template_to_frame

Matrix = NDArray[np.float64]
Cut = NDArray[np.uint8]
Texture = NDArray[np.float32]

SIDE_PX: Final = 80
"""Side of a cut. Eyes are 25 px apart in it: as much detail as the smallest face that is judged has."""

INNER: Final = (slice(10, 70), slice(14, 66))
"""The face within a cut, rows and columns; what is beside the face belongs to another plane."""

_SCALE = 25.0 / 35.2  # pixels of a cut to one of the 112 px template
_CENTER_IN_TEMPLATE = (56.0, 68.0)  # between eyes and mouth
_COARSE_STEP_PX = 2.5  # frame pixels a pixel of a cut from which single ones would be skipped
_FINE_PX, _COARSE_PX = 1.0, 8.0  # the blur that takes noise off, and the one that knows shading
_LEAST_CONTRAST = 1e-3  # less is no texture but rounding
_DARKNESS = 16.0  # keeps the noise of a black corner from counting as texture

_CUT_TO_TEMPLATE = np.array(
    [
        [1 / _SCALE, 0.0, _CENTER_IN_TEMPLATE[0] - (SIDE_PX - 1) / 2 / _SCALE],
        [0.0, 1 / _SCALE, _CENTER_IN_TEMPLATE[1] - (SIDE_PX - 1) / 2 / _SCALE],
        [0.0, 0.0, 1.0],
    ]
)


def plane_of(landmarks: NDArray[np.float32]) -> Matrix:
    """Return the float64 (3, 3) similarity from cut to frame that the landmarks, float32 (5, 2), say.

    Raises:
        AlignmentError: the landmarks fit no face.
    """
    plane: Matrix = np.vstack([template_to_frame(landmarks), [0.0, 0.0, 1.0]]) @ _CUT_TO_TEMPLATE
    return plane


def cut(pixels: NDArray[np.uint8], plane: Matrix) -> Cut:
    """Return the uint8 (80, 80) gray cut of a BGR frame (h, w, 3) along ``plane``, a homography from cut to frame."""
    share = 2 if abs(float(np.linalg.det(plane[:2, :2]))) > _COARSE_STEP_PX**2 else 1
    side, finer = SIDE_PX * share, plane @ np.diag([1 / share, 1 / share, 1.0])
    ways = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpPerspective(pixels, finer, (side, side), flags=ways, borderMode=cv2.BORDER_REPLICATE)
    gray = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
    return np.asarray(gray if share == 1 else cv2.resize(gray, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA))


def texture(seen: Cut) -> Texture:
    """Return what a cut shows without noise and shading, float32 (80, 80), by a difference of Gaussians."""
    fine = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), _FINE_PX)
    shade = cv2.GaussianBlur(fine, (0, 0), _COARSE_PX)
    return np.asarray((fine - shade) / (shade + _DARKNESS), np.float32)


def unlikeness(first: Texture, second: Texture) -> float:
    """Return 1 - correlation of two cuts' textures within the face, 0..2; NaN when one of them is flat."""
    a, b = (t[INNER] - t[INNER].mean() for t in (first, second))
    contrasts = (float(a.std()), float(b.std()))
    if not min(contrasts) > _LEAST_CONTRAST:
        return float("nan")
    return 1.0 - float((a * b).mean()) / (contrasts[0] * contrasts[1])
