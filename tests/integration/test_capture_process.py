"""The capture child as a real process: what it gives, and what becomes of it when it hangs, dies or is left alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from edge.capture.backoff import Backoff
from edge.capture.freshness import FrozenFeedDetector, frame_age_ms
from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.domain.clock import SystemClock
from edge.domain.errors import CameraError, PictureError, UsageError
from edge.domain.frame import Frame, PixelFormat

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"


def feed(text: str | Path, *, pace: Pace = Pace.FAST, stall_after_ms: int | None = None) -> CameraFeed:
    return CameraFeed(
        parse_source(str(text)),
        pace=pace,
        clock=SystemClock(),
        stall_after_ms=stall_after_ms,
        backoff=Backoff(first_ms=20, most_ms=80),
    )


def next_frame(camera: CameraFeed, within_s: float = 20.0) -> Frame:
    """Return the next frame, whatever faults come before it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            got = camera.next_frame(200)
        except CameraError:
            continue
        if isinstance(got, Frame):
            return got
        assert got is Nothing.NOT_YET
    pytest.fail("no frame came")


def next_fault(camera: CameraFeed, within_s: float = 20.0) -> CameraError:
    """Return the next fault, passing over frames."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            camera.next_frame(200)
        except CameraError as error:
            return error
    pytest.fail("no fault came")


def drain(camera: CameraFeed) -> list[tuple[int, int, int] | str]:
    """Read to the end: (number, first value, capture time in ms) of every frame, or the message of a fault."""
    got: list[tuple[int, int, int] | str] = []
    while True:
        try:
            frame = camera.next_frame(20_000)
        except CameraError as error:
            got.append(str(error) if error.hint else "a fault without a hint")
            continue
        if not isinstance(frame, Frame):
            assert frame is Nothing.ENDED
            return got
        got.append((frame.seq, int(frame.pixels[0, 0, 0]), round(frame.captured_ns / 1e6)))


def count_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    noise = np.random.default_rng(1).integers(0, 255, (9, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((96, 108)).save(path)
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Forty frames at 50 fps; frame i is all of the gray level 6 * i."""
    path = tmp_path / "levels.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=50)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for index in range(40):
            pixels = np.full((48, 64, 3), 6 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "bgr24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def fake_gst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gst-launch-1.0 that writes 64x48 NV12 frames for ever, or as many as the file beside it says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "gst-launch-1.0"
    program.write_text(
        f"#!{sys.executable} -S\n"
        "import os, pathlib, sys, time\n"
        "here = pathlib.Path(__file__).parent\n"
        "(here / 'pid').write_text(str(os.getpid()))\n"
        "limit = here / 'limit'\n"
        "left = int(limit.read_text()) if limit.exists() else 10**9\n"
        "while left > 0:\n"
        "    left -= 1\n"
        "    sys.stdout.buffer.write(os.urandom(64 * 48 * 3 // 2))\n"
        "    sys.stdout.buffer.flush()\n"
        "    time.sleep(0.01)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_lock_step_shows_every_frame_on_the_time_of_the_video(video: Path) -> None:
    with feed(video) as camera:
        start_ms = camera.clock.monotonic_ns() / 1e6
        got = drain(camera)
        assert camera.clock.monotonic_ns() / 1e6 - start_ms == pytest.approx(780, abs=1)
    frames = [entry for entry in got if not isinstance(entry, str)]
    assert [(seq, level) for seq, level, _ in frames] == [(i + 1, 6 * i) for i in range(40)]
    assert [time_ms - frames[0][2] for _, _, time_ms in frames] == pytest.approx([20 * i for i in range(40)], abs=2)


def test_lock_step_waits_for_a_slow_reader(video: Path) -> None:
    with feed(video) as camera:
        first = next_frame(camera)
        time.sleep(0.3)
        assert int(first.pixels[0, 0, 0]) == 0
        assert int(next_frame(camera).pixels[0, 0, 0]) == 6


def test_real_time_keeps_the_speed_of_the_video_and_drops_for_a_slow_reader(video: Path) -> None:
    with feed(video, pace=Pace.REALTIME) as camera:
        first = next_frame(camera)
        level = int(first.pixels[0, 0, 0])
        time.sleep(0.4)
        later = next_frame(camera)
        assert later.seq - first.seq > 5
        assert int(later.pixels[0, 0, 0]) > level
        rest = drain(camera)
        assert rest[-1][1] == 6 * 39  # the last frame is never dropped
        assert camera.next_frame(0) is Nothing.ENDED


def test_the_age_of_a_live_frame_is_measured_across_processes(portrait: Path) -> None:
    with feed(f"synthetic:{portrait}?size=64x64", pace=Pace.REALTIME) as camera:
        frame = next_frame(camera)
        assert 0 <= frame_age_ms(frame, camera.clock.monotonic_ns()) < 20_000
        assert frame.camera_id == "synthetic-portrait"


def test_a_folder_gives_each_good_picture_and_names_each_bad_one(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, name in enumerate(["b.png", "d.png"]):
        Image.new("RGB", (32, 32), (index,) * 3).save(folder / name)
    (folder / "a.jpg").touch()
    (folder / "c.png").write_bytes(b"broken")
    for pace in Pace:
        with feed(folder, pace=pace) as camera:
            got = drain(camera)
        told = [entry if isinstance(entry, str) else entry[1] for entry in got]
        assert told == ["a.jpg is empty (0 bytes)", 0, "c.png is not a picture that can be read", 1]


def test_the_name_of_a_still_goes_with_its_frame(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        Image.new("RGB", (32, 32)).save(tmp_path / name)
    with feed(tmp_path) as camera:
        names = []
        while isinstance(camera.next_frame(20_000), Frame):
            names.append(camera.still_name)
    assert names == ["one.png", "two.png"]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("a.mp4", b"", CameraError), ("a.mp4", b"x" * 999, CameraError), ("a.jpg", b"", PictureError)],
)
def test_a_file_that_cannot_be_read_is_a_fault_at_once_and_then_the_end(
    tmp_path: Path, name: str, content: bytes, kind: type[CameraError]
) -> None:
    (tmp_path / name).write_bytes(content)
    with feed(tmp_path / name) as camera:
        with pytest.raises(kind) as caught:
            camera.next_frame(20_000)
        assert caught.value.hint
        assert camera.next_frame(20_000) is Nothing.ENDED
        assert camera.restarts == 0


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    camera = feed(tmp_path)
    (tmp_path / "a.jpg").unlink()
    with camera:
        with pytest.raises(CameraError, match="holds no picture") as caught:
            camera.next_frame(20_000)
        assert caught.value.exit_code == 5
        assert camera.next_frame(20_000) is Nothing.ENDED


def test_a_killed_child_is_reported_and_started_again(portrait: Path) -> None:
    with feed(f"synthetic:{portrait}?size=64x64", pace=Pace.REALTIME) as camera:
        before = next_frame(camera).seq
        assert camera.child_pid is not None
        os.kill(camera.child_pid, signal.SIGKILL)
        assert "died (signal 9)" in str(next_fault(camera))
        assert camera.fault is not None
        after = next_frame(camera)
        assert after.seq > before
        assert camera.restarts == 1
        assert camera.fault is None


def test_a_stalled_child_is_killed_and_started_again(portrait: Path) -> None:
    with feed(f"synthetic:{portrait}?size=64x64", pace=Pace.REALTIME, stall_after_ms=300) as camera:
        next_frame(camera)
        stalled = camera.child_pid
        assert stalled is not None
        os.kill(stalled, signal.SIGSTOP)
        assert "gave no frame for 300 ms" in str(next_fault(camera))
        assert not is_running(stalled)
        next_frame(camera)
        assert camera.child_pid != stalled


def test_a_recording_whose_child_dies_has_ended(video: Path) -> None:
    with feed(video) as camera:
        next_frame(camera)
        assert camera.child_pid is not None
        os.kill(camera.child_pid, signal.SIGKILL)
        got = drain(camera)
    assert "died" in str(got[-1])
    assert camera.restarts == 0


def test_waiting_for_a_slow_reader_is_no_stall(video: Path) -> None:
    with feed(video, stall_after_ms=700) as camera:
        next_frame(camera)
        time.sleep(1.5)
        assert not [entry for entry in drain(camera) if isinstance(entry, str)]


def test_a_camera_that_vanishes_comes_back_by_itself(portrait: Path) -> None:
    away = portrait.with_suffix(".away")
    with feed(f"synthetic:{portrait}?size=64x64", pace=Pace.REALTIME) as camera:
        next_frame(camera)
        portrait.rename(away)
        assert camera.child_pid is not None
        os.kill(camera.child_pid, signal.SIGKILL)
        faults = [str(next_fault(camera)) for _ in range(3)]
        assert "died" in faults[0]
        assert "portrait.png" in faults[1]
        away.rename(portrait)
        next_frame(camera)


def test_a_csi_camera_runs_through_gst_launch_ends_and_recovers(fake_gst: Path) -> None:
    (fake_gst / "limit").write_text("3")
    with feed("csi:0?size=64x48", pace=Pace.REALTIME) as camera:
        frame = next_frame(camera)
        assert frame.pixel_format is PixelFormat.NV12
        assert (frame.width_px, frame.height_px) == (64, 48)
        assert "pipeline ended" in str(next_fault(camera))
        (fake_gst / "limit").unlink()
        next_frame(camera)
        process = int((fake_gst / "pid").read_text())
        assert is_running(process)
    wait_until(lambda: not is_running(process), "gst-launch outlived the feed")


def test_killing_a_stalled_child_takes_its_gst_launch_along(fake_gst: Path) -> None:
    with feed("csi:0?size=64x48", pace=Pace.REALTIME, stall_after_ms=300) as camera:
        next_frame(camera)
        process = int((fake_gst / "pid").read_text())
        assert camera.child_pid is not None
        os.kill(camera.child_pid, signal.SIGSTOP)
        assert "gave no frame" in str(next_fault(camera))
        wait_until(lambda: not is_running(process), "gst-launch outlived the kill")


def test_the_child_dies_with_its_parent(portrait: Path) -> None:
    code = (
        "import sys, time\n"
        "from edge.capture.source import parse_source\n"
        "from edge.capture.supervisor import CameraFeed\n"
        "from edge.domain.clock import SystemClock\n"
        "with CameraFeed(parse_source(sys.argv[1]), clock=SystemClock()) as camera:\n"
        "    camera.next_frame(20000)\n"
        "    print(camera.child_pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-P", "-c", code, f"synthetic:{portrait}?size=64x64"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
        wait_until(lambda: not is_running(child), "the child outlived its parent")


def test_a_login_is_in_no_command_line_and_in_no_fault() -> None:
    with feed("rtsp://admin:s3cret@127.0.0.1:1/1", pace=Pace.REALTIME) as camera:
        shown_by = Path(f"/proc/{camera.child_pid}/cmdline")
        wait_until(lambda: b"edge.capture.child" in shown_by.read_bytes(), "the child did not start")
        command = shown_by.read_bytes()
        with pytest.raises(CameraError, match="Connection refused") as caught:
            camera.next_frame(20_000)
    for shown in (command.decode(), str(caught.value), caught.value.hint, repr(camera.source)):
        assert "s3cret" not in shown


def test_a_real_camera_cannot_be_read_in_lock_step() -> None:
    with pytest.raises(UsageError) as caught:
        feed("/dev/video0", pace=Pace.FAST)
    assert "realtime" in caught.value.hint


def test_a_frozen_feed_is_found_and_a_living_one_is_not(portrait: Path) -> None:
    for mode, is_frozen in (("frozen", True), ("visit", False)):
        detector = FrozenFeedDetector(most_repeats=3)
        with feed(f"synthetic:{portrait}?size=64x64&frames=8&motion=0&mode={mode}") as camera:
            while isinstance(frame := camera.next_frame(20_000), Frame):
                detector.observe(frame)
        assert detector.is_frozen is is_frozen


def test_a_frame_that_is_kept_outlives_the_feed(video: Path) -> None:
    with feed(video) as camera:
        frame = next_frame(camera)
    assert np.unique(frame.pixels).tolist() == [0]
    assert not frame.pixels.flags.writeable


def test_feeds_leave_no_descriptor_and_no_process_behind(video: Path) -> None:
    with feed(video) as camera:
        drain(camera)
    before = count_descriptors()
    with feed(video) as camera:
        next_frame(camera)
        child = camera.child_pid
    assert count_descriptors() == before
    assert child is not None
    assert not is_running(child)


@pytest.mark.data
@pytest.mark.skipif(not CLIPS.is_dir(), reason="the evaluation clips are not beside the checkout")
def test_real_clips_come_whole() -> None:
    expected = {"again.mkv": 77, "book.mkv": 109}
    for name, frames in expected.items():
        detector = FrozenFeedDetector(most_repeats=0)
        with feed(CLIPS / name) as camera:
            count = 0
            while isinstance(frame := camera.next_frame(20_000), Frame):
                count += 1
                assert (frame.width_px, frame.height_px) == (640, 480)
                assert not detector.observe(frame)
        assert count == frames
