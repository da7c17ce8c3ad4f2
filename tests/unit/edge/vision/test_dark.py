"""Darkness and covered lenses."""

from dataclasses import replace

import numpy as np
import pytest

from edge.domain.frame import PixelFormat
from edge.vision.dark import frame_brightness, is_dark
from tests.support.white_rectangle_engine import make_frame


def test_a_covered_lens_is_dark_in_spite_of_noise() -> None:
    noise = np.random.default_rng(0).poisson(6, (480, 640, 3)).astype(np.uint8)
    assert is_dark(make_frame(noise), least_brightness=25)


def test_a_lit_face_in_a_dark_room_is_not_dark() -> None:
    pixels = np.full((480, 640, 3), 4, np.uint8)
    pixels[150:310, 250:390] = 120
    assert not is_dark(make_frame(pixels), least_brightness=25)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (47, 3)])
def test_any_size_is_measured(size: tuple[int, int]) -> None:
    assert frame_brightness(make_frame(np.full((*size, 3), 80, np.uint8))) == pytest.approx(80)


def test_an_empty_frame_is_dark() -> None:
    assert is_dark(make_frame(np.zeros((0, 5, 3), np.uint8)), least_brightness=1)


@pytest.mark.parametrize(("luma", "gray"), [(16, 0), (235, 255), (0, 0), (255, 255)])
def test_nv12_is_read_from_its_luma_alone(luma: int, gray: float) -> None:
    pixels = np.full((72, 64), 255, np.uint8)
    pixels[:48] = luma
    frame = replace(make_frame(np.zeros((2, 2, 3), np.uint8)), pixels=pixels, pixel_format=PixelFormat.NV12)
    assert frame_brightness(frame) == pytest.approx(gray)
