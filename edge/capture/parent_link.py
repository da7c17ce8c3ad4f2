"""The child's end of the link: reports, doorbell, waiting for the parent, and noticing that it is gone."""

import os
import select
import socket
import time

from edge.capture.link import MOST_LINE_BYTES, LinkError, Report, Request, decode_request, encode_report

_SIGN_OF_LIFE_S = 0.5


class ParentGoneError(Exception):
    """The parent closed its end or died; there is nobody to see frames."""


class ParentLink:
    """Used by the child's one thread.

    The doorbell is an eventfd, so any number of rings not yet answered is one ring, and ringing never waits. While
    the child waits on purpose it rings too: silence means that a camera hangs.
    """

    def __init__(self, *, control_fd: int, doorbell_fd: int, taken_fd: int) -> None:
        self._control = socket.socket(fileno=control_fd)
        self._doorbell = doorbell_fd
        self._taken = taken_fd
        self._is_outstanding = False

    def receive_request(self) -> Request:
        """Return what to do.

        Raises:
            ParentGoneError: nobody asks.
            LinkError: what comes is no request.
        """
        line = b""
        while not line.endswith(b"\n"):
            chunk = self._control.recv(MOST_LINE_BYTES)
            if not chunk:
                raise ParentGoneError
            line += chunk
            if len(line) > MOST_LINE_BYTES:
                raise LinkError("the request is too long")
        return decode_request(line)

    def report(self, report: Report) -> None:
        """Send a report.

        Raises:
            ParentGoneError: nobody listens.
        """
        try:
            self._control.sendall(encode_report(report))
        except OSError as error:
            raise ParentGoneError from error

    def ring(self) -> None:
        """Say that a frame is in the slot."""
        os.eventfd_write(self._doorbell, 1)
        self._is_outstanding = True

    def check_parent(self) -> None:
        """Return if the parent is there.

        Raises:
            ParentGoneError: it is not.
        """
        if select.select([self._control], [], [], 0)[0]:
            raise ParentGoneError

    def wait_until(self, due_ns: int) -> None:
        """Return at ``due_ns`` of CLOCK_MONOTONIC, at once if that is over.

        Raises:
            ParentGoneError: it went while waiting.
        """
        while (left_s := (due_ns - time.monotonic_ns()) / 1e9) > 0:
            if select.select([self._control], [], [], min(left_s, _SIGN_OF_LIFE_S))[0]:
                raise ParentGoneError
            if left_s > _SIGN_OF_LIFE_S:
                os.eventfd_write(self._doorbell, 1)

    def wait_taken(self) -> None:
        """Return when the frame last rung for was taken, at once if there is none.

        Raises:
            ParentGoneError: it went while waiting.
        """
        while self._is_outstanding:
            ready = select.select([self._taken, self._control.fileno()], [], [], _SIGN_OF_LIFE_S)[0]
            if self._control.fileno() in ready:
                raise ParentGoneError
            if ready:
                os.eventfd_read(self._taken)
                self._is_outstanding = False
            else:
                os.eventfd_write(self._doorbell, 1)
