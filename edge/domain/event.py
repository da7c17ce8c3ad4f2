"""What leaves the gate: one message, already addressed and serialized, waiting in the outbox."""

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """Kinds of events; each is a topic level and a payload schema."""

    DECISION = "decision"
    ANOMALY = "anomaly"
    LIFECYCLE = "lifecycle"
    COMMAND = "command"
    GALLERY = "gallery"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The place of a record in the audit chain; it names the event made of it.

    Attributes:
        chain_id: random id of the audit chain, fixed when the store is created.
        seq: position in the chain, counts up by one.
    """

    chain_id: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """An MQTT message ready to send.

    Attributes:
        kind: what it is.
        topic: full topic name.
        payload: serialized CloudEvent, UTF-8 JSON.
        priority: lower goes first (decision before anomaly before everything else).
    """

    kind: EventKind
    topic: str
    payload: bytes
    priority: int
