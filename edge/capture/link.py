"""What parent and capture child say to each other: one request, then reports, as JSON lines on a socket pair."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from edge.capture.source import Source, SourceKind
from edge.domain.errors import CameraError, EdgeError, PictureError

MOST_LINE_BYTES = 16 * 1024
_MOST_TEXT = 1000


class LinkError(Exception):
    """A line is not what the other side may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the child shall do.

    Attributes:
        source: what to read; it may hold a login, so requests travel by socket, never by command line.
        is_lock_step: wait until a frame was taken before the next is given, so that each is seen.
        is_paced: keep a recording's own speed.
        first_seq: number of the first frame.
        parent_pid: who must be alive.
    """

    source: Source
    is_lock_step: bool
    is_paced: bool
    first_seq: int
    parent_pid: int


class ReportKind(StrEnum):
    """What a report says."""

    OPENED = "opened"
    ENDED = "ended"
    PICTURE_FAILED = "picture_failed"
    """One picture is lost; the next one comes."""
    FAILED = "failed"
    """Nothing more comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the child fares.

    Attributes:
        kind: what happened.
        is_picture: the fault is the picture's, not the camera's.
        message: of a fault.
        hint: of a fault.
        picture: file name of the picture that is at fault.
    """

    kind: ReportKind
    is_picture: bool = False
    message: str = ""
    hint: str = ""
    picture: str = ""

    @property
    def error(self) -> CameraError:
        """The fault as an exception of the parent."""
        if self.is_picture:
            return PictureError(self.message, hint=self.hint, picture=self.picture)
        return CameraError(self.message, hint=self.hint)


def failure(kind: ReportKind, error: EdgeError) -> Report:
    """Return the report of a fault."""
    picture = error.picture if isinstance(error, PictureError) else ""
    return Report(
        kind=kind,
        is_picture=isinstance(error, PictureError),
        message=str(error),
        hint=error.hint,
        picture=picture,
    )


def encode_request(request: Request) -> bytes:
    """Return the line of a request."""
    return json.dumps(asdict(request)).encode() + b"\n"


def decode_request(line: bytes) -> Request:
    """Return the request of a line.

    Raises:
        LinkError: it is none.
    """
    try:
        fields = json.loads(line)
        source = fields.pop("source")
        return Request(source=Source(**{**source, "kind": SourceKind(source["kind"])}), **fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LinkError("this is not a request") from error


def encode_report(report: Report) -> bytes:
    """Return the line of a report; long texts are cut."""
    cut = asdict(report) | {"message": report.message[:_MOST_TEXT], "hint": report.hint[:_MOST_TEXT]}
    return json.dumps(cut).encode() + b"\n"


def decode_report(line: bytes) -> Report:
    """Return the report of a line.

    Raises:
        LinkError: it is none.
    """
    try:
        fields: dict[str, Any] = json.loads(line)
        return Report(
            kind=ReportKind(fields["kind"]),
            is_picture=fields["is_picture"] is True,
            message=str(fields["message"])[:_MOST_TEXT],
            hint=str(fields["hint"])[:_MOST_TEXT],
            picture=str(fields["picture"])[:_MOST_TEXT],
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LinkError("this is not a report") from error
