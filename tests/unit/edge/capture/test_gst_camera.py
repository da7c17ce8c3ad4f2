import sys
import time

import numpy as np
import pytest

from edge.capture.gst_camera import GstCamera
from edge.domain.errors import CameraError
from edge.domain.frame import PixelFormat

# Two NV12 frames of 8 x 4 and half of a third, written in pieces that do not match frames.
FAKE = """
import sys
data = bytes([1]) * 48 + bytes([2]) * 48 + bytes([3]) * 24
for start in range(0, len(data), 7):
    sys.stdout.buffer.write(data[start : start + 7])
    sys.stdout.buffer.flush()
"""
STUCK = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(60)"


def test_frames_are_cut_out_of_the_bytes_of_a_process() -> None:
    camera = GstCamera(command=[sys.executable, "-S", "-c", FAKE], size=(8, 4), name="csi:0")
    camera.open()
    for level in (1, 2):
        frame = camera.read()
        assert frame is not None
        assert frame.pixel_format is PixelFormat.NV12
        assert frame.pixels.shape == (6, 8)
        assert np.unique(frame.pixels).tolist() == [level]
    with pytest.raises(CameraError, match="csi:0: its GStreamer pipeline ended") as caught:
        camera.read()
    assert "nvargus" in caught.value.hint
    camera.close()
    camera.close()


def test_a_missing_gstreamer_is_explained() -> None:
    camera = GstCamera(command=["gst-launch-that-is-not-there"], size=(8, 4), name="csi:0")
    with pytest.raises(CameraError, match="cannot start") as caught:
        camera.open()
    assert "install GStreamer" in caught.value.hint


def test_a_process_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.gst_camera._STOP_WAIT_S", 0.05)
    camera = GstCamera(command=[sys.executable, "-S", "-c", STUCK], size=(8, 4), name="csi:0")
    camera.open()
    process = camera._process
    assert process is not None
    assert process.stdout is not None
    process.stdout.read(1)  # it ignores the interrupt from here on
    camera.close()
    assert process.returncode == -9


def test_reading_before_opening_is_an_error() -> None:
    with pytest.raises(CameraError, match="not open"):
        GstCamera(command=["true"], size=(8, 4), name="csi:0").read()


def test_odd_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        GstCamera(command=["true"], size=(7, 4), name="csi:0")


# Writes frames of 8 x 4, numbered from 1: twelve at once, then one every 20 ms.
NUMBERED = """
import os, sys, time
for number in range(1, 200):
    if number > 12:
        time.sleep(0.02)
    os.write(1, bytes([number]) * 48)
"""


def numbers(camera: GstCamera, count: int) -> list[int]:
    return [int(frame.pixels[0, 0]) for _ in range(count) if (frame := camera.read()) is not None]


def test_what_waited_while_nobody_read_is_thrown_away() -> None:
    camera = GstCamera(command=[sys.executable, "-S", "-c", NUMBERED], size=(8, 4), name="csi:0")
    camera.open()
    try:
        assert numbers(camera, 2) == [1, 2]
        asked_ns = time.monotonic_ns()
        time.sleep(0.5)
        frame = camera.read()
        assert frame is not None
        assert frame.captured_ns is not None
        assert int(frame.pixels[0, 0]) > 20  # some twenty of them waited
        assert frame.captured_ns > asked_ns + 400_000_000
    finally:
        camera.close()


def test_a_frame_that_waited_a_little_is_stamped_as_old_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.gst_camera._LONG_AWAY_NS", 60_000_000_000)
    camera = GstCamera(command=[sys.executable, "-S", "-c", NUMBERED], size=(8, 4), name="csi:0")
    camera.open()
    try:
        assert numbers(camera, 1) == [1]
        left_ns = time.monotonic_ns()
        time.sleep(0.2)
        frame = camera.read()
        assert frame is not None
        assert frame.captured_ns is not None
        assert frame.captured_ns <= left_ns
    finally:
        camera.close()
