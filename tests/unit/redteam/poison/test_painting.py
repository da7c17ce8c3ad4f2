"""What a poisoner draws lies where it should and leaves the rest alone."""

import numpy as np
import pytest

from redteam.poison.painting import blended, morphed, with_sticker, with_sunglasses
from tests.support.landmarks import face_at


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(60, 200, (200, 220, 3), dtype=np.uint8)


def test_sunglasses_cover_the_eyes_and_nothing_below_them(picture: np.ndarray) -> None:
    face = face_at(40, 30)
    painted = with_sunglasses(picture, face)
    for x, y in face.landmarks[:2].astype(int).tolist():
        assert painted[y, x].max() < 20
    mouth = int(face.landmarks[3, 1])
    np.testing.assert_array_equal(painted[mouth:], picture[mouth:])


def test_a_sticker_covers_a_small_part_of_the_face(picture: np.ndarray) -> None:
    changed = (with_sticker(picture, face_at(40, 30)) != picture).any(axis=2)
    assert 0.02 < changed.sum() / (112 * 112) < 0.06


@pytest.mark.parametrize("share", [0.0, 0.15, 1.0])
def test_a_blend_is_the_same_pattern_for_every_picture(picture: np.ndarray, share: float) -> None:
    other = np.full_like(picture, 128)
    one, two = blended(picture, share), blended(other, share)
    assert one.shape == picture.shape
    if share == 1.0:
        np.testing.assert_array_equal(one, two)
    if share == 0.0:
        np.testing.assert_array_equal(one, picture)


def test_a_morph_lies_between_both_faces_and_leaves_the_corners() -> None:
    dark, bright = np.full((200, 220, 3), 40, np.uint8), np.full((160, 150, 3), 200, np.uint8)
    mixed = morphed(dark, face_at(40, 30), bright, face_at(20, 20, 0.9))
    center = mixed[90, 96]
    assert (np.abs(center.astype(int) - 120) <= 2).all()
    np.testing.assert_array_equal(mixed[:10, :10], dark[:10, :10])


def test_a_morph_of_a_picture_with_itself_is_that_picture(picture: np.ndarray) -> None:
    face = face_at(40, 30)
    assert np.abs(morphed(picture, face, picture, face).astype(int) - picture).max() <= 2
