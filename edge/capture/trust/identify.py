"""Who the camera of a source is, whatever kind it is of; and which cameras this machine has."""

from collections.abc import Iterator

from edge.capture.device_options import parse_rtsp_options
from edge.capture.source import Source, SourceKind
from edge.capture.trust.certificate import identify_network_camera
from edge.capture.trust.identity import CameraIdentity
from edge.capture.trust.machine import Machine
from edge.capture.trust.sensor import identify_sensor, sensors
from edge.capture.trust.video_device import identify_video_device, video_devices
from edge.domain.errors import CameraError


def identify(source: Source, machine: Machine) -> CameraIdentity:
    """Return what tells the camera of a source from another.

    Raises:
        CameraError: it is not there or does not prove itself.
    """
    match source.kind:
        case SourceKind.V4L2:
            return identify_video_device(source.location, machine)
        case SourceKind.CSI:
            return identify_sensor(int(source.location), machine)
        case SourceKind.RTSP:
            return identify_network_camera(source.location, source.redacted, parse_rtsp_options(source.options))
        case _:
            return CameraIdentity(source=source.redacted, unreal="it is a recording or a drawing, no camera")


def present_cameras(machine: Machine) -> Iterator[CameraIdentity]:
    """Yield every camera that is plugged in; network cameras are not searched for."""
    for path in video_devices(machine):
        try:
            yield identify_video_device(path, machine)
        except CameraError as error:
            yield CameraIdentity(source=path, unreal=str(error))
    for number in sensors(machine):
        try:
            yield identify_sensor(number, machine)
        except CameraError:
            continue
