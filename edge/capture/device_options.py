"""Options of real cameras: size, rate, decoder; and whom an ``rtsps`` camera must prove to be."""

from dataclasses import dataclass
from enum import StrEnum

from edge.capture.options import on_off, parse_options, size_px
from edge.domain.errors import UsageError


class Decoder(StrEnum):
    """Who decodes a USB camera's compressed pictures."""

    SOFTWARE = "software"
    HARDWARE = "hardware"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """What to ask of a V4L2 or CSI camera.

    Attributes:
        size: (width, height) in pixels; None = what the camera is set to (CSI: 1280 x 720).
        fps: frames a second; None = what the camera is set to (CSI: 30).
        decoder: ``hardware`` reads a USB camera through gst-launch and the Jetson's decoder; ``auto`` does so where
            GStreamer has that decoder.
    """

    size: tuple[int, int] | None = None
    fps: int | None = None
    decoder: Decoder = Decoder.SOFTWARE


@dataclass(frozen=True, slots=True, kw_only=True)
class RtspOptions:
    """How an ``rtsps`` camera proves itself.

    Attributes:
        ca: PEM file with the certificate or authority to trust; empty = the system's authorities.
        name: name that the certificate must carry; empty = the host of the URL.
        is_verified: False = any certificate will do, so anybody on the network may pose as the camera.
    """

    ca: str = ""
    name: str = ""
    is_verified: bool = True


def parse_device_options(text: str) -> DeviceOptions:
    """Return the options behind the ``?`` of a V4L2 or CSI source: size, fps, decoder.

    Raises:
        UsageError: unknown or wrong.
    """
    values = parse_options(text, {"size": size_px, "fps": _fps, "decoder": _decoder}, what="a camera")
    return DeviceOptions(**values)


def parse_rtsp_options(text: str) -> RtspOptions:
    """Return the options behind the ``#`` of an RTSP source: ca, name, verify.

    Raises:
        UsageError: unknown or wrong.
    """
    values = parse_options(text, {"ca": str, "name": str, "verify": on_off}, what="an RTSP camera")
    is_verified = values.pop("verify", True)
    if not is_verified and values:
        raise UsageError("verify=off makes ca and name pointless", hint="leave out verify=off")
    return RtspOptions(**values, is_verified=is_verified)


def _fps(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 240):
        raise ValueError("fps must be a whole number within 1..240")
    return int(text)


def _decoder(text: str) -> Decoder:
    try:
        return Decoder(text)
    except ValueError:
        raise ValueError("decoder is software, hardware or auto") from None
