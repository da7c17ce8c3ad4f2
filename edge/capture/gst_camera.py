"""Cameras read through a ``gst-launch-1.0`` process: CSI sensors and hardware decoding on a Jetson.

UNTESTED ON HARDWARE: the command lines need a Jetson's GStreamer elements, and none was at hand. What is tested is
how they are put together, and reading the frames of a process that writes such bytes.
"""

import contextlib
import signal
import subprocess
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.capture.camera import RawFrame
from edge.domain.errors import CameraError
from edge.domain.frame import PixelFormat

_STOP_WAIT_S = 2.0
_PIPE_BYTES = 1024 * 1024
_HINT = "run the command by hand; after an unclean stop 'systemctl restart nvargus-daemon' brings a CSI camera back"


class GstCamera:
    """Raw NV12 frames from the standard output of a process.

    The buffer of a frame is reused by the next ``read``.
    """

    def __init__(self, *, command: Sequence[str], size: tuple[int, int], name: str) -> None:
        """Keep the command; ``size`` is the (width, height) it writes, even numbers; ``name`` is for messages."""
        width, height = size
        if width % 2 or height % 2:
            raise ValueError(f"an NV12 frame needs even sides, got {width} x {height}")
        self._command = list(command)
        self._name = name
        self._pixels: NDArray[np.uint8] = np.empty((height * 3 // 2, width), np.uint8)
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start the process.

        Raises:
            CameraError: gst-launch-1.0 is not installed.
        """
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pipesize=_PIPE_BYTES,
            )
        except OSError as error:
            raise CameraError(
                f"camera {self._name}: cannot start {self._command[0]}: {error.strerror}",
                hint="install GStreamer and the board's camera plugins (Debian: gstreamer1.0-tools)",
            ) from error

    def read(self) -> RawFrame | None:
        """Return the next frame; never None, for a camera has no end.

        Raises:
            CameraError: the process ended.
        """
        if self._process is None or self._process.stdout is None:
            raise CameraError(f"camera {self._name} is not open", hint="open it before reading")
        rest = self._pixels.data.cast("B")
        while rest:
            count = self._process.stdout.readinto(rest)  # type: ignore[attr-defined]  # raw: bufsize is 0
            if not count:
                raise CameraError(f"camera {self._name}: its GStreamer pipeline ended", hint=_HINT)
            rest = rest[count:]
        return RawFrame(pixels=self._pixels, pixel_format=PixelFormat.NV12)

    def close(self) -> None:
        """Ask the process to stop, so that Argus is left clean; kill it if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)  # gst-launch stops its pipeline cleanly on an interrupt
        if process.stdout is not None:
            process.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_WAIT_S)
            return
        process.kill()
        process.wait()
