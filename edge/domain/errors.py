"""Faults of the gate, one family. A denial is a value; a fault is one of these.

Every fault carries ``hint`` (what the operator should do next) and ``exit_code`` (what the command line ends with).
"""

from typing import ClassVar

from edge.domain.reasons import Reason


class EdgeError(Exception):
    """A fault: something that should work does not.

    Attributes:
        hint: one sentence, what to do next.
        reason: what a verdict that this fault ended is denied with.
        exit_code: exit status of a command that it ends.
    """

    exit_code: ClassVar[int] = 1
    reason: ClassVar[Reason] = Reason.FAULT_INTERNAL

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(EdgeError):
    """The command was called wrongly."""

    exit_code = 2


class ConfigError(EdgeError):
    """Settings are unknown, out of range or contradict each other."""

    exit_code = 3


class TrustError(EdgeError):
    """Something signed, hashed, bound or stored is not what it claims to be."""

    exit_code = 4
    reason = Reason.FAULT_INTEGRITY


class OtherGalleryKeyError(TrustError):
    """The gallery was made with another gallery key."""


class CameraError(EdgeError):
    """A source cannot be opened, read or understood."""

    exit_code = 5
    reason = Reason.FAULT_CAMERA


class CameraSwappedError(CameraError):
    """Another camera, or a program, stands where the pinned one was."""

    exit_code = 4
    reason = Reason.CAMERA_SWAPPED


class PictureError(CameraError):
    """A picture is unreadable, empty, too large or of a kind that is refused.

    Attributes:
        picture: its file name.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str, picture: str = "") -> None:
        super().__init__(message, hint=hint)
        self.picture = picture


class ClockJumpedError(EdgeError):
    """The wall clock was set while the gate runs."""

    reason = Reason.CLOCK_JUMPED


class StoreError(EdgeError):
    """The state folder or its database cannot be read or written."""

    exit_code = 5
    reason = Reason.FAULT_STORE


class BrokerError(EdgeError):
    """The MQTT broker refuses us or the connection cannot be set up."""

    exit_code = 5
    reason = Reason.FAULT_BROKER


class DoorError(EdgeError):
    """The door could not be driven."""

    exit_code = 5
    reason = Reason.FAULT_DOOR


class RecognitionError(EdgeError):
    """An engine did not answer with a usable embedding."""

    exit_code = 5
    reason = Reason.FAULT_ENGINE


class DeviceGoneError(RecognitionError):
    """The device that engines run on is lost to this process, which can judge nobody any more and must end."""
