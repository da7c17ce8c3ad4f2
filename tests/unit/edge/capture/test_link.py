import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.link import (
    LinkError,
    Report,
    ReportKind,
    Request,
    decode_report,
    decode_request,
    encode_report,
    encode_request,
    failure,
)
from edge.capture.source import parse_source
from edge.domain.errors import CameraError, PictureError


def test_a_request_survives_the_way() -> None:
    source = parse_source("rtsp://u:p%40x@cam/1")
    request = Request(source=source, is_lock_step=False, is_paced=True, first_seq=9, parent_pid=1)
    line = encode_request(request)
    assert line.endswith(b"\n")
    assert decode_request(line) == request


@given(st.text(max_size=50), st.text(max_size=50), st.booleans())
def test_a_fault_survives_the_way(message: str, hint: str, is_picture: bool) -> None:
    error = (PictureError if is_picture else CameraError)(message, hint=hint)
    report = decode_report(encode_report(failure(ReportKind.FAILED, error)).rstrip(b"\n"))
    assert type(report.error) is type(error)
    assert (str(report.error), report.error.hint) == (message, hint)


def test_long_texts_are_cut() -> None:
    line = encode_report(Report(kind=ReportKind.FAILED, message="x" * 10**6))
    assert len(line) < 2000


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"7", b"{}", b'{"kind":"granted"}', b"\xff\xfe", b'{"kind":"failed"}']
)
def test_what_is_neither_is_refused(line: bytes) -> None:
    with pytest.raises(LinkError):
        decode_report(line)
    with pytest.raises(LinkError):
        decode_request(line)


def test_a_line_that_is_nested_without_end_is_refused() -> None:
    for decode in (decode_report, decode_request):
        with pytest.raises(LinkError):
            decode(b"[" * 100_000)
