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
class Anchor:
    """What somebody outside the rows says of the chain: that it had ``seq`` rows and ended with ``hash``.

    Attributes:
        chain_id: of which chain it is said.
        seq: how many rows.
        hash: of the last of them, 32 bytes.
        said_by: who says so, for the operator, such as ``the checkpoint of 2026-03-14T12:00:00Z``.
    """

    chain_id: str
    seq: int
    hash: bytes
    said_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What checking the chain found.

    Attributes:
        is_whole: every row is there, in order, unaltered, up to the head, and every anchor holds.
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


class ChainWalk:
    """Follows a chain row by row.

    Attributes:
        chain_id: which chain.
        held: seq of the last row that held.
        head_hash: its hash.
    """

    def __init__(
        self, chain_id: str, after: tuple[int, bytes] = (0, NO_HASH), anchors: Iterable[Anchor] = ()
    ) -> None:
        """Begin behind a row that is known, by its seq and hash; by default before the first."""
        self.chain_id = chain_id
        self.held, self.head_hash = after
        self._anchors: dict[int, list[Anchor]] = {}
        self._strangers: list[Anchor] = []
        for anchor in anchors:
            if anchor.chain_id == chain_id:
                self._anchors.setdefault(anchor.seq, []).append(anchor)
            else:
                self._strangers.append(anchor)

    def take(self, record: AuditRecord) -> ChainReport | None:
        """Take the next row; return the report if it, or what was said of it, does not hold."""
        problem = _problem(record, Ticket(self.chain_id, self.held + 1), self.head_hash)
        if problem:
            return self.fault(problem)
        for anchor in self._anchors.pop(record.seq, ()):
            if anchor.hash != record.hash:
                return self.fault(f"it, or a row before it, was written anew: {anchor.said_by} has another hash")
        self.held, self.head_hash = record.seq, record.hash
        return None

    def end(self) -> ChainReport:
        """Return the report after the last row: what was said of rows that did not come does not hold."""
        if self._strangers:
            anchor = self._strangers[0]
            return self.fault(f"{anchor.said_by} is of another chain, {anchor.chain_id}", seq=1)
        if self.held == 0:
            self._anchors.pop(0, None)
        for seq, anchors in sorted(self._anchors.items()):
            return self.fault(f"it is missing: {anchors[0].said_by} says {seq} rows")
        return ChainReport(is_whole=True, chain_id=self.chain_id, records=self.held, head_hash=self.head_hash)

    def fault(self, detail: str, *, seq: int | None = None) -> ChainReport:
        """Return the report of a chain that holds no further; ``seq``: where it does not, by default the next."""
        return ChainReport(
            is_whole=False,
            chain_id=self.chain_id,
            records=self.held,
            head_hash=self.head_hash,
            fault_seq=self.held + 1 if seq is None else seq,
            detail=detail,
        )


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


def check_chain(
    chain_id: str, head: tuple[int, bytes], records: Iterable[AuditRecord], anchors: Iterable[Anchor] = ()
) -> ChainReport:
    """Check rows in order of ``seq`` against each other, against the stored head and against what others say.

    Args:
        chain_id: the chain they must belong to.
        head: seq and hash of the last row, as kept beside the chain.
        records: all rows, in order of ``seq``.
        anchors: what was said of the chain elsewhere, such as signed checkpoints.
    """
    walk = ChainWalk(chain_id, anchors=anchors)
    for record in records:
        found = walk.take(record)
        if found is not None:
            return found
    return end_at(walk, head)


def end_at(walk: ChainWalk, head: tuple[int, bytes]) -> ChainReport:
    """Return the report after the last row: anchors beyond it, then the head that is kept beside the chain."""
    report = walk.end()
    if report.is_whole and head != (walk.held, walk.head_hash):
        return walk.fault(f"the chain's head says {head[0]} rows")
    return report


def _problem(record: AuditRecord, expected: Ticket, previous_hash: bytes) -> str:
    if not all(isinstance(value, bytes) for value in (record.previous_hash, record.body, record.hash)):
        return "it is not of the types that the gate writes"
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
