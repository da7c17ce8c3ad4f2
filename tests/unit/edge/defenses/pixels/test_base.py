"""The patch of a face: native pixels of the frame, bounded, on the grid, and refused when too little is left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.defenses.pixels.base import LEAST_SIDE_PX, MOST_SIDE_PX, face_patch
from edge.domain.face import Box, Face

FRAME = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)


def face(x: float, y: float, width: float, height: float) -> Face:
    return Face(frame_seq=1, box=Box(x, y, width, height), landmarks=np.zeros((5, 2), np.float32), score=0.9)


def test_the_patch_is_a_view_of_the_box_on_the_grid() -> None:
    patch = face_patch(FRAME, face(61, 41, 100, 121))
    assert np.shares_memory(patch, FRAME)
    np.testing.assert_array_equal(patch, FRAME[44:160, 64:160])


def test_a_large_face_is_looked_at_in_its_middle() -> None:
    frame = np.zeros((1000, 1000, 3), np.uint8)
    frame[500, 500] = 1
    patch = face_patch(frame, face(100, 100, 800, 800))
    assert patch.shape == (MOST_SIDE_PX, MOST_SIDE_PX, 3)
    assert np.argwhere(patch[..., 0]).tolist() == [[MOST_SIDE_PX // 2, MOST_SIDE_PX // 2]]


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0.1, 1e4), st.floats(0.1, 1e4))
def test_a_patch_is_measurable_or_refused(x: float, y: float, width: float, height: float) -> None:
    try:
        patch = face_patch(FRAME, face(x, y, width, height))
    except ValueError:
        return
    for side in patch.shape[:2]:
        assert LEAST_SIDE_PX <= side <= MOST_SIDE_PX
        assert side % 4 == 0


@pytest.mark.parametrize("box", [(10, 10, 20, 100), (-90, 10, 100, 100), (310, 230, 100, 100), (-500, -500, 50, 50)])
def test_too_little_of_a_face_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="px of the face"):
        face_patch(FRAME, face(*box))


@pytest.mark.parametrize(
    "pixels", [np.zeros((240, 320), np.uint8), np.zeros((240, 320, 4), np.uint8), np.zeros((240, 320, 3), np.float32)]
)
def test_what_is_no_bgr_frame_is_refused(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        face_patch(pixels, face(0, 0, 100, 100))
