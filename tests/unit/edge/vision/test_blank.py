"""Covered lenses and scenes, told apart."""

import datetime as dt

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.frame import Frame, PixelFormat
from edge.vision.blank import frame_contrast, is_blank
from tests.support.gate_command import ENROLLED, STRANGER

RNG = np.random.default_rng(1)


def frame(pixels: NDArray[np.uint8], pixel_format: PixelFormat = PixelFormat.BGR) -> Frame:
    return Frame(
        camera_id="c",
        seq=1,
        captured_ns=1,
        captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        pixels=pixels,
        pixel_format=pixel_format,
    )


def noisy(level: float, size: tuple[int, int] = (480, 640), noise: float = 6.0) -> NDArray[np.uint8]:
    drawn = RNG.normal(level, noise, (*size, 3))
    return np.clip(drawn, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [30, 128, 240])
@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (120, 160), (16, 16)])
def test_an_even_picture_is_blank_whatever_its_noise(level: float, size: tuple[int, int]) -> None:
    least = 2.0 if min(size) > 16 else 6.0  # a block of one pixel is all noise
    assert is_blank(frame(noisy(level, size)), least_contrast=least)


def test_a_soft_gradient_is_as_good_as_even() -> None:
    ramp = np.linspace(120, 124, 640, dtype=np.float32)[None, :, None]
    assert is_blank(frame(np.asarray(noisy(0, noise=0) + ramp, np.uint8)), least_contrast=2.0)


@pytest.mark.parametrize("picture", [ENROLLED, STRANGER])
@pytest.mark.parametrize("gain", [1.0, 0.15])
def test_a_scene_is_not_in_poor_light_either(picture: object, gain: float) -> None:
    pixels = cv2.imread(str(picture))
    assert pixels is not None
    assert frame_contrast(frame((pixels * gain).astype(np.uint8))) > 4


def test_nv12_is_judged_by_its_luma() -> None:
    blank = np.full((48 * 3 // 2, 64), 128, np.uint8)
    assert is_blank(frame(blank, PixelFormat.NV12), least_contrast=2.0)
    blank[:24] = 40
    assert not is_blank(frame(blank, PixelFormat.NV12), least_contrast=2.0)


def test_a_frame_without_pixels_is_blank_and_zero_asks_nothing() -> None:
    assert is_blank(frame(np.zeros((0, 0, 3), np.uint8)), least_contrast=0.1)
    assert not is_blank(frame(noisy(128, noise=0)), least_contrast=0.0)
