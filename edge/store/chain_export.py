"""The whole audit chain as one file for somebody else: closed segments first, every row checked on its way."""

import sqlite3
from collections.abc import Callable, Iterator

from edge.domain.audit import AuditHead, AuditRecord
from edge.domain.errors import TrustError
from edge.store.audit_chain import NO_HASH, ChainReport, ChainWalk, end_at
from edge.store.audit_segments import segment_records, segments_in
from edge.store.chain_file import ChainFileHead, lines_of
from edge.store.database import Database
from edge.store.ledger import ROWS, head_of, record_of
from edge.trust.checkpoint import Checkpoint


def exported_lines(database: Database, seal: Callable[[AuditHead], Checkpoint]) -> Iterator[bytes]:
    """Yield the lines of the export, as of one moment; see ``edge.store.chain_file``.

    Args:
        database: of the gate.
        seal: signs the head that the export ends with.

    Raises:
        StoreError: SQLite failed, or a segment cannot be read.
        TrustError: a row is not what was recorded; what was yielded before must be thrown away.
    """
    with database.snapshot() as connection:
        head = head_of(connection)
        walk = ChainWalk(head.chain_id)
        start = ChainFileHead(chain_id=head.chain_id, first_seq=1, previous_hash=NO_HASH)
        yield from lines_of(start, _checked(walk, _all(connection, database)))
        _refuse(end_at(walk, (head.seq, head.hash)))
        *_, last = lines_of(start, (), seal(head))
        yield last


def _all(connection: sqlite3.Connection, database: Database) -> Iterator[AuditRecord]:
    for segment in segments_in(connection, database.path):
        yield from segment_records(segment)
    yield from map(record_of, connection.execute(f"{ROWS} ORDER BY seq"))


def _checked(walk: ChainWalk, records: Iterator[AuditRecord]) -> Iterator[AuditRecord]:
    for record in records:
        _refuse(walk.take(record))
        yield record


def _refuse(report: ChainReport | None) -> None:
    if report is not None and not report.is_whole:
        raise TrustError(
            f"the audit chain does not hold at row {report.fault_seq}: {report.detail}",
            hint="'edge-gate audit verify' says the same; keep a copy of the state folder as it is for inspection",
        )
