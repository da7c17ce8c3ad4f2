"""Which camera reads which source. Only what that camera needs is imported, for the child's quick start."""

from typing import assert_never

from edge.capture.camera import Camera
from edge.capture.device_options import Decoder, parse_device_options, parse_rtsp_options
from edge.capture.source import Source, SourceKind
from edge.capture.synthetic_motion import parse_motion


def camera_for(source: Source) -> Camera:
    """Return the camera that reads ``source``, not yet open.

    Raises:
        UsageError: its options are wrong.
    """
    match source.kind:
        case SourceKind.V4L2:
            return _usb(source)
        case SourceKind.CSI:
            return _csi(source)
        case SourceKind.RTSP:
            from edge.capture.pyav_camera import rtsp_camera

            return rtsp_camera(source.location, source.redacted, parse_rtsp_options(source.options))
        case SourceKind.VIDEO:
            from edge.capture.pyav_camera import video_file

            return video_file(source.location)
        case SourceKind.SYNTHETIC:
            from edge.capture.synthetic_camera import SyntheticCamera

            return SyntheticCamera(source.location, parse_motion(source.options))
        case SourceKind.PICTURE | SourceKind.FOLDER:
            from edge.capture.stills import StillsCamera

            return StillsCamera(source.location)
    assert_never(source.kind)


def gstreamer_command(source: Source) -> list[str] | None:
    """Return the command that reads ``source`` through GStreamer; None where it is read otherwise.

    Raises:
        UsageError: its options are wrong.
    """
    pipeline = _pipeline(source)
    return None if pipeline is None else pipeline[0]


def _usb(source: Source) -> Camera:
    pipeline = _pipeline(source)
    if pipeline is None:
        from edge.capture.pyav_camera import v4l2_camera

        return v4l2_camera(source.location, parse_device_options(source.options))
    return _through_gstreamer(source, pipeline)


def _csi(source: Source) -> Camera:
    pipeline = _pipeline(source)
    assert pipeline is not None  # noqa: S101 - a CSI sensor has no other way
    return _through_gstreamer(source, pipeline)


def _through_gstreamer(source: Source, pipeline: tuple[list[str], tuple[int, int]]) -> Camera:
    from edge.capture.gst_camera import GstCamera

    command, size = pipeline
    return GstCamera(command=command, size=size, name=source.redacted)


def _pipeline(source: Source) -> tuple[list[str], tuple[int, int]] | None:
    from edge.capture.gst_pipeline import csi_pipeline, usb_pipeline

    if source.kind is SourceKind.CSI:
        return csi_pipeline(int(source.location), parse_device_options(source.options))
    if source.kind is SourceKind.V4L2:
        wish = parse_device_options(source.options)
        return usb_pipeline(source.location, wish) if _decodes_in_hardware(wish.decoder) else None
    return None


def _decodes_in_hardware(decoder: Decoder) -> bool:
    from edge.capture.gst_pipeline import HARDWARE_DECODER, has_element

    return decoder is Decoder.HARDWARE or (decoder is Decoder.AUTO and has_element(HARDWARE_DECODER))
