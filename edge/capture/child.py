"""The capture child: ``python -m edge.capture.child CONTROL_FD SLOT_FD DOORBELL_FD TAKEN_FD``.

Opens one camera and puts its frames into the slot until the camera ends, fails, or the parent goes. It holds no state
worth saving: the parent kills it whenever it hangs. Only what it needs is imported, and cameras on demand.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from types import FrameType

from edge.capture.camera import Camera, RawFrame
from edge.capture.camera_choice import camera_for
from edge.capture.link import Report, ReportKind, Request, failure
from edge.capture.parent_link import ParentGoneError, ParentLink
from edge.capture.slot import SlotWriter
from edge.domain.errors import EdgeError, PictureError

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


class FrameGiver:
    """Gives frames to the parent at the asked-for pace."""

    def __init__(self, request: Request, link: ParentLink, slot: SlotWriter) -> None:
        self._request = request
        self._link = link
        self._slot = slot
        self._start_ns: int | None = None

    def give_all(self, camera: Camera) -> None:
        """Read an open camera to its end, reporting that end or the bad pictures on the way.

        Raises:
            EdgeError: the camera fails.
            ParentGoneError: nobody looks any more.
        """
        while True:
            self._link.check_parent()
            try:
                raw = camera.read()
            except PictureError as error:
                self._settle()
                self._link.report(failure(ReportKind.PICTURE_FAILED, error))
                continue
            read_ns = time.monotonic_ns()
            if raw is None:
                self._settle()
                self._link.report(Report(kind=ReportKind.ENDED))
                return
            self._give(raw, read_ns)

    def _give(self, raw: RawFrame, read_ns: int) -> None:
        captured_ns = read_ns if raw.captured_ns is None else raw.captured_ns
        if self._request.is_paced and raw.source_time_ns is not None:
            self._wait_for(raw.source_time_ns)
            captured_ns = time.monotonic_ns()
        self._settle()
        self._slot.write(raw, captured_ns=captured_ns)
        self._link.ring()

    def _wait_for(self, source_time_ns: int) -> None:
        if self._start_ns is None:
            self._start_ns = time.monotonic_ns() - source_time_ns
        self._link.wait_until(self._start_ns + source_time_ns)

    def _settle(self) -> None:
        """In lock-step, let the parent take the last frame before anything else is said."""
        if self._request.is_lock_step:
            self._link.wait_taken()


def main(arguments: list[str]) -> int:
    """Serve one request; 0 = told the parent how it ended, or the parent is gone."""
    control_fd, slot_fd, doorbell_fd, taken_fd = (int(a) for a in arguments)
    link = ParentLink(control_fd=control_fd, doorbell_fd=doorbell_fd, taken_fd=taken_fd)
    signal.signal(signal.SIGTERM, _stop)
    try:
        request = link.receive_request()
        _die_with(request.parent_pid)
        _serve(request, link, SlotWriter(slot_fd, first_seq=request.first_seq))
    except ParentGoneError:
        pass
    return 0


def _serve(request: Request, link: ParentLink, slot: SlotWriter) -> None:
    camera: Camera | None = None
    try:
        camera = camera_for(request.source)
        camera.open()
        link.report(Report(kind=ReportKind.OPENED))
        FrameGiver(request, link, slot).give_all(camera)
    except EdgeError as error:
        link.report(failure(ReportKind.FAILED, error))
    except ParentGoneError:
        raise
    except Exception as error:  # noqa: BLE001 - a decoder fed with anything; the parent must learn of the end
        # Its text is not passed on: it may repeat a URL with a login.
        link.report(
            Report(
                kind=ReportKind.FAILED,
                message=f"reading {request.source.redacted} failed with {type(error).__name__}",
                hint="try another file or camera; if it happens again, report it with the source's type",
            )
        )
    finally:
        if camera is not None:
            camera.close()


def _die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when the parent ends, and leave no core file with faces in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getppid() != parent_pid:
        raise ParentGoneError


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise ParentGoneError


if __name__ == "__main__":
    status = main(sys.argv[1:])
    os._exit(status)  # nothing is buffered, and tearing the interpreter down would only hold the device longer
