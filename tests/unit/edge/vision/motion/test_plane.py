"""A flat picture of a face leaves noise, however it moves; a face that stirs leaves more; bad pixels are NaN."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.commands.demo.scenes import ENROLLED_PORTRAIT
from edge.vision.motion.plane import PlaneFollower

LANDMARKS = np.array([[203.5, 107.5], [244.8, 107.3], [222.7, 128.7], [205.8, 144.6], [243.2, 145.9]], np.float32)
PORTRAIT = np.asarray(cv2.imread(str(ENROLLED_PORTRAIT)), np.uint8)
FLAT, ALIVE = 0.01, 0.012


def follower() -> PlaneFollower:
    return PlaneFollower(enough=FLAT, lost=0.2)


def noisy(pixels: NDArray[np.uint8], seed: int = 1) -> NDArray[np.uint8]:
    grain = np.random.default_rng(seed).normal(0, 2.5, pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def seen_along(matrix: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    moved = cv2.perspectiveTransform(LANDMARKS[None].astype(np.float64), matrix)[0]
    height, width = PORTRAIT.shape[:2]
    return np.asarray(cv2.warpPerspective(PORTRAIT, matrix, (width, height)), np.uint8), moved.astype(np.float32)


def around_the_face(
    size: float, roll: float, x: float, y: float, keystone: tuple[float, float]
) -> NDArray[np.float64]:
    center = np.array([[1.0, 0, -224], [0, 1, -126], [0, 0, 1]])
    spun = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1 / size]])
    tilted = np.array([[1.0, 0, 0], [0, 1, 0], [*keystone, 1]])
    back = np.array([[1.0, 0, 224 + x], [0, 1, 126 + y], [0, 0, 1]])
    return np.asarray(back @ tilted @ spun @ center)


def test_the_first_frame_is_like_itself() -> None:
    assert follower().change(PORTRAIT, LANDMARKS) == 0.0


@given(
    size=st.floats(0.8, 1.3),
    roll=st.floats(-0.2, 0.2),
    x=st.floats(-30, 30),
    y=st.floats(-20, 20),
    keystone=st.tuples(st.floats(-3e-4, 3e-4), st.floats(-3e-4, 3e-4)),
)
@settings(max_examples=25, deadline=None)
def test_a_flat_picture_leaves_noise_however_it_moves(
    size: float, roll: float, x: float, y: float, keystone: tuple[float, float]
) -> None:
    one = follower()
    one.change(noisy(PORTRAIT), LANDMARKS)
    pixels, landmarks = seen_along(around_the_face(size, roll, x, y, keystone))
    assert one.change(noisy(pixels, 2), landmarks + 1.0) < FLAT


def test_a_brighter_or_darker_picture_is_the_same_picture() -> None:
    one = follower()
    one.change(noisy(PORTRAIT), LANDMARKS)
    darker = np.clip(PORTRAIT * np.linspace(0.6, 1.1, PORTRAIT.shape[1])[None, :, None], 0, 255).astype(np.uint8)
    assert one.change(noisy(darker, 2), LANDMARKS) < FLAT


def test_a_face_that_stirs_leaves_more_than_a_flat_picture() -> None:
    one = follower()
    one.change(noisy(PORTRAIT), LANDMARKS)
    y, x = np.mgrid[: PORTRAIT.shape[0], : PORTRAIT.shape[1]].astype(np.float32)
    stirred = cv2.remap(PORTRAIT, x, y + 3 * np.sin(y / 9), cv2.INTER_LINEAR)
    assert one.change(noisy(np.asarray(stirred, np.uint8), 2), LANDMARKS) > ALIVE


def test_another_picture_is_lost_and_becomes_the_first_one_in_time() -> None:
    one = follower()
    one.change(PORTRAIT, LANDMARKS)
    other = np.ascontiguousarray(PORTRAIT[::-1])
    changes = [one.change(other, LANDMARKS) for _ in range(7)]
    assert all(change > 0.2 for change in changes[:5])
    assert changes[5] == 0.0
    assert changes[6] < FLAT


@pytest.mark.parametrize(
    ("pixels", "landmarks"),
    [(np.full_like(PORTRAIT, 90), LANDMARKS), (PORTRAIT, np.full((5, 2), 50, np.float32))],
    ids=["flat", "no face"],
)
def test_what_cannot_be_measured_is_no_number(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> None:
    assert math.isnan(follower().change(pixels, landmarks))
    one = follower()
    one.change(PORTRAIT, LANDMARKS)
    assert math.isnan(one.change(pixels, landmarks))


def test_a_face_at_the_edge_of_the_frame_and_beyond_never_raises() -> None:
    one = follower()
    one.change(PORTRAIT, LANDMARKS)
    for aside in (-230.0, -1e4, 1e6):
        change = one.change(PORTRAIT, LANDMARKS + np.float32(aside))
        assert math.isnan(change) or 0 <= change <= 2.001
