"""The quality gate names what is wrong with a face."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.domain.errors import CameraError
from edge.domain.face import Face
from edge.domain.profile import QualityLimits
from edge.domain.reasons import QualityIssue
from edge.vision.quality import is_cut_off, measure, relative_sharpness, yaw_ratio
from tests.support.white_rectangle_engine import make_face, make_frame

LIMITS = QualityLimits(
    least_width_px=40,
    most_width_share=0.8,
    least_sharpness=0.05,
    least_brightness=40,
    most_brightness=220,
    most_yaw_ratio=0.6,
)
Pixels = NDArray[np.uint8]


def textured(height: int = 240, width: int = 320, level: float = 128, contrast: float = 40) -> Pixels:
    """Return a frame whose detail falls with its frequency, as in natural pictures."""
    rng = np.random.default_rng(5)
    total = np.zeros((height, width))
    for step in (2, 4, 8, 16, 32):
        coarse = rng.normal(0, 1, (height // step + 1, width // step + 1)).astype(np.float32)
        total += np.sqrt(step) * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    gray = np.clip(level + contrast * total / total.std(), 0, 255)
    return np.repeat(gray[:, :, None], 3, axis=2).astype(np.uint8)


FACE = make_face(100, 60, 100, 110)


def test_a_good_face_has_no_issues() -> None:
    quality = measure(make_frame(textured()), FACE, LIMITS)
    assert quality.is_good
    assert quality.width_px == 100
    assert quality.yaw_ratio == pytest.approx(0, abs=0.05)
    assert 100 < quality.brightness < 156


@pytest.mark.parametrize(
    ("frame", "face", "issue"),
    [
        (textured(), make_face(10, 10, 280, 220), QualityIssue.TOO_LARGE),
        (textured(), make_face(-30, 60, 100, 110), QualityIssue.CUT_OFF),
        (cv2.GaussianBlur(textured(), (0, 0), 6), FACE, QualityIssue.BLURRED),
        (np.full((240, 320, 3), 128, np.uint8), FACE, QualityIssue.BLURRED),
        (textured(level=25, contrast=8), FACE, QualityIssue.TOO_DARK),
        (textured(level=240, contrast=8), FACE, QualityIssue.TOO_BRIGHT),
    ],
)
def test_each_fault_is_named(frame: Pixels, face: Face, issue: QualityIssue) -> None:
    assert measure(make_frame(frame.astype(np.uint8)), face, LIMITS).issues == (issue,)


def test_a_face_far_away_is_named() -> None:
    limits = replace(LIMITS, least_width_px=101)
    assert measure(make_frame(textured()), FACE, limits).issues == (QualityIssue.TOO_SMALL,)


def test_a_turned_face_is_named() -> None:
    landmarks = FACE.landmarks.copy()
    landmarks[2, 0] += 14
    quality = measure(make_frame(textured()), replace(FACE, landmarks=landmarks), LIMITS)
    assert QualityIssue.TURNED_AWAY in quality.issues
    assert quality.yaw_ratio > 0.6


def test_landmarks_of_no_face_are_turned_away_and_never_good() -> None:
    generous = QualityLimits(
        least_width_px=0,
        most_width_share=9,
        least_sharpness=0,
        least_brightness=0,
        most_brightness=255,
        most_yaw_ratio=9,
    )
    face = replace(FACE, landmarks=np.full((5, 2), 120, np.float32))
    assert measure(make_frame(textured()), face, generous).issues == (QualityIssue.TURNED_AWAY,)


@pytest.mark.parametrize("scale", [0.6, 1.0, 2.0, 4.0])
def test_sharpness_changes_less_than_twofold_with_the_faces_size(scale: float) -> None:
    small = textured()
    frame = cv2.resize(
        small, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    face = make_face(100 * scale, 60 * scale, 100 * scale, 110 * scale)
    at_scale = measure(make_frame(frame.astype(np.uint8)), face, LIMITS).sharpness
    assert 0.5 < at_scale / measure(make_frame(small), FACE, LIMITS).sharpness < 2


def test_sharpness_does_not_depend_on_contrast() -> None:
    gray = textured(112, 112)[:, :, 0]
    faint = textured(112, 112, contrast=20)[:, :, 0]
    assert relative_sharpness(faint) == pytest.approx(relative_sharpness(gray), rel=0.1)


def test_more_blur_is_less_sharp() -> None:
    gray = textured(112, 112)[:, :, 0]
    blurred = [relative_sharpness(cv2.GaussianBlur(gray, (0, 0), sigma)) for sigma in (1, 2, 4, 8)]
    assert blurred == sorted(blurred, reverse=True)


def test_yaw_is_signed_and_bounded() -> None:
    landmarks = FACE.landmarks.copy()
    landmarks[2, 0] -= 5
    assert yaw_ratio(landmarks) < 0
    landmarks[2, 0] = 1e6
    assert yaw_ratio(landmarks) == 2.0
    assert yaw_ratio(np.full((5, 2), 7, np.float32)) == 2.0


@given(dx=st.integers(-200, 400), dy=st.integers(-200, 300))
def test_a_face_with_a_landmark_outside_is_cut_off(dx: int, dy: int) -> None:
    face = make_face(dx, dy, 100, 110)
    is_outside = (face.landmarks < 0).any() or (face.landmarks > (319, 239)).any()
    assert is_cut_off(face, 320, 240) or not is_outside


@pytest.mark.parametrize("size", [(1, 1), (3, 500)])
def test_frames_of_any_size_are_measured(size: tuple[int, int]) -> None:
    quality = measure(make_frame(np.zeros((*size, 3), np.uint8)), FACE, LIMITS)
    assert QualityIssue.CUT_OFF in quality.issues


def test_an_empty_frame_is_a_fault() -> None:
    with pytest.raises(CameraError, match="empty"):
        measure(make_frame(np.zeros((0, 0, 3), np.uint8)), FACE, LIMITS)
