"""Command lines of ``gst-launch-1.0`` that write raw NV12 frames to standard output.

Every queue holds one frame and drops the older one, so that a slow reader gets the newest picture. No command line
holds a login (anybody on the machine can read it), which is why network cameras are not read this way.
"""

import subprocess
from collections.abc import Sequence

from edge.capture.device_options import DeviceOptions

_DEFAULT_SIZE = (1280, 720)
_DEFAULT_FPS = 30
_NEWEST = "queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0"
SINK = f"{_NEWEST} ! fdsink fd=1 sync=false"
"""How every pipeline ends: the newest frame waits, and it is written to standard output."""

_PROGRAM = ("gst-launch-1.0", "-q")
_LINK = "!"
_PATIENCE_S = 10.0

HARDWARE_DECODER = "nvv4l2decoder"


def csi_pipeline(sensor: int, wish: DeviceOptions) -> tuple[list[str], tuple[int, int]]:
    """Return the command for a CSI camera behind NVIDIA's Argus, and the (width, height) that it writes.

    Args:
        sensor: sensor number.
        wish: size and rate.
    """
    (width, height), fps = frame_size(wish), wish.fps or _DEFAULT_FPS
    return _command(
        f"nvarguscamerasrc sensor-id={sensor}"
        f" ! video/x-raw(memory:NVMM),width={width},height={height},framerate={fps}/1,format=NV12"
        f" ! nvvidconv ! video/x-raw,format=NV12,width={width},height={height} ! {SINK}"
    ), (width, height)


def usb_pipeline(device: str, wish: DeviceOptions) -> tuple[list[str], tuple[int, int]]:
    """Return the command for a USB camera whose JPEG pictures a Jetson decodes in hardware, and its (width, height).

    Args:
        device: path of a V4L2 device.
        wish: size and rate.
    """
    (width, height), fps = frame_size(wish), wish.fps or _DEFAULT_FPS
    return _command(
        f"v4l2src device={device} io-mode=2 ! image/jpeg,width={width},height={height},framerate={fps}/1"
        f" ! {HARDWARE_DECODER} mjpeg=1 ! nvvidconv ! video/x-raw,format=NV12,width={width},height={height} ! {SINK}"
    ), (width, height)


def elements_of(command: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a command's GStreamer elements, in order, each once; capabilities are none."""
    firsts = [len(_PROGRAM), *(place + 1 for place, part in enumerate(command) if part == _LINK)]
    names = (command[place] for place in firsts)
    return tuple(dict.fromkeys(name for name in names if "/" not in name))


def has_element(name: str) -> bool:
    """Return whether the GStreamer of this machine has an element of that name."""
    try:
        asked = subprocess.run(
            ["gst-inspect-1.0", "--exists", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0


def frame_size(wish: DeviceOptions) -> tuple[int, int]:
    """Return (width, height) rounded down to multiples of 8 and 2, so that rows carry no padding.

    GStreamer pads NV12 rows to 4 bytes; at 4K at most, which is what the slot holds.
    """
    width, height = wish.size or _DEFAULT_SIZE
    width, height = min(width, 3840), min(height, 2160)
    return width // 8 * 8, height // 2 * 2


def _command(pipeline: str) -> list[str]:
    return [*_PROGRAM, *pipeline.split(" ")]
