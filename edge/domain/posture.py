"""How a gate stands towards everybody: what an operator has ordered, whoever comes."""

from enum import StrEnum


class Posture(StrEnum):
    """An order for the whole gate. Only ``NORMAL`` lets anybody in."""

    NORMAL = "normal"
    """Decide as the policy says."""
    LOCKDOWN = "lockdown"
    """Deny everybody: something is wrong outside."""
    OUT_OF_SERVICE = "out_of_service"
    """Deny everybody: the gate itself is being worked on."""
