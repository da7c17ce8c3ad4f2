"""Camera layouts become BGR."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.errors import CameraError
from edge.domain.frame import Frame, PixelFormat
from edge.vision.color import BgrConverter, bgr_pixels
from tests.support.white_rectangle_engine import make_frame


def nv12(bgr: NDArray[np.uint8]) -> Frame:
    """Return an NV12 frame of even sides."""
    height, width = bgr.shape[:2]
    planar = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).astype(np.uint8)
    chroma = planar[height:].reshape(2, -1)
    pixels = np.concatenate([planar[:height].ravel(), chroma.T.ravel()]).reshape(height * 3 // 2, width)
    return replace(make_frame(bgr), pixels=pixels, pixel_format=PixelFormat.NV12)


def test_a_bgr_frame_is_passed_on() -> None:
    frame = make_frame(np.zeros((4, 4, 3), np.uint8))
    assert BgrConverter().convert(frame) is frame


def test_an_nv12_frame_comes_back_in_its_colors() -> None:
    bgr = np.empty((48, 64, 3), np.uint8)
    bgr[...] = (200, 60, 90)
    converted = BgrConverter().convert(nv12(bgr))
    assert converted.pixel_format is PixelFormat.BGR
    assert np.abs(converted.pixels.astype(int) - bgr).max() <= 3
    assert (converted.width_px, converted.height_px) == (64, 48)


def test_the_buffer_is_reused_and_read_only() -> None:
    converter = BgrConverter()
    first = converter.convert(nv12(np.zeros((48, 64, 3), np.uint8)))
    second = converter.convert(nv12(np.full((48, 64, 3), 255, np.uint8)))
    assert np.shares_memory(first.pixels, second.pixels)
    assert not second.pixels.flags.writeable


def test_a_camera_that_changes_its_size_is_followed() -> None:
    converter = BgrConverter()
    converter.convert(nv12(np.zeros((48, 64, 3), np.uint8)))
    assert converter.convert(nv12(np.zeros((24, 32, 3), np.uint8))).pixels.shape == (24, 32, 3)


def test_odd_sides_are_refused() -> None:
    frame = replace(
        make_frame(np.zeros((2, 2, 3), np.uint8)), pixels=np.zeros((6, 5), np.uint8), pixel_format=PixelFormat.NV12
    )
    with pytest.raises(CameraError, match="5 x 4") as caught:
        BgrConverter().convert(frame)
    assert caught.value.hint


def test_only_bgr_pixels_are_handed_out() -> None:
    with pytest.raises(CameraError, match="nv12"):
        bgr_pixels(nv12(np.zeros((4, 4, 3), np.uint8)))
