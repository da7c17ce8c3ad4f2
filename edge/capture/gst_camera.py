"""Cameras read through a ``gst-launch-1.0`` process: CSI sensors and hardware decoding on a Jetson.

A pipe keeps what nobody reads, so a frame that waited there is older than the moment it is read. Its stamp says so,
and after a long absence whatever waited is thrown away: behind it comes the newest frame, since the pipeline's queue
keeps no other.

UNTESTED ON HARDWARE: the command lines need a Jetson's GStreamer elements, and none was at hand. What is tested is
how they are put together, and reading the frames of a real GStreamer's test picture.
"""

import array
import contextlib
import fcntl
import signal
import subprocess
import termios
import time
from collections.abc import Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from edge.capture.camera import RawFrame
from edge.domain.errors import CameraError
from edge.domain.frame import PixelFormat

_STOP_WAIT_S = 2.0
_PIPE_BYTES = 1024 * 1024
_LONG_AWAY_NS = 250_000_000  # half of what makes a frame stale; a reader that keeps up is never away so long
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
        self._returned_ns: int | None = None

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

        Its stamp is when its first byte came, or if it waited already, when nothing waited yet: never too young.

        Raises:
            CameraError: the process ended.
        """
        if self._process is None or self._process.stdout is None:
            raise CameraError(f"camera {self._name} is not open", hint="open it before reading")
        pipe = self._process.stdout
        empty_ns, waiting = self._returned_ns, _waiting_bytes(pipe)
        if waiting and empty_ns is not None and time.monotonic_ns() - empty_ns > _LONG_AWAY_NS:
            for _ in range(waiting // self._pixels.nbytes + 1):
                self._fill(pipe)
            waiting = 0
        first_ns = self._fill(pipe)
        self._returned_ns = time.monotonic_ns()
        captured_ns = empty_ns if waiting and empty_ns is not None else first_ns
        return RawFrame(pixels=self._pixels, pixel_format=PixelFormat.NV12, captured_ns=captured_ns)

    def close(self) -> None:
        """Ask the process to stop, so that Argus is left clean; kill it if it does not."""
        process, self._process = self._process, None
        self._returned_ns = None
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

    def _fill(self, pipe: IO[bytes]) -> int:
        """Read one whole frame and return when its first byte was here, monotonic."""
        first_ns = 0
        rest = self._pixels.data.cast("B")
        while rest:
            count = pipe.readinto(rest)  # type: ignore[attr-defined]  # raw: bufsize is 0
            if not count:
                raise CameraError(f"camera {self._name}: its GStreamer pipeline ended", hint=_HINT)
            first_ns = first_ns or time.monotonic_ns()
            rest = rest[count:]
        return first_ns


def _waiting_bytes(pipe: IO[bytes]) -> int:
    count = array.array("i", [0])
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, count)
    return count[0]
