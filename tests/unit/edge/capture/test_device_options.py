import pytest

from edge.capture.device_options import (
    Decoder,
    DeviceOptions,
    RtspOptions,
    parse_device_options,
    parse_rtsp_options,
)
from edge.domain.errors import UsageError


def test_a_camera_is_left_as_it_is_by_default() -> None:
    assert parse_device_options("") == DeviceOptions()
    assert parse_device_options("size=1280x720&fps=60&decoder=hardware") == DeviceOptions(
        size=(1280, 720), fps=60, decoder=Decoder.HARDWARE
    )


def test_an_rtsps_camera_must_prove_itself_by_default() -> None:
    assert parse_rtsp_options("").is_verified
    assert parse_rtsp_options("ca=/etc/cam.pem&name=cam") == RtspOptions(ca="/etc/cam.pem", name="cam")
    assert not parse_rtsp_options("verify=off").is_verified


@pytest.mark.parametrize("text", ["fps=0", "fps=1e3", "decoder=gpu", "sensor=1"])
def test_wrong_device_options(text: str) -> None:
    with pytest.raises(UsageError):
        parse_device_options(text)


def test_options_that_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="pointless"):
        parse_rtsp_options("verify=off&ca=x.pem")
