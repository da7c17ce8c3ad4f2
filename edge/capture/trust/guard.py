"""Holds a running camera to its pin: asked before each start, after each, and again and again meanwhile."""

from typing import Protocol

from edge.capture.source import Source, SourceKind
from edge.capture.trust.identify import identify
from edge.capture.trust.identity import CameraPin
from edge.capture.trust.machine import Machine
from edge.domain.errors import CameraSwappedError


class CameraGuard(Protocol):
    """Says whether the camera is still the one it must be."""

    def check(self, *, is_running: bool) -> None:
        """Return if it is.

        Raises:
            CameraSwappedError: another one is in its place.
            CameraError: it is not there.
        """
        ...


class PinGuard:
    """Compares the camera of a source with a pin; and refuses a program that poses as one (``CameraGuard``).

    Args:
        source: what the gate looks at.
        pin: what the site says of it; None = any real camera.
        machine: where the kernel tells of it.
    """

    def __init__(self, source: Source, pin: CameraPin | None, machine: Machine | None = None) -> None:
        self._source = source
        self._pin = pin
        self._machine = machine or Machine()

    def check(self, *, is_running: bool) -> None:
        """Return if it is the pinned one. A network camera is asked at starts alone: a running stream has its TLS.

        Raises:
            CameraSwappedError: another one is in its place, or a program.
            CameraError: it is not there.
        """
        if is_running and self._source.kind is SourceKind.RTSP:
            return
        found = identify(self._source, self._machine)
        if found.unreal:
            raise CameraSwappedError(
                f"{found.source} is no camera: {found.unreal}", hint="name the camera's own device in camera.source"
            )
        differences = self._pin.differences(found) if self._pin else ()
        if differences:
            raise CameraSwappedError(
                f"{found.source} is not the pinned camera: {', '.join(differences)}",
                hint="look at the camera and its cable; if you changed it, pin it: 'edge-gate cameras list'",
            )
