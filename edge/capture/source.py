"""The SOURCE grammar of the command line: which camera, video or pictures to look at.

``/dev/video0`` and any other path below ``/dev`` | ``rtsp://…`` | ``rtsps://…`` | ``csi:0`` | ``synthetic:IMAGE`` |
a video file | a picture file | a folder of pictures. A GIF that moves is a video when named by itself, and its first
frame in a folder. Devices take options behind a ``?``
(``/dev/video0?size=1280x720&fps=30``), so does the synthetic camera; ``rtsps`` takes them behind a ``#``, which is
never sent to the camera (``rtsps://camera/1#ca=camera.pem``).
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.capture.animation import is_animated
from edge.capture.device_options import parse_device_options, parse_rtsp_options
from edge.capture.picture_folder import pictures_in
from edge.capture.rtsp_url import split_rtsp_url
from edge.capture.synthetic_motion import parse_motion
from edge.domain.errors import CameraError, UsageError

_HINT = (
    "a source is /dev/video0, rtsp://…, rtsps://…, csi:0, synthetic:IMAGE, a video file, a picture, "
    "or a folder of pictures"
)
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):")
_PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".mpo"}
    | {".heic", ".heif", ".avif"}  # not readable, but meant as pictures: the message then says what to do
)
_JPEG_VIDEO_SUFFIXES = frozenset({".mjpeg", ".mjpg"})  # begin like a JPEG picture
_GIF_MAGIC = b"GIF8"
_PICTURE_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")


class SourceKind(StrEnum):
    """What sort of source it is."""

    V4L2 = "v4l2"
    RTSP = "rtsp"
    CSI = "csi"
    SYNTHETIC = "synthetic"
    VIDEO = "video"
    PICTURE = "picture"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Source:
    """A parsed SOURCE. May hold a login, so its repr and ``redacted`` do not show it; keep ``location`` out of logs.

    Attributes:
        kind: sort of source.
        location: device path, URL (with its login), sensor number or file path.
        options: what stood behind ``?`` (or ``#`` of an RTSP URL), already checked.
        camera_id: stable name of the camera, [a-z0-9-], free of credentials.
    """

    kind: SourceKind
    location: str
    options: str = ""
    camera_id: str

    @property
    def is_live(self) -> bool:
        """Whether it goes on for ever, so that a fault is worth a restart."""
        return self.is_device or self.kind is SourceKind.SYNTHETIC

    @property
    def is_device(self) -> bool:
        """Whether it is real hardware, which cannot be made to wait for its reader."""
        return self.kind in {SourceKind.V4L2, SourceKind.RTSP, SourceKind.CSI}

    @property
    def is_stills(self) -> bool:
        """Whether every frame is a picture by itself: its own attempt, and never a frozen feed."""
        return self.kind in {SourceKind.PICTURE, SourceKind.FOLDER}

    @property
    def redacted(self) -> str:
        """The source as text without credentials, for logs and messages."""
        if self.kind is SourceKind.RTSP:
            return split_rtsp_url(self.location).redacted
        prefix = f"{self.kind}:" if self.kind in {SourceKind.CSI, SourceKind.SYNTHETIC} else ""
        return prefix + self.location + (f"?{self.options}" if self.options else "")

    def __repr__(self) -> str:
        return f"Source({self.redacted!r}, camera_id={self.camera_id!r})"


def parse_source(text: str) -> Source:
    """Return what ``text`` names. Files must exist now; a device or a network camera may come later.

    Raises:
        UsageError: the text or its options follow no form of a source.
        CameraError: a file or folder that is not there or not readable as one, or a folder without a picture.
    """
    if not text or "\0" in text:
        raise UsageError("a source must not be empty", hint=_HINT)
    if text.startswith("/dev/"):
        return _device(text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _local(text)
    parser = _SCHEMES.get(scheme[1].lower())
    if parser is not None:
        return parser(text)
    if Path(text).exists():
        return _local(text)
    raise UsageError(f"no source is read by {scheme[1]!r}", hint=_HINT)


def _device(text: str) -> Source:
    path, _, options = text.partition("?")
    parse_device_options(options)
    return Source(
        kind=SourceKind.V4L2, location=path, options=options, camera_id=f"v4l2-{_slug(path.removeprefix('/dev/'))}"
    )


def _rtsp(text: str) -> Source:
    url = split_rtsp_url(text)
    parse_rtsp_options(url.options)
    name = _slug(url.redacted.partition("://")[2])
    return Source(
        kind=SourceKind.RTSP,
        location=url.full,
        options=url.options,
        camera_id=f"rtsp-{name}-{_short_digest(url.redacted)}",
    )


def _csi(text: str) -> Source:
    sensor, _, options = text.partition(":")[2].partition("?")
    if not (sensor.isascii() and sensor.isdigit() and len(sensor) <= 2):
        raise UsageError("a CSI source needs a sensor number", hint="write csi:0 for the first sensor")
    parse_device_options(options)
    return Source(kind=SourceKind.CSI, location=sensor, options=options, camera_id=f"csi-{int(sensor)}")


def _synthetic(text: str) -> Source:
    path, _, options = text.partition(":")[2].partition("?")
    if not path:
        raise UsageError("a synthetic camera needs a portrait", hint="write synthetic:portrait.png")
    parse_motion(options)
    if not Path(path).is_file():
        raise CameraError(f"there is no portrait {path}", hint="check the path behind synthetic:")
    return Source(
        kind=SourceKind.SYNTHETIC, location=path, options=options, camera_id=f"synthetic-{_slug(Path(path).stem)}"
    )


def _local(text: str) -> Source:
    path = Path(text)
    try:
        kind = _kind_of_file(path)
    except OSError as error:
        raise CameraError(
            f"cannot read {text}: {error.strerror}", hint="check the path and that this user may read it"
        ) from error
    name = _slug(path.stem or path.resolve().name)
    camera_id = f"{kind}-{name}-{_short_digest(str(path.resolve()))}"
    return Source(kind=kind, location=text, camera_id=camera_id)


def _kind_of_file(path: Path) -> SourceKind:
    if path.is_dir():
        pictures_in(path)  # an empty one is a missing source, to be told before anything else is done
        return SourceKind.FOLDER
    if not path.exists():
        raise CameraError(f"there is no file {path}", hint=f"check the path; {_HINT}")
    if not path.is_file():
        raise CameraError(f"{path} is not a regular file", hint=_HINT)
    with path.open("rb") as stream:
        head = stream.read(16)
    suffix = path.suffix.lower()
    has_magic = head.startswith(_PICTURE_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    is_picture = suffix in _PICTURE_SUFFIXES or (has_magic and suffix not in _JPEG_VIDEO_SUFFIXES)
    if is_picture and head.startswith(_GIF_MAGIC) and is_animated(path):
        return SourceKind.VIDEO
    return SourceKind.PICTURE if is_picture else SourceKind.VIDEO


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48] or "camera"


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


_SCHEMES: dict[str, Callable[[str], Source]] = {
    "rtsp": _rtsp,
    "rtsps": _rtsp,
    "csi": _csi,
    "synthetic": _synthetic,
}
