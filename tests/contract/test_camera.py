"""What every camera promises, whatever it reads from."""

import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from edge.capture.camera import Camera, RawFrame
from edge.capture.gst_camera import GstCamera
from edge.capture.limits import MOST_FRAME_BYTES
from edge.capture.pyav_camera import video_file
from edge.capture.stills import StillsCamera
from edge.capture.synthetic_camera import SyntheticCamera
from edge.capture.synthetic_motion import SyntheticMotion
from edge.domain.errors import CameraError
from edge.domain.frame import PixelFormat

FRAMES = 5
NV12_WRITER = f"import sys; [sys.stdout.buffer.write(bytes([i]) * (64 * 48 * 3 // 2)) for i in range({FRAMES})]"


def _video(folder: Path) -> Camera:
    with av.open(str(folder / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for level in range(FRAMES):
            pixels = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "bgr24")))
        container.mux(stream.encode(None))
    return video_file(str(folder / "a.mkv"))


def _stills(folder: Path) -> Camera:
    for index in range(FRAMES):
        Image.new("RGB", (64, 48), (index, 0, 0)).save(folder / f"{index}.png")
    return StillsCamera(str(folder))


def _synthetic(folder: Path) -> Camera:
    Image.new("RGB", (64, 48), (200, 100, 50)).save(folder / "portrait.png")
    return SyntheticCamera(str(folder / "portrait.png"), SyntheticMotion(size=(64, 64), frames=FRAMES))


def _gst(_folder: Path) -> Camera:
    return GstCamera(command=[sys.executable, "-S", "-c", NV12_WRITER], size=(64, 48), name="csi:0")


def _gone_gst(_folder: Path) -> Camera:
    return GstCamera(command=["no-such-gst-launch"], size=(64, 48), name="csi:0")


def _gone_synthetic(folder: Path) -> Camera:
    return SyntheticCamera(str(folder / "gone.png"), SyntheticMotion())


CAMERAS = [_video, _stills, _synthetic, _gst]
GONE = [lambda folder: video_file(str(folder / "gone.mkv")), lambda folder: StillsCamera(str(folder))]


@pytest.fixture(params=CAMERAS, ids=lambda make: make.__name__.strip("_"))
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Camera:
    make: Callable[[Path], Camera] = request.param
    return make(tmp_path)


def _read_all(camera: Camera) -> list[RawFrame]:
    """Read to the end, which is None for a recording and a fault for a device; keep copies of nothing."""
    frames = []
    try:
        while (frame := camera.read()) is not None:
            frames.append(frame)
    except CameraError:
        assert isinstance(camera, GstCamera)
    return frames


def test_it_gives_every_frame_and_then_ends(camera: Camera) -> None:
    camera.open()
    assert len(_read_all(camera)) == FRAMES
    camera.close()


def test_frames_have_the_shape_of_their_format_and_fit_the_slot(camera: Camera) -> None:
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.size <= MOST_FRAME_BYTES
    if frame.pixel_format is PixelFormat.BGR:
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
    else:
        assert frame.pixels.ndim == 2
        assert frame.pixels.shape[0] % 3 == 0
    camera.close()


def test_time_begins_at_zero_and_never_runs_backwards(camera: Camera) -> None:
    camera.open()
    times = [frame.source_time_ns for frame in _read_all(camera)]
    camera.close()
    if isinstance(camera, GstCamera):
        assert set(times) == {None}
    else:
        known = [time for time in times if time is not None]
        assert len(known) == FRAMES
        assert known[0] == 0
        assert known == sorted(set(known))


def test_closing_early_twice_or_without_opening_is_harmless(camera: Camera) -> None:
    camera.close()
    camera.open()
    camera.read()
    camera.close()
    camera.close()


@pytest.mark.parametrize("make", [*GONE, _gone_gst, _gone_synthetic], ids=["video", "stills", "gst", "synthetic"])
def test_what_is_not_there_is_a_camera_error_with_a_hint(make: Callable[[Path], Camera], tmp_path: Path) -> None:
    camera = make(tmp_path)
    with pytest.raises(CameraError) as caught:
        camera.open()
    assert caught.value.hint
    camera.close()
