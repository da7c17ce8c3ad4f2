"""The audit chain's arithmetic: what a row holds and how each hash covers all rows before it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge.domain.audit import AuditRecord
from edge.domain.event import EventKind, Ticket
from edge.trust.canonical import canonical_json, tagged_sha256

NO_HASH = bytes(32)
_TAG = "egate-audit-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What checking the chain found.

    Attributes:
        is_whole: every row is there, in order, unaltered, up to the head.
        chain_id: which chain.
        records: how many rows hold, from the first.
        head_hash: hash of the last row that holds, 32 bytes; zeros when there is none.
        fault_seq: the position where it first does not hold; None when it is whole.
        detail: what is wrong there, for the operator; empty when it is whole.
    """

    is_whole: bool
    chain_id: str
    records: int
    head_hash: bytes
    fault_seq: int | None = None
    detail: str = ""


def next_record(ticket: Ticket, previous_hash: bytes, kind: EventKind, data: Mapping[str, object]) -> AuditRecord:
    """Return the record of ``ticket``: the canonical JSON of ``{"chain", "data", "kind", "seq"}`` and its hash.

    Raises:
        TrustError: ``data`` has no canonical JSON form.
    """
    body = canonical_json({"chain": ticket.chain_id, "seq": ticket.seq, "kind": kind.value, "data": dict(data)})
    return AuditRecord(
        seq=ticket.seq,
        previous_hash=previous_hash,
        body=body,
        hash=tagged_sha256(_TAG, previous_hash, body),
    )


def check_chain(chain_id: str, head: tuple[int, bytes], records: Iterable[AuditRecord]) -> ChainReport:
    """Check rows in order of ``seq`` against each other and against the stored head.

    Args:
        chain_id: the chain they must belong to.
        head: seq and hash of the last row, as kept beside the chain.
        records: all rows, in order of ``seq``.
    """
    held, previous_hash = 0, NO_HASH
    for record in records:
        problem = _problem(record, Ticket(chain_id, held + 1), previous_hash)
        if problem:
            return _fault(chain_id, held, previous_hash, problem)
        held, previous_hash = record.seq, record.hash
    if head != (held, previous_hash):
        return _fault(chain_id, held, previous_hash, f"the chain's head says {head[0]} rows")
    return ChainReport(is_whole=True, chain_id=chain_id, records=held, head_hash=previous_hash)


def _problem(record: AuditRecord, expected: Ticket, previous_hash: bytes) -> str:
    if record.seq != expected.seq:
        return f"row {record.seq} stands in its place"
    if record.previous_hash != previous_hash:
        return "it does not follow the row before"
    if record.hash != tagged_sha256(_TAG, previous_hash, record.body):
        return "its hash does not cover its body"
    if _ticket(record.body) != expected:
        return "it was written for another place or chain"
    return ""


def _ticket(body: bytes) -> Ticket | None:
    try:
        content = json.loads(body)
        return Ticket(content["chain"], content["seq"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _fault(chain_id: str, held: int, head_hash: bytes, detail: str) -> ChainReport:
    return ChainReport(
        is_whole=False, chain_id=chain_id, records=held, head_hash=head_hash, fault_seq=held + 1, detail=detail
    )
