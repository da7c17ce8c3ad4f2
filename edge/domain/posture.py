"""Postures: whether the gate decides by faces at all. Set by an operator, kept over restarts."""

from enum import StrEnum

from edge.domain.reasons import Reason


class Posture(StrEnum):
    """What stands above every decision."""

    NORMAL = "normal"
    """Attempts are decided by their evidence."""
    LOCKDOWN = "lockdown"
    """Nobody is let in, whoever it is: something is wrong at the place."""
    OUT_OF_SERVICE = "out_of_service"
    """Nobody is let in: the gate is being worked on."""

    @property
    def reason(self) -> Reason | None:
        """Why every attempt is denied while it lasts; None in ``NORMAL``."""
        return None if self is Posture.NORMAL else Reason(self.value)
