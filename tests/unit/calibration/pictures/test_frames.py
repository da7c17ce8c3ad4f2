import datetime as dt

import numpy as np

from calibration.pictures.frames import CAMERA_ID, frame_of
from edge.domain.clock import SystemClock


def test_a_picture_is_a_frame_of_no_camera_captured_just_now() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    clock = SystemClock()
    before = clock.monotonic_ns()
    frame = frame_of(pixels, clock)
    assert (frame.camera_id, frame.width_px, frame.height_px) == (CAMERA_ID, 6, 4)
    assert before <= frame.captured_ns <= clock.monotonic_ns()
    assert frame.captured_utc.tzinfo is dt.UTC
    np.testing.assert_array_equal(frame.pixels, pixels)
