import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.rtsp_url import split_rtsp_url
from edge.domain.errors import UsageError

SECRET = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!$&'()*+,;=:%-._~", min_size=6)


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("rtsp://user:pass@cam.local:8554/live/1", "rtsp://cam.local:8554/live/1"),
        ("RTSPS://user@[fe80::1]:322/x", "rtsps://[fe80::1]:322/x"),
        ("rtsp://cam", "rtsp://cam"),
        ("rtsp://cam/cam/realmonitor?channel=1&subtype=0", "rtsp://cam/cam/realmonitor?channel=1&subtype=0"),
        ("rtsp://cam/x?channel=2&password=abc", "rtsp://cam/x?channel=2&password=***"),
        ("rtsp://cam/x?hunter2", "rtsp://cam/x?***"),
        ("rtsp://cam/user=admin_password=abc_channel=1_stream=0.sdp", "rtsp://cam/***"),
        ("rtsps://u:p@cam/x#ca=cam.pem", "rtsps://cam/x"),
    ],
)
def test_only_what_is_no_secret_is_shown(url: str, redacted: str) -> None:
    assert split_rtsp_url(url).redacted == redacted


@given(SECRET, SECRET)
def test_a_login_is_never_shown(user: str, password: str) -> None:
    url = split_rtsp_url(f"rtsp://{user}:{password}@1.2.3.4/1")
    assert url.redacted == "rtsp://1.2.3.4/1"
    assert repr(url) == "RtspUrl('rtsp://1.2.3.4/1')"


def test_options_are_not_sent_to_the_camera() -> None:
    url = split_rtsp_url("rtsps://u:p@cam/x?channel=1#verify=off")
    assert (url.full, url.options) == ("rtsps://u:p@cam/x?channel=1", "verify=off")


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://",
        "rtsp://u:hunter2@",
        "rtsp://u:hun/ter2@cam/1",
        "rtsp://u:hun?ter2@cam/1",
        "rtsp://u:hun#ter2@cam/1",
        "rtsp://u:hun@ter2@cam/1/@",
        "rtsp://cam:999999/hunter2",
        "rtsp://[::1/hunter2",
        "rtsp://cam /ter2",
    ],
)
def test_an_address_that_is_not_understood_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_rtsp_url(url)
    assert "ter2" not in str(caught.value) + caught.value.hint
