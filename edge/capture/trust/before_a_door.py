"""Which sources may stand before a door at all."""

from edge.capture.device_options import parse_rtsp_options
from edge.capture.source import Source, SourceKind


def why_not_before_a_door(source: Source) -> str:
    """Return why what a source shows proves nothing, for whoever can write a file or a packet; empty for a camera."""
    match source.kind:
        case SourceKind.V4L2 | SourceKind.CSI:
            return ""
        case SourceKind.RTSP:
            if not source.location.lower().startswith("rtsps:"):
                return "anybody on the network can pose as it: only rtsps proves itself"
            if not parse_rtsp_options(source.options).is_verified:
                return "verify=off takes anybody's certificate"
            return ""
        case _:
            return "it is no camera"
