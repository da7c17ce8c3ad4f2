"""RTSP and RTSPS against a camera in miniature."""

import ssl
from pathlib import Path

import pytest

from edge.capture.device_options import RtspOptions
from edge.capture.pyav_camera import rtsp_camera
from edge.domain.errors import CameraError
from tests.support.certificates import TestAuthority
from tests.unit.edge.capture.rtsp_server import RtspServer


def count_frames(url: str, trust: RtspOptions) -> int:
    """Read until the stream breaks off."""
    camera = rtsp_camera(url, "shown", trust)
    camera.open()
    frames = 0
    try:
        while (frame := camera.read()) is not None:
            assert frame.pixels.shape == (48, 64, 3)
            assert frame.source_time_ns is None
            frames += 1
    except CameraError as error:
        assert error.hint  # noqa: PT017 - a live stream ends with a fault, never with None
    finally:
        camera.close()
    return frames


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, TestAuthority]:
    authority = TestAuthority(tmp_path, "cameras")
    pair = authority.issue("door", "127.0.0.1", "door.local")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert_file, pair.key_file)
    return context, authority


def test_a_stream_gives_its_frames_and_its_end_is_a_fault() -> None:
    with RtspServer(frames=40) as server:
        assert count_frames(f"rtsp://user:pass@127.0.0.1:{server.port}/1", RtspOptions()) >= 30


def test_a_secured_stream_of_a_trusted_camera(tls: tuple[ssl.SSLContext, TestAuthority]) -> None:
    context, authority = tls
    with RtspServer(frames=40, tls=context) as server:
        trust = RtspOptions(ca=str(authority.ca_file))
        assert count_frames(f"rtsps://127.0.0.1:{server.port}/1", trust) >= 30
        trust = RtspOptions(ca=str(authority.ca_file), name="door.local")
        assert count_frames(f"rtsps://127.0.0.1:{server.port}/1", trust) >= 30


def test_a_stranger_cannot_pose_as_the_camera(tls: tuple[ssl.SSLContext, TestAuthority], tmp_path: Path) -> None:
    context, authority = tls
    other = TestAuthority(tmp_path, "others")
    with RtspServer(frames=5, tls=context) as server:
        url = f"rtsps://127.0.0.1:{server.port}/1"
        for trust in (
            RtspOptions(),
            RtspOptions(ca=str(other.ca_file)),
            RtspOptions(ca=str(authority.ca_file), name="window.local"),
        ):
            with pytest.raises(CameraError) as caught:
                rtsp_camera(url, "shown", trust).open()
            assert "certificate" in caught.value.hint


def test_verification_can_be_given_up(tls: tuple[ssl.SSLContext, TestAuthority]) -> None:
    with RtspServer(frames=40, tls=tls[0]) as server:
        assert count_frames(f"rtsps://127.0.0.1:{server.port}/1", RtspOptions(is_verified=False)) >= 30
