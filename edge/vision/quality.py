"""The quality gate: is this picture of a face good enough to be judged, and if not, why."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Box, Face, Quality
from edge.domain.frame import Frame
from edge.domain.profile import QualityLimits
from edge.domain.reasons import QualityIssue
from edge.vision.align import AlignmentError, crop_geometry
from edge.vision.color import bgr_pixels
from engines.catalog import CropRecipe
from engines.render.sampling import CropSampler

_CROP_SIDE_PX = 112
# Eyes are 17.6 px apart then: every face that is large enough to be judged has at least this much detail, so that
# sharpness compares equal detail whatever the face's size in the frame.
_SHARPNESS_SIDE_PX = 56
_LEAST_VISIBLE_SHARE = 0.9  # detector boxes of whole faces reach a little beyond the frame


@dataclass(frozen=True, slots=True)
class _Look:
    """What the pixels of the aligned crop say."""

    sharpness: float
    brightness: float
    is_face_shaped: bool


def measure(frame: Frame, face: Face, limits: QualityLimits) -> Quality:
    """Measure a face against the limits.

    Args:
        frame: the BGR frame in which ``face`` was found.
        face: the face.
        limits: bounds of the quality gate, from the calibration profile.

    Returns:
        The measurements, with every issue found. ``sharpness`` is the variance of the Laplacian of the aligned gray
        crop at 56 x 56, relative to the crop's own variance: independent of contrast, and nearly so of the face's
        size. Landmarks that fit no face count as turned away.

    Raises:
        CameraError: the frame is not BGR or is empty.
    """
    look = _look(bgr_pixels(frame), face)
    yaw = yaw_ratio(face.landmarks) if look.is_face_shaped else 1.0
    found = {
        QualityIssue.TOO_SMALL: face.box.width < limits.least_width_px,
        QualityIssue.TOO_LARGE: face.box.width > limits.most_width_share * frame.width_px,
        QualityIssue.CUT_OFF: is_cut_off(face, frame.width_px, frame.height_px),
        QualityIssue.BLURRED: look.sharpness < limits.least_sharpness,
        QualityIssue.TOO_DARK: look.brightness < limits.least_brightness,
        QualityIssue.TOO_BRIGHT: look.brightness > limits.most_brightness,
        QualityIssue.TURNED_AWAY: abs(yaw) > limits.most_yaw_ratio or not look.is_face_shaped,
    }
    return Quality(
        width_px=face.box.width,
        sharpness=look.sharpness,
        brightness=look.brightness,
        yaw_ratio=yaw,
        issues=tuple(issue for issue, is_so in found.items() if is_so),
    )


def _look(pixels: NDArray[np.uint8], face: Face) -> _Look:
    try:
        geometry = crop_geometry(CropRecipe.ALIGN_112, face)
    except AlignmentError:
        return _Look(0.0, 0.0, is_face_shaped=False)
    sampler, crop = CropSampler(), np.empty((_CROP_SIDE_PX, _CROP_SIDE_PX, 3), np.uint8)
    sampler.look(pixels, geometry, _CROP_SIDE_PX)
    sampler.sample(crop)
    gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    return _Look(relative_sharpness(gray), cv2.mean(gray)[0], is_face_shaped=True)


def relative_sharpness(gray: NDArray[np.uint8] | cv2.typing.MatLike) -> float:
    """Return the variance of the Laplacian over the variance of a square uint8 face crop, both at 56 x 56 px.

    The variance of the Laplacian as a measure of focus: Pertuz, Puig and Garcia, Pattern Recognition 46(5), 2013.
    A flat crop gives 0.
    """
    small = cv2.resize(gray, (_SHARPNESS_SIDE_PX, _SHARPNESS_SIDE_PX), interpolation=cv2.INTER_AREA)
    edges = cv2.Laplacian(small, cv2.CV_32F)[1:-1, 1:-1]
    return _variance(edges) / (_variance(small) + 1.0)


def _variance(values: cv2.typing.MatLike) -> float:
    _, deviation = cv2.meanStdDev(values)
    return float(deviation[0, 0]) ** 2


def yaw_ratio(landmarks: NDArray[np.float32]) -> float:
    """Return how far the nose tip lies from the middle between the eyes, along the eye line, in half eye distances.

    0 = frontal, about 1 = profile, positive when the nose points to the viewer's right. Never beyond +-2.

    Args:
        landmarks: float32 (5, 2), frame pixels.
    """
    points: list[list[float]] = landmarks[:3].tolist()
    (right_x, right_y), (left_x, left_y), (nose_x, nose_y) = points
    axis_x, axis_y = left_x - right_x, left_y - right_y
    length = axis_x**2 + axis_y**2
    if length == 0:
        return 2.0
    aside = (nose_x - (right_x + left_x) / 2) * axis_x + (nose_y - (right_y + left_y) / 2) * axis_y
    return max(-2.0, min(2.0, 2 * aside / length))


def is_cut_off(face: Face, width: int, height: int) -> bool:
    """Return whether part of the face lies outside a frame of ``width`` x ``height`` px."""
    inside = all(0 <= x <= width - 1 and 0 <= y <= height - 1 for x, y in face.landmarks.tolist())
    return not inside or _visible_share(face.box, width, height) < _LEAST_VISIBLE_SHARE


def _visible_share(box: Box, width: int, height: int) -> float:
    across = min(box.x + box.width, width) - max(box.x, 0.0)
    down = min(box.y + box.height, height) - max(box.y, 0.0)
    return max(across, 0.0) * max(down, 0.0) / box.area
