import os
from pathlib import Path

import pytest

from edge.capture.source import SourceKind, parse_source
from edge.domain.errors import CameraError, UsageError

PNG_HEAD = b"\x89PNG\r\n\x1a\n" + bytes(16)


def test_a_device_keeps_its_path_and_options() -> None:
    source = parse_source("/dev/v4l/by-id/usb-Cam_1?size=1280x720&fps=30")
    assert (source.kind, source.location) == (SourceKind.V4L2, "/dev/v4l/by-id/usb-Cam_1")
    assert source.options == "size=1280x720&fps=30"
    assert source.camera_id == "v4l2-v4l-by-id-usb-cam-1"
    assert source.is_live
    assert source.is_device
    assert not source.is_stills


def test_a_sensor() -> None:
    source = parse_source("csi:0")
    assert (source.kind, source.location, source.camera_id) == (SourceKind.CSI, "0", "csi-0")
    assert source.redacted == "csi:0"


@pytest.mark.parametrize("text", ["rtsp://admin:s3cret@10.0.0.5:554/h264", "rtsps://admin:s3cret@10.0.0.5/h264"])
def test_a_network_camera_never_shows_its_login(text: str) -> None:
    source = parse_source(text)
    assert source.kind is SourceKind.RTSP
    assert source.location == text
    for shown in (repr(source), str(source), source.redacted, source.camera_id):
        assert "s3cret" not in shown
        assert "admin" not in shown
    assert "10.0.0.5" in source.redacted


def test_the_camera_id_of_a_network_camera_outlives_a_change_of_password() -> None:
    old, new = (parse_source(f"rtsp://u:{password}@cam/1").camera_id for password in ("a", "b"))
    assert old == new
    assert parse_source("rtsp://u:a@cam/2").camera_id != old


def test_a_synthetic_camera(portrait: Path) -> None:
    source = parse_source(f"synthetic:{portrait}?mode=frozen&seed=3")
    assert (source.kind, source.location) == (SourceKind.SYNTHETIC, str(portrait))
    assert source.is_live
    assert not source.is_device
    assert source.redacted == f"synthetic:{portrait}?mode=frozen&seed=3"


def test_files_and_folders(tmp_path: Path, portrait: Path) -> None:
    video = tmp_path / "clip.mkv"
    video.write_bytes(b"\x1aE\xdf\xa3")
    assert parse_source(str(portrait)).kind is SourceKind.PICTURE
    assert parse_source(str(video)).kind is SourceKind.VIDEO
    folder = parse_source(str(tmp_path))
    assert folder.kind is SourceKind.FOLDER
    assert folder.is_stills
    assert not folder.is_live


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("no_suffix", PNG_HEAD, SourceKind.PICTURE),
        ("no_suffix", b"RIFF\0\0\0\0WEBPVP8 ", SourceKind.PICTURE),
        ("empty.jpg", b"", SourceKind.PICTURE),
        ("phone.HEIC", b"\0\0\0\x18ftypheic", SourceKind.PICTURE),
        ("camera.mjpeg", b"\xff\xd8\xff\xe0", SourceKind.VIDEO),
        ("empty.mp4", b"", SourceKind.VIDEO),
        ("notes.txt", b"hello", SourceKind.VIDEO),
    ],
)
def test_a_file_is_known_by_its_first_bytes_or_its_suffix(
    tmp_path: Path, name: str, content: bytes, kind: SourceKind
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert parse_source(str(path)).kind is kind


def test_camera_ids_of_files_differ_by_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "clip.mkv").write_bytes(b"x")
    first, second = (parse_source(str(tmp_path / f / "clip.mkv")).camera_id for f in ("a", "b"))
    assert first != second
    assert first.startswith("video-clip-")


@pytest.mark.parametrize(
    "text", ["", "a\0b", "http://camera/1", "csi:", "csi:front", "csi:0?fps=0", "/dev/video0?zoom=2", "synthetic:"]
)
def test_what_is_no_source_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["gone.mkv", "gone/", "synthetic:gone.png"])
def test_a_file_that_is_gone_is_a_camera_error(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CameraError, match="gone") as caught:
        parse_source(text)
    assert caught.value.hint


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CameraError, match="not a regular file"):
        parse_source(str(tmp_path / "pipe"))


def test_a_name_that_is_too_long_is_a_camera_error() -> None:
    with pytest.raises(CameraError):
        parse_source("x" * 5000)


def test_bad_options_of_a_synthetic_camera_are_told_before_anything_starts(portrait: Path) -> None:
    with pytest.raises(UsageError, match="no option 'speed'"):
        parse_source(f"synthetic:{portrait}?speed=3")
