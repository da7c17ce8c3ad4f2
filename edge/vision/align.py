"""From a detected face to each model's crop: where in the frame the model shall look."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.domain.errors import EdgeError, UsageError
from edge.domain.face import Box, Face
from edge.domain.reasons import Reason
from engines.catalog import CropRecipe
from engines.render.spec import CropGeometry

_BOX_SIDE_PX = 160
_BOX_SCALE = 1.25

ARCFACE_TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where a 112 x 112 crop has the five landmarks (Deng et al., ArcFace, CVPR 2019), pixel centers."""

_TEMPLATE_MEAN = complex(*ARCFACE_TEMPLATE.mean(axis=0))
_TEMPLATE = tuple(complex(x, y) - _TEMPLATE_MEAN for x, y in ARCFACE_TEMPLATE.tolist())
_TEMPLATE_SPREAD = sum(abs(w) ** 2 for w in _TEMPLATE)

_LEAST_LIKENESS = 0.5
_LEAST_SPREAD_PX = 1.0


class AlignmentError(EdgeError):
    """Five landmarks that are no face: coincident, mirrored or scattered."""

    reason = Reason.LOW_QUALITY


def crop_geometry(recipe: str, face: Face) -> CropGeometry:
    """Return where the crop of a recipe lies in the face's frame.

    Args:
        recipe: a value of ``CropRecipe``. ``box-1.25``: the detector's box enlarged 1.25 times in width and in height
            about its center, stretched to 160 x 160. ``align-112``: the face turned, moved and scaled so that its
            landmarks lie on the ArcFace template of 112 x 112, as well as a similarity can.
        face: the face, with box and landmarks in frame pixels.

    Raises:
        AlignmentError: the landmarks fit no face.
        UsageError: no such recipe.
    """
    if recipe == CropRecipe.BOX_125:
        return CropGeometry.from_matrix(_box_to_frame(face.box, _BOX_SCALE, _BOX_SIDE_PX))
    if recipe == CropRecipe.ALIGN_112:
        return CropGeometry.from_matrix(template_to_frame(face.landmarks))
    raise UsageError(f"no crop recipe is called {recipe!r}", hint="use the recipe of an embedder in the catalog")


def _box_to_frame(box: Box, scale: float, side: int) -> NDArray[np.float64]:
    (center_x, center_y), width, height = box.center, box.width * scale, box.height * scale
    step_x, step_y = width / side, height / side
    return np.array(
        [
            [step_x, 0.0, center_x - width / 2 + step_x / 2 - 0.5],
            [0.0, step_y, center_y - height / 2 + step_y / 2 - 0.5],
        ]
    )


def template_to_frame(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (2, 3) matrix from crop to frame of the best similarity from ``landmarks`` to the template.

    Least squares over rotation, scale and shift, never a reflection (Umeyama, IEEE TPAMI 13(4), 1991). In the plane,
    with points as complex numbers, that is a plain linear regression: w = a z + b.

    Args:
        landmarks: float32 (5, 2), frame pixels.

    Raises:
        AlignmentError: the landmarks coincide or resemble the template too little.
    """
    points = [complex(x, y) for x, y in landmarks.tolist()]
    mean = sum(points) / len(points)
    spread = sum(abs(z - mean) ** 2 for z in points)
    covariance = sum(((z - mean).conjugate() * w for z, w in zip(points, _TEMPLATE, strict=True)), 0j)
    likeness = abs(covariance) / math.sqrt(max(spread, 1e-12) * _TEMPLATE_SPREAD)
    if spread < _LEAST_SPREAD_PX**2 or likeness < _LEAST_LIKENESS:
        raise AlignmentError(
            f"the landmarks fit no face: spread {math.sqrt(spread):.1f} px, likeness {likeness:.2f}",
            hint="look at the camera with the whole face in view",
        )
    inverse = spread / covariance
    shift = mean - inverse * _TEMPLATE_MEAN
    return np.array([[inverse.real, -inverse.imag, shift.real], [inverse.imag, inverse.real, shift.imag]])
