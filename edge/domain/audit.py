"""One row of the audit chain, and what is to become one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.domain.event import EventKind, OutboxMessage, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    r"""An append-only, hash-chained record.

    Attributes:
        seq: position in the chain, from 1.
        previous_hash: 32 bytes, hash of the row before; zeros for the first.
        body: canonical JSON (RFC 8785). Holds subject references, never names, never scores' raw material.
        hash: sha256(b"egate-audit-v1\\0" + previous_hash + body).
    """

    seq: int
    previous_hash: bytes
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is to be recorded, and the message that tells of it.

    Attributes:
        kind: what happened.
        body: JSON values for the audit. Subject references, never names.
        build: makes the message for the place that the record gets; quick, and it must not use the store.
    """

    kind: EventKind
    body: Mapping[str, object]
    build: Callable[[Ticket], OutboxMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """Where a chain ends.

    Attributes:
        chain_id: which chain.
        seq: of the last row; 0 = there is none.
        hash: of the last row, 32 bytes; zeros when there is none.
    """

    chain_id: str
    seq: int
    hash: bytes
