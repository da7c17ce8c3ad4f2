"""A real GStreamer's test picture, read as a CSI camera's would be; only the elements before the queue differ."""

import itertools
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.capture.backoff import Backoff
from edge.capture.camera import RawFrame
from edge.capture.gst_camera import GstCamera
from edge.capture.gst_pipeline import SINK, elements_of, has_element
from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing
from edge.domain.clock import SystemClock
from edge.domain.errors import CameraError
from edge.domain.frame import Frame, PixelFormat
from tests.support.waiting import wait_for

GST_LAUNCH = shutil.which("gst-launch-1.0")
pytestmark = pytest.mark.skipif(GST_LAUNCH is None, reason="needs gstreamer1.0-tools and -plugins-base")

WIDTH, HEIGHT, FPS = 320, 240, 30
STEP_PX = 2  # so far the bar moves a frame: its place tells the frame's number, within WIDTH / STEP_PX
PICTURE = (
    f"videotestsrc is-live=true pattern=bar horizontal-speed={STEP_PX}"
    f" ! video/x-raw,format=NV12,width={WIDTH},height={HEIGHT},framerate={FPS}/1"
)


@pytest.fixture
def camera() -> Iterator[GstCamera]:
    command = ["gst-launch-1.0", "-q", *f"{PICTURE} ! {SINK}".split(" ")]
    made = GstCamera(command=command, size=(WIDTH, HEIGHT), name="csi:0")
    made.open()
    yield made
    made.close()


def read(camera: GstCamera) -> RawFrame:
    frame = camera.read()
    assert frame is not None
    return frame


def number_of(frame: RawFrame) -> int:
    """Return a frame's number, within WIDTH / STEP_PX, from where the bar begins."""
    is_bright = frame.pixels[HEIGHT // 2] > 128
    (begins,) = np.flatnonzero(is_bright & ~np.roll(is_bright, 1))
    return (-int(begins) // STEP_PX) % (WIDTH // STEP_PX)


def test_frames_are_nv12_of_the_right_size_and_come_one_after_the_other(camera: GstCamera) -> None:
    for _ in range(25):  # until the bar is whole
        read(camera)
    numbers = []
    for _ in range(10):
        frame = read(camera)
        assert (frame.pixel_format, frame.pixels.shape) == (PixelFormat.NV12, (HEIGHT * 3 // 2, WIDTH))
        assert set(np.unique(frame.pixels[HEIGHT:])) == {128}  # a picture without color
        numbers.append(number_of(frame))
    assert all(0 < (after - before) % 160 < 5 for before, after in itertools.pairwise(numbers))


def test_a_reader_that_was_away_gets_the_newest_frame(camera: GstCamera) -> None:
    for _ in range(25):
        read(camera)
    frame = read(camera)
    for away_s in (0.6, 1.5):
        before, before_ns = number_of(frame), frame.captured_ns
        time.sleep(away_s)  # the pipe holds nine frames of this size, a third of a second
        frame = read(camera)
        assert before_ns is not None
        assert frame.captured_ns is not None
        passed_s = ((number_of(frame) - before) % 160) / FPS
        assert abs(passed_s - (frame.captured_ns - before_ns) / 1e9) < 0.15
        assert time.monotonic_ns() - frame.captured_ns < 100_000_000


def test_the_elements_that_every_machine_has_are_there() -> None:
    assert elements_of(["gst-launch-1.0", "-q", *f"{PICTURE} ! {SINK}".split(" ")]) == (
        "videotestsrc",
        "queue",
        "fdsink",
    )
    assert all(has_element(name) for name in ("queue", "fdsink", "v4l2src"))
    assert not has_element("no-such-element")


HANGS = """#!/bin/sh
echo $$ >> {folder}/pids
{gst} -q videotestsrc num-buffers=8 {picture} ! {sink}
sleep 600
"""


def frames(feed: CameraFeed, count: int) -> list[Frame]:
    taken: list[Frame] = []

    def enough() -> bool:
        got = feed.next_frame(100)
        if not isinstance(got, Nothing):
            taken.append(got)
        return len(taken) >= count

    wait_for(enough, f"{count} frames came", within_s=30)
    return taken


def to_the_end(feed: CameraFeed) -> None:
    while True:
        feed.next_frame(200)


def is_there(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_pipeline_that_hangs_is_killed_with_all_that_it_started_and_tried_again_later_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "gst-launch-1.0"
    stub.write_text(
        HANGS.format(folder=tmp_path, gst=GST_LAUNCH, picture=PICTURE.removeprefix("videotestsrc "), sink=SINK)
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    source = parse_source(f"csi:0?size={WIDTH}x{HEIGHT}&fps={FPS}")
    backoff = Backoff(first_ms=200, most_ms=5_000)
    waited_ns = []
    with CameraFeed(source, clock=SystemClock(), stall_after_ms=1_000, backoff=backoff) as feed:
        for _ in range(3):
            taken = frames(feed, 3)
            assert taken[0].pixel_format is PixelFormat.NV12
            with pytest.raises(CameraError, match=r"csi:0.* gave no frame for 1000 ms"):
                to_the_end(feed)
            failed_ns = time.monotonic_ns()
            frames(feed, 1)
            waited_ns.append(time.monotonic_ns() - failed_ns)
        assert feed.restarts == 3
        pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
        assert not any(is_there(pid) for pid in pids[:-1])
    assert not is_there(pids[-1])
    assert waited_ns[2] > waited_ns[0] + 200_000_000
