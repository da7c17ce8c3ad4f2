"""The role of a door."""

from typing import Protocol

from edge.domain.verdict import Verdict


class Door(Protocol):
    """Something that opens for a granted verdict, once. Each checks that for itself, see ``edge.door.guard``."""

    def open(self, verdict: Verdict) -> None:
        """Open for ``verdict``, which must be on record already. Does nothing when it has opened for it before.

        Raises:
            DoorError: the verdict is no grant, is too old or from the future, or the door could not be driven. An
                attempt whose opening failed cannot be tried again: it needs a new verdict.
        """
        ...
