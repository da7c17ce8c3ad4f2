import io
import socket
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from edge.capture.av_errors import device_error, file_error, network_error
from edge.capture.camera import RawFrame
from edge.capture.device_options import DeviceOptions, RtspOptions
from edge.capture.pyav_camera import PyAVCamera, rtsp_camera, v4l2_camera, video_file
from edge.domain.errors import CameraError


def read_all(camera: PyAVCamera) -> list[tuple[tuple[int, ...], int, int | None]]:
    """Return (shape, first value, source time) of every frame."""
    camera.open()
    got = []
    while (frame := camera.read()) is not None:
        got.append((frame.pixels.shape, int(frame.pixels[0, 0, 0]), frame.source_time_ns))
    camera.close()
    return got


def test_every_frame_comes_with_its_own_time(lossless_video: Callable[[int], Path]) -> None:
    got = read_all(video_file(str(lossless_video(20))))
    assert [level for _, level, _ in got] == [2 * i for i in range(20)]
    assert [round((time or 0) / 1e6) for _, _, time in got] == [40 * i for i in range(20)]


def test_a_video_that_changes_its_size(resizing_video: Path) -> None:
    got = read_all(video_file(str(resizing_video)))
    assert {shape for shape, _, _ in got} == {(240, 320, 3), (120, 160, 3)}
    times = [time or 0 for _, _, time in got]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


def test_a_video_cut_short_gives_what_is_left(lossless_video: Callable[[int], Path]) -> None:
    path = lossless_video(20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 5 <= len(read_all(video_file(str(path)))) < 20


def test_damaged_packets_are_stepped_over(resizing_video: Path) -> None:
    data = bytearray(resizing_video.read_bytes())
    for place in range(len(data) // 3, len(data) // 2, 61):
        data[place] ^= 0x5A
    resizing_video.write_bytes(data)
    assert read_all(video_file(str(resizing_video)))[0][0] == (240, 320, 3)


@pytest.mark.parametrize("content", [b"", b"no video at all" * 50])
def test_what_is_no_video_is_a_camera_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match=r"video a\.mp4") as caught:
        video_file(str(path)).open()
    assert "damaged" in caught.value.hint


def test_a_video_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="No such file") as caught:
        video_file(str(tmp_path / "a.mp4")).open()
    assert "path" in caught.value.hint


def test_a_truncated_mp4_without_its_index(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "bgr24")))
        container.mux(stream.encode(None))
    path = tmp_path / "a.mp4"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(CameraError):
        video_file(str(path)).open()


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(CameraError, match="no picture"):
        video_file(str(path)).open()


def test_a_playlist_cannot_reach_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        path = tmp_path / "a.m3u8"
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n")
        with pytest.raises(CameraError):
            video_file(str(path)).open()
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_video_larger_than_the_limit_is_refused_by_its_header(lossless_video: Callable[[int], Path]) -> None:
    camera = PyAVCamera(
        url=f"file:{lossless_video(2)}",
        container_format=None,
        options={},
        explain=lambda error: file_error("a", error),
        is_live=False,
        most_px=1000,
    )
    with pytest.raises(CameraError, match="too large"):
        camera.open()


def test_a_refused_connection_names_the_camera_without_its_login() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"rtsp://admin:s3cret@127.0.0.1:{port}/1"
    camera = rtsp_camera(url, f"rtsp://127.0.0.1:{port}/1", RtspOptions())
    with pytest.raises(CameraError, match="Connection refused") as caught:
        camera.open()
    assert "s3cret" not in str(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None  # the library's own message repeats the URL
    assert caught.value.__suppress_context__


def test_a_silent_network_camera_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.pyav_camera._CONNECT_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(CameraError):
            rtsp_camera(f"rtsp://127.0.0.1:{port}/1", "shown", RtspOptions()).open()


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(CameraError, match="camera /dev/video-none: No such file") as caught:
        v4l2_camera("/dev/video-none", DeviceOptions(size=(640, 480), fps=30)).open()
    assert "plug" in caught.value.hint


def test_a_device_of_another_kind() -> None:
    with pytest.raises(CameraError, match="/dev/null"):
        v4l2_camera("/dev/null", DeviceOptions()).open()


@pytest.mark.parametrize(
    ("number", "hint"),
    [(16, "another program"), (13, "group 'video'"), (19, "plug"), (22, "does not know this size")],
)
def test_device_hints(number: int, hint: str) -> None:
    assert hint in device_error("/dev/video0", av.OSError(number, "x", "/dev/video0")).hint


def test_network_hints() -> None:
    refused = network_error("cam", av.HTTPUnauthorizedError(401, "Unauthorized", "rtsp://a:b@cam"))
    assert "password" in refused.hint
    assert "a:b" not in str(refused)
    assert "path" in network_error("cam", av.HTTPNotFoundError(404, "x")).hint
    assert "certificate" in network_error("cam", av.OSError(5, "x")).hint


def test_an_rtsps_camera_is_verified_unless_told_not_to() -> None:
    strict = rtsp_camera("rtsps://cam/1", "cam", RtspOptions(ca="cam.pem", name="cam"))._options
    assert (strict["tls_verify"], strict["cafile"], strict["verifyhost"]) == ("1", "cam.pem", "cam")
    assert "tls_verify" not in rtsp_camera("rtsps://cam/1", "cam", RtspOptions(is_verified=False))._options
    assert rtsp_camera("rtsp://cam/1", "cam", RtspOptions())._options["rtsp_transport"] == "tcp"


def test_the_rows_of_a_frame_may_be_padded(tmp_path: Path) -> None:
    path = tmp_path / "odd.mkv"
    pixels = np.arange(30 * 50 * 3, dtype=np.uint32).reshape(30, 50, 3).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 50, 30, "bgr0"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "bgr24")))
        container.mux(stream.encode(None))
    camera = video_file(str(path))
    camera.open()
    frame = camera.read()
    assert isinstance(frame, RawFrame)
    assert np.array_equal(frame.pixels, pixels)
    camera.close()
