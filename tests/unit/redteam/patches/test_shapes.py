"""Patches have the size they are said to have, stay in the frame, and follow the face."""

import math
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.face import Box, Face
from edge.vision.align import ARCFACE_TEMPLATE, AlignmentError

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from redteam.patches.shapes import PatchShape, Rectangle, area_share, patch_masks, rectangle_masks  # noqa: E402

Tensor = Any

SHARES = {
    PatchShape.GLASSES: (0.06, 0.07),
    PatchShape.EYE_BAND: (0.13, 0.15),
    PatchShape.FOREHEAD: (0.13, 0.14),
    PatchShape.LOWER_FACE: (0.23, 0.25),
    PatchShape.CHEEKS_AND_FOREHEAD: (0.155, 0.17),
    PatchShape.RECTANGLE: (0.095, 0.105),
}


def face(degrees: float = 0.0, scale: float = 1.0, center: tuple[float, float] = (160.0, 120.0)) -> Face:
    """Return a face whose landmarks are the template turned, scaled, and moved to ``center``."""
    angle = math.radians(degrees)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = (ARCFACE_TEMPLATE - 55.5) @ linear.T + center
    box = Box(center[0] - 40 * scale, center[1] - 50 * scale, 80 * scale, 100 * scale)
    return Face(frame_seq=1, box=box, landmarks=points.astype(np.float32), score=0.9)


def pieces(mask: Tensor) -> int:
    return int(cv2.connectedComponents(mask.numpy().astype(np.uint8))[0]) - 1


@pytest.mark.parametrize("shape", PatchShape)
@settings(deadline=None, max_examples=8)
@given(degrees=st.floats(-180, 180), scale=st.floats(0.8, 1.5))
def test_a_patch_covers_its_share_of_the_face_however_the_face_lies(
    shape: PatchShape, degrees: float, scale: float
) -> None:
    of = face(degrees, scale, (130.0, 130.0))
    mask = patch_masks(shape, [of], 260, 260)
    low, high = SHARES[shape]
    assert mask.shape == (1, 1, 260, 260)
    assert 0.9 * low < area_share(mask[0], of) < 1.1 * high


@pytest.mark.parametrize("shape", PatchShape)
@settings(deadline=None, max_examples=8)
@given(degrees=st.floats(-180, 180), scale=st.floats(0.8, 1.5), x=st.floats(-20, 20), y=st.floats(-20, 20))
def test_a_patch_goes_where_the_face_goes(
    shape: PatchShape, degrees: float, scale: float, x: float, y: float
) -> None:
    still, moved = face(0.0, 1.0, (150.3, 150.3)), face(degrees, scale, (150.3 + x, 150.3 + y))
    here, there = patch_masks(shape, [still, moved], 300, 300)[:, 0].double()

    def moments(mask: Tensor) -> tuple[complex, float]:
        spots = mask.nonzero().double()
        return complex(*spots.mean(dim=0).flip(0).tolist()), float(mask.sum())

    (at, area), (then, after) = moments(here), moments(there)
    turn = scale * complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    middle = 150.3 + 150.3j
    assert abs(turn * (at - middle) + middle + complex(x, y) - then) < 1.5
    assert after / area == pytest.approx(scale**2, rel=0.15)


def test_a_patch_comes_in_as_many_pieces_as_are_worn() -> None:
    of = face(scale=2.0, center=(200.0, 200.0))
    counts = {shape: pieces(patch_masks(shape, [of], 400, 400)[0, 0]) for shape in PatchShape}
    assert counts == {shape: 3 if shape is PatchShape.CHEEKS_AND_FOREHEAD else 1 for shape in PatchShape}


@pytest.mark.parametrize("shape", PatchShape)
def test_on_a_large_face_shares_are_exact(shape: PatchShape) -> None:
    of = face(0.0, 3.0, (180.0, 180.0))
    low, high = SHARES[shape]
    assert low < area_share(patch_masks(shape, [of], 400, 360)[0], of) < high


def test_glasses_leave_the_eyes_open_and_a_band_does_not() -> None:
    of = face()
    for shape, is_painted in ((PatchShape.GLASSES, False), (PatchShape.EYE_BAND, True)):
        mask = patch_masks(shape, [of], 240, 320)[0, 0]
        assert [bool(mask[round(y), round(x)]) for x, y in of.landmarks[:2].tolist()] == [is_painted] * 2


@settings(deadline=None, max_examples=20)
@given(x=st.floats(-300, 300), y=st.floats(-300, 300), scale=st.floats(0.2, 8.0))
def test_a_face_that_leaves_the_frame_takes_its_patch_along(x: float, y: float, scale: float) -> None:
    of = face(30.0, scale, (x, y))
    mask = patch_masks(PatchShape.EYE_BAND, [of], 96, 128)
    assert mask.shape == (1, 1, 96, 128)
    assert 0 <= area_share(mask[0], of) < 0.16


def test_pixels_are_painted_by_their_centers() -> None:
    of = face(center=(55.5, 55.5))
    rectangle = Rectangle(9.5, 19.5, 3.0, 2.0)
    mask = rectangle_masks([rectangle], [of], 112, 112)[0, 0]
    assert mask.nonzero().tolist() == [[y, x] for y in (20, 21) for x in (10, 11, 12)]
    assert area_share(mask, of) == pytest.approx(6 / 112**2)


def test_every_face_has_its_own_rectangle() -> None:
    faces = [face(center=(55.5, 55.5))] * 2
    two = rectangle_masks([Rectangle(9.5, 9.5, 10, 10), Rectangle(49.5, 49.5, 20, 20)], faces, 112, 112)
    assert two.flatten(1).sum(dim=1).tolist() == [100, 400]
    with pytest.raises(ValueError):
        rectangle_masks([Rectangle(0, 0, 10, 10)], faces, 112, 112)


@given(share=st.floats(0.001, 1.0), aspect=st.floats(0.2, 5.0))
def test_a_rectangle_of_a_share_has_it(share: float, aspect: float) -> None:
    found = Rectangle.of_share(share, center=(30.0, 40.0), aspect=aspect)
    assert found.width * found.height == pytest.approx(share * 112**2)
    assert found.width / found.height == pytest.approx(aspect)
    assert (found.x + found.width / 2, found.y + found.height / 2) == pytest.approx((30.0, 40.0))


@pytest.mark.parametrize(("share", "aspect"), [(0.0, 1.0), (1.1, 1.0), (0.1, 0.0), (math.nan, 1.0), (0.1, math.nan)])
def test_a_share_out_of_range_is_refused(share: float, aspect: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Rectangle.of_share(share, aspect=aspect)


@pytest.mark.parametrize("sides", [(0.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (math.inf, 1.0)])
def test_a_rectangle_without_an_area_is_refused(sides: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="rectangle"):
        Rectangle(0.0, 0.0, *sides)


def test_landmarks_that_are_no_face_are_refused() -> None:
    of = Face(frame_seq=1, box=Box(0, 0, 9, 9), landmarks=np.ones((5, 2), dtype=np.float32), score=0.9)
    with pytest.raises(AlignmentError):
        patch_masks(PatchShape.GLASSES, [of], 96, 128)
