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


def _usb(source: Source) -> Camera:
    wish = parse_device_options(source.options)
    if wish.decoder is Decoder.SOFTWARE:
        from edge.capture.pyav_camera import v4l2_camera

        return v4l2_camera(source.location, wish)
    from edge.capture.gst_camera import GstCamera
    from edge.capture.gst_pipeline import usb_pipeline

    command, size = usb_pipeline(source.location, wish)
    return GstCamera(command=command, size=size, name=source.redacted)


def _csi(source: Source) -> Camera:
    from edge.capture.gst_camera import GstCamera
    from edge.capture.gst_pipeline import csi_pipeline

    command, size = csi_pipeline(int(source.location), parse_device_options(source.options))
    return GstCamera(command=command, size=size, name=source.redacted)
