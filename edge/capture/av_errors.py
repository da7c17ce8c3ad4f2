"""FFmpeg's failures in the gate's words. Its own messages repeat the URL with the login, so they are never shown."""

import errno

import av

from edge.domain.errors import CameraError

_DEVICE_HINTS = {
    errno.ENOENT: "plug the camera in; 'v4l2-ctl --list-devices' shows what is there",
    errno.ENODEV: "plug the camera in again; it is tried again by itself",
    errno.ENXIO: "plug the camera in again; it is tried again by itself",
    errno.EACCES: "add the user to the group 'video'",
    errno.EPERM: "add the user to the group 'video'",
    errno.EBUSY: "another program holds the camera; stop it",
    errno.EINVAL: "the camera does not know this size or rate; 'v4l2-ctl --list-formats-ext' shows what it knows",
    errno.ENOTTY: "this is not a V4L2 camera; a USB camera also has a metadata node, try the other number",
}
_NETWORK_HINTS = {
    errno.ECONNREFUSED: "check the port and that RTSP is switched on in the camera",
    errno.ETIMEDOUT: "check the address, the cable and the firewall",
    errno.EHOSTUNREACH: "check the address and the cable",
    errno.ENETUNREACH: "check this machine's network",
    errno.EIO: "check address and network; for rtsps also the certificate: #ca=FILE trusts it, #name=NAME says whose",
}
_FILE_HINT = "it is no video, or it is damaged; play it with another program, copy it again"


def device_error(shown: str, error: av.FFmpegError) -> CameraError:
    """Return the fault of a V4L2 camera, named ``shown``."""
    hint = _DEVICE_HINTS.get(error.errno or 0, "unplug the camera and plug it in again")
    return CameraError(f"camera {shown}: {_text(error)}", hint=hint)


def network_error(shown: str, error: av.FFmpegError) -> CameraError:
    """Return the fault of an RTSP camera; ``shown`` must be redacted."""
    if isinstance(error, (av.HTTPUnauthorizedError, av.HTTPForbiddenError)):
        hint = "check user and password"
    elif isinstance(error, av.HTTPNotFoundError):
        hint = "check the path of the stream in the camera's handbook"
    else:
        hint = _NETWORK_HINTS.get(error.errno or 0, "check address, stream path, user and password")
    return CameraError(f"camera {shown}: {_text(error)}", hint=hint)


def file_error(shown: str, error: av.FFmpegError) -> CameraError:
    """Return the fault of a video file, named ``shown``."""
    is_missing = isinstance(error, (FileNotFoundError, PermissionError))
    return CameraError(
        f"video {shown}: {_text(error)}",
        hint="check the path and that this user may read it" if is_missing else _FILE_HINT,
    )


def _text(error: av.FFmpegError) -> str:
    return error.strerror or type(error).__name__
