"""Camera layouts become BGR."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.errors import CameraError
from edge.domain.frame import Frame, PixelFormat
from edge.vision.color import BgrConverter, bgr_pixels
from tests.support.nv12 import nv12_of
from tests.support.white_rectangle_engine import make_frame


def nv12(bgr: NDArray[np.uint8]) -> Frame:
    """Return an NV12 frame of even sides."""
    return replace(make_frame(bgr), pixels=nv12_of(bgr), pixel_format=PixelFormat.NV12)


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


def test_the_native_picture_is_kept_for_who_asks_for_it() -> None:
    native = nv12(np.zeros((48, 64, 3), np.uint8))
    plain = BgrConverter().convert(native)
    assert plain.native is None
    assert plain.shown is plain.pixels
    kept = BgrConverter(keeps_native=True).convert(native)
    assert kept.native is native.pixels
    assert kept.shown is native.pixels
    assert kept.pixels.shape == (48, 64, 3)
    bgr = make_frame(np.zeros((4, 4, 3), np.uint8))
    assert BgrConverter(keeps_native=True).convert(bgr).native is None


def test_a_native_picture_of_another_size_is_none_of_the_frame() -> None:
    with pytest.raises(ValueError, match="is none of a frame"):
        replace(make_frame(np.zeros((4, 4, 3), np.uint8)), native=np.zeros((4, 4), np.uint8))


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
