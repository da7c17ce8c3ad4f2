"""The parent's end of one capture child: start it, listen to it, take its frames, stop or kill it."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections import deque

from edge.capture.link import MOST_LINE_BYTES, LinkError, Report, Request, decode_report, encode_request
from edge.capture.slot import SlotFrame, SlotReader, create_slot
from edge.domain.errors import CameraError

_REAP_WAIT_S = 2.0


class CaptureProcess:
    """One running child. One thread, which must outlive it: the kernel kills the child when that thread ends.

    Its own process group, so that a terminal's Ctrl-C goes to the parent alone and a kill takes what it started.
    """

    def __init__(self, request: Request) -> None:
        """Start the child.

        Raises:
            CameraError: no process can be started.
        """
        self._is_lock_step = request.is_lock_step
        self._reports: deque[Report] = deque()
        self._pending = b""
        self._is_gone = False
        with contextlib.ExitStack() as undo:
            try:
                self._open_channels(request, undo)
            except OSError as error:
                raise CameraError(
                    f"the capture process cannot start: {error.strerror}", hint="free memory or raise process limits"
                ) from error
            self._cleanup = undo.pop_all()

    def wait(self, timeout_ms: int) -> bool:
        """Wait for a sign of life: a frame, a report, the end. Return whether there was one."""
        if self._reports:
            return True
        has_sign = False
        for fd, _ in self._poll.poll(max(0, timeout_ms)):
            has_sign = True
            if fd == self._doorbell:
                os.eventfd_read(fd)
            else:
                self._receive()
        return has_sign

    def next_report(self) -> Report | None:
        """Return the oldest report not yet returned."""
        return self._reports.popleft() if self._reports else None

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        """Whether the child has closed its end; reports may be left."""
        return self._is_gone

    def take(self) -> SlotFrame | None:
        """Return the newest frame if it is new; in lock-step the child may then make the next.

        Raises:
            SlotError: what the child left cannot be a frame.
        """
        frame = self._slot.take()
        if frame is not None and self._is_lock_step:
            os.eventfd_write(self._taken, 1)
        return frame

    def stop(self, grace_ms: int) -> None:
        """Let the child close its camera and end; kill it when it takes longer."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_ms / 1000)
        self.kill()

    def kill(self) -> str:
        """Kill the child with all that it started and return how it ended, such as ``signal 9``."""
        if self._process.returncode is None:  # not reaped, so the number is still its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_REAP_WAIT_S)  # a driver can keep a dead process; it is not waited for
        self._cleanup.close()
        status = self._process.returncode
        if status is None:
            return "stuck in the kernel"
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def _open_channels(self, request: Request, undo: contextlib.ExitStack) -> None:
        self._doorbell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        undo.callback(os.close, self._doorbell)
        self._taken = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        undo.callback(os.close, self._taken)
        self._control, theirs = socket.socketpair()
        undo.callback(self._control.close)
        with theirs, contextlib.ExitStack() as until_started:
            slot_fd = create_slot()
            until_started.callback(os.close, slot_fd)
            self._slot = SlotReader(slot_fd)
            undo.callback(self._slot.close)
            fds = (theirs.fileno(), slot_fd, self._doorbell, self._taken)
            self._control.sendall(encode_request(request))
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "edge.capture.child", *map(str, fds)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders write there; what matters comes as a report
                pass_fds=fds,
                process_group=0,
            )
        self._poll = select.poll()
        self._poll.register(self._doorbell, select.POLLIN)
        self._poll.register(self._control, select.POLLIN)

    def _receive(self) -> None:
        try:
            chunk = self._control.recv(MOST_LINE_BYTES)
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self._lose()
            return
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        try:
            self._reports.extend(decode_report(line) for line in lines)
        except LinkError:
            self._lose()
        if len(self._pending) > MOST_LINE_BYTES:
            self._lose()

    def _lose(self) -> None:
        self._is_gone = True
        with contextlib.suppress(KeyError):
            self._poll.unregister(self._control)
