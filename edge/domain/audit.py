"""One row of the audit chain."""

from dataclasses import dataclass


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
