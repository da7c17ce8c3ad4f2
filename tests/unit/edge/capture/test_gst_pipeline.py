from pathlib import Path

import pytest

from edge.capture.device_options import DeviceOptions
from edge.capture.gst_pipeline import csi_pipeline, elements_of, has_element, usb_pipeline


def test_a_sensor_is_read_through_argus_as_nv12() -> None:
    command, size = csi_pipeline(1, DeviceOptions())
    assert command[:2] == ["gst-launch-1.0", "-q"]
    text = " ".join(command)
    assert "nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM),width=1280,height=720,framerate=30/1" in text
    assert size == (1280, 720)


def test_a_usb_camera_is_decoded_in_hardware() -> None:
    command, size = usb_pipeline("/dev/video2", DeviceOptions(size=(1920, 1080), fps=60))
    text = " ".join(command)
    assert "v4l2src device=/dev/video2" in text
    assert "image/jpeg,width=1920,height=1080,framerate=60/1 ! nvv4l2decoder mjpeg=1" in text
    assert size == (1920, 1080)


def test_only_the_newest_frame_waits() -> None:
    for command, _ in (csi_pipeline(0, DeviceOptions()), usb_pipeline("/dev/video0", DeviceOptions())):
        tail = " ".join(command).rpartition("queue ")[2]
        assert tail.startswith("leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! fdsink fd=1")


def test_sizes_leave_rows_without_padding() -> None:
    _, size = csi_pipeline(0, DeviceOptions(size=(1283, 721)))
    assert size == (1280, 720)
    _, size = csi_pipeline(0, DeviceOptions(size=(8000, 6000)))
    assert size == (3840, 2160)


def test_a_commands_elements_are_told_without_its_capabilities() -> None:
    command, _ = csi_pipeline(0, DeviceOptions())
    assert elements_of(command) == ("nvarguscamerasrc", "nvvidconv", "queue", "fdsink")
    command, _ = usb_pipeline("/dev/video0", DeviceOptions())
    assert elements_of(command) == ("v4l2src", "nvv4l2decoder", "nvvidconv", "queue", "fdsink")


def test_without_gstreamer_no_element_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not has_element("queue")
