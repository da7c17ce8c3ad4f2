"""Where each model's crop lies."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.errors import UsageError
from edge.domain.face import Box, Face
from edge.domain.reasons import Reason
from edge.vision.align import ARCFACE_TEMPLATE, AlignmentError, crop_geometry, template_to_frame
from tests.support.white_rectangle_engine import make_face


@given(
    angle=st.floats(-math.pi, math.pi),
    scale=st.floats(0.2, 20),
    x=st.floats(-500, 2000),
    y=st.floats(-500, 2000),
)
def test_alignment_recovers_any_similarity(angle: float, scale: float, x: float, y: float) -> None:
    matrix = np.array(
        [
            [scale * math.cos(angle), -scale * math.sin(angle), x],
            [scale * math.sin(angle), scale * math.cos(angle), y],
        ]
    )
    landmarks = (ARCFACE_TEMPLATE @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    np.testing.assert_allclose(template_to_frame(landmarks), matrix, atol=2e-2, rtol=1e-3)


def test_alignment_is_the_least_squares_similarity_to_the_template() -> None:
    landmarks = (ARCFACE_TEMPLATE * 1.3 + np.random.default_rng(0).normal(0, 4, (5, 2)) + 90).astype(np.float32)
    matrix = template_to_frame(landmarks)
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]

    def error(a: float, b: float, x: float, y: float) -> float:
        placed = landmarks @ np.array([[a, b], [-b, a]]) + [x, y]
        return float(((placed - ARCFACE_TEMPLATE) ** 2).sum())

    best = (inverse[0, 0], inverse[1, 0], inverse[0, 2], inverse[1, 2])
    for index in range(4):
        for step in (-1e-3, 1e-3):
            moved = list(best)
            moved[index] += step
            assert error(*best) <= error(*moved)


@pytest.mark.parametrize(
    "landmarks",
    [
        np.full((5, 2), 33.0),
        np.zeros((5, 2)),
        ARCFACE_TEMPLATE[[1, 0, 2, 4, 3]] * [1, 1] @ np.array([[1, 0], [0, -1.0]]) @ np.array([[0, 1], [1, 0.0]]),
        np.array([[0, 0], [100, 100], [0, 100], [100, 0], [50, 50.0]]),
    ],
    ids=["coincident", "origin", "mirrored", "scattered"],
)
def test_landmarks_of_no_face_are_refused(landmarks: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    with pytest.raises(AlignmentError) as caught:
        template_to_frame(landmarks.astype(np.float32))
    assert caught.value.reason is Reason.LOW_QUALITY
    assert caught.value.hint


def test_the_box_recipe_covers_the_enlarged_box_edge_to_edge() -> None:
    face = Face(frame_seq=1, box=Box(100, 50, 80, 96), landmarks=ARCFACE_TEMPLATE.astype(np.float32), score=0.9)
    matrix = crop_geometry("box-1.25", face).matrix
    corners = matrix @ np.array([[-0.5, -0.5, 1], [159.5, 159.5, 1]]).T + 0.5
    np.testing.assert_allclose(corners.T, [[90, 38], [190, 158]])


def test_large_faces_are_decimated() -> None:
    assert crop_geometry("box-1.25", make_face(0, 0, 100, 100)).decimation == 1
    assert crop_geometry("box-1.25", make_face(0, 0, 400, 400)).decimation == 3


def test_an_unknown_recipe_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="box-2"):
        crop_geometry("box-2", make_face(0, 0, 50, 50))
