"""What is done to the people enrolled: each goes on record with the gallery's counter, under a random reference."""

from dataclasses import dataclass
from enum import StrEnum

from edge.domain.match import SubjectRef


class GalleryAct(StrEnum):
    """What was done. Values are stable: they go out over MQTT."""

    ENROLLED = "enrolled"
    TEMPLATES_REPLACED = "templates_replaced"
    ERASED = "erased"
    EXPIRED = "expired"
    REKEYED = "rekeyed"
    EXPORTED = "exported"
    IMPORTED = "imported"
    ACCEPTED = "accepted"
    EVIDENCE_VIEWED = "evidence_viewed"
    EVIDENCE_ERASED = "evidence_erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryChange:
    """One change, or one look, that goes on record. Nothing biometric, no names.

    Attributes:
        act: what was done.
        subject: whose records; None = nobody's in particular.
        counter: the gallery's counter after it; it only ever rises.
        people: how many are enrolled after it.
        root: hash over everybody's marks after it, hexadecimal.
        detail: one line more for the operator, such as how many; no names.
    """

    act: GalleryAct
    subject: SubjectRef | None
    counter: int
    people: int
    root: str
    detail: str = ""
