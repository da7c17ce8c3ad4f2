"""A claim of identity by a second factor: whom a badge or a PIN names, and until when it counts."""

from dataclasses import dataclass
from enum import StrEnum

from edge.domain.match import SubjectRef


class Factor(StrEnum):
    """What a person showed besides the face."""

    BADGE = "badge"
    PIN = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody at this access point says who they are. It names a candidate; by itself it opens nothing.

    Attributes:
        claim_id: unique; a claim serves one attempt.
        subject: whom it names.
        factor: what was shown.
        received_ns: monotonic time at which the gate took it.
        expires_ns: monotonic time from which it does not count.
    """

    claim_id: str
    subject: SubjectRef
    factor: Factor
    received_ns: int
    expires_ns: int

    def counts_at(self, now_ns: int) -> bool:
        """Whether it counts at a monotonic time."""
        return self.received_ns <= now_ns < self.expires_ns
