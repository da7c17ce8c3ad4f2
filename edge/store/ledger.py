"""Commits a decision: its audit row and the message that tells of it, both or neither."""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import final

from edge.domain.audit import AuditHead, AuditRecord, Entry
from edge.domain.clock import Clock, SystemClock
from edge.domain.errors import EdgeError, StoreError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.audit_chain import NO_HASH, Anchor, ChainReport, ChainWalk, end_at, next_record
from edge.store.audit_segments import walk_segments
from edge.store.database import Database, altered

_PAGE_ROWS = 500
_INSERT_ROW = "INSERT INTO audit (seq, previous_hash, body, hash) VALUES (?, ?, ?, ?)"
ROWS = "SELECT seq, previous_hash, body, hash FROM audit"
"""Every column of every row; ``record_of`` reads one."""


@final
class Ledger:
    """The append side of the audit chain and of the outbox. Threads: as ``Database``.

    Attributes:
        chain_id: random id of this audit chain.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        """Use ``database``; a new one gets its chain.

        Raises:
            StoreError: SQLite failed.
        """
        self._database = database
        self._clock = clock or SystemClock()
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO chain (id, chain_id, head_seq, head_hash) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING",
                (secrets.token_hex(16), NO_HASH),
            )
            self.chain_id = head_of(connection).chain_id

    def commit(self, kind: EventKind, body: Mapping[str, object], build: Callable[[Ticket], OutboxMessage]) -> Ticket:
        """Write, in one transaction: the next audit row, then the outbox message that ``build`` makes for its ticket.

        When this returns, both are on disk. When it raises, neither is, and ``seq`` is given out again.

        Args:
            kind: what happened; the message must be of the same kind.
            body: JSON values. Subject references, never names; integers below 2**53.
            build: makes the message; called inside the transaction, so it must be quick and must not use the store.

        Raises:
            StoreError: the disk is full, the database is locked, ``body`` has no canonical form, ``build`` failed.
        """
        with self._database.transaction() as connection:
            return self.append(connection, kind, body, build)

    def append(
        self,
        connection: sqlite3.Connection,
        kind: EventKind,
        body: Mapping[str, object],
        build: Callable[[Ticket], OutboxMessage],
    ) -> Ticket:
        """Do as ``commit`` within the transaction that ``connection`` is in, so that what is told of commits with it.

        Raises:
            StoreError: as ``commit``; the transaction must be given up.
        """
        return append(connection, Entry(kind, body, build), wall_ms(self._clock))

    def pass_over(self, through_seq: int, kind: EventKind, body: Mapping[str, object]) -> None:
        """Append rows without messages, in one transaction, up to ``through_seq``, for rows that were lost.

        The numbers of those were told already: events that follow must not bear them again.

        Args:
            through_seq: number of the last such row; nothing is done where the chain is as long already.
            kind: of each row.
            body: of each row; it says what became of what was there.

        Raises:
            StoreError: the disk is full, or SQLite failed; no row is written.
            TrustError: ``body`` has no canonical form.
        """
        with self._database.transaction() as connection:
            head = head_of(connection)
            previous_hash = head.hash
            for seq in range(head.seq + 1, through_seq + 1):
                record = next_record(Ticket(head.chain_id, seq), previous_hash, kind, body)
                connection.execute(_INSERT_ROW, (record.seq, record.previous_hash, record.body, record.hash))
                previous_hash = record.hash

    def head(self) -> AuditHead:
        """Return where the chain ends now.

        Raises:
            StoreError: SQLite failed.
            TrustError: the head is missing.
        """
        rows = self._database.read("SELECT chain_id, head_seq, head_hash FROM chain")
        return _audit_head(rows[0] if rows else None)

    def kept_from(self) -> int:
        """Return the seq of the first row that is still in the database; older ones lie in closed segments.

        Raises:
            StoreError: SQLite failed.
        """
        ((first,),) = self._database.read("SELECT coalesce(min(seq), 1) FROM audit")
        return int(first)

    def records(self, from_seq: int = 1) -> Iterator[AuditRecord]:
        """Yield the rows from ``from_seq`` on, in order, as they stand: not checked.

        Raises:
            StoreError: SQLite failed.
        """
        while True:
            rows = self._database.read(f"{ROWS} WHERE seq >= ? ORDER BY seq LIMIT ?", (from_seq, _PAGE_ROWS))
            yield from map(record_of, rows)
            if len(rows) < _PAGE_ROWS:
                return
            from_seq = rows[-1][0] + 1

    def page(self, first_seq: int, count: int) -> tuple[AuditRecord, ...]:
        """Return ``count`` rows from ``first_seq`` on, each of them checked, and that it follows the one before.

        Raises:
            StoreError: SQLite failed.
            TrustError: a row is missing, or is not what was recorded.
        """
        sql = f"{ROWS} WHERE seq >= ? ORDER BY seq LIMIT ?"
        records = tuple(map(record_of, self._database.read(sql, (first_seq, count))))
        walk = ChainWalk(self.chain_id, (first_seq - 1, records[0].previous_hash if records else NO_HASH))
        for record in records:
            report = walk.take(record)
            if report is not None:
                raise altered(f"audit row {report.fault_seq}: {report.detail}")
        if len(records) != count:
            raise altered(f"audit row {first_seq + len(records)} is missing")
        return records

    def verify_chain(self, anchors: Iterable[Anchor] = ()) -> ChainReport:
        """Check every row, closed segments first, at one moment, without holding up commits.

        Args:
            anchors: what was said of the chain elsewhere, such as signed checkpoints.

        Raises:
            StoreError: SQLite failed, or finds its file damaged.
        """
        with self._database.snapshot() as connection:
            head = head_of(connection)
            walk = ChainWalk(head.chain_id, anchors=anchors)
            report = walk_segments(walk, connection, self._database.path)
            if report is not None:
                return report
            for row in connection.execute(f"{ROWS} ORDER BY seq"):
                report = walk.take(record_of(row))
                if report is not None:
                    return report
            return end_at(walk, (head.seq, head.hash))


def append(connection: sqlite3.Connection, entry: Entry, now_ms: int) -> Ticket:
    """Write the next audit row and its message, inside the caller's transaction.

    Args:
        connection: of the open transaction.
        entry: what happened.
        now_ms: the wall clock, milliseconds since 1970: from when the message's age counts.

    Raises:
        StoreError: ``entry`` cannot be recorded.
        sqlite3.Error: SQLite failed.
    """
    head = head_of(connection)
    ticket = Ticket(head.chain_id, head.seq + 1)
    try:
        record = next_record(ticket, head.hash, entry.kind, entry.body)
        message = entry.build(ticket)
    # Whatever fails while the record is made, the caller must learn one thing: nothing was committed.
    except Exception as error:
        raise _not_committed(entry.kind, error) from error
    if message.kind is not entry.kind:
        raise StoreError(
            f"a {entry.kind} record got a {message.kind} message", hint="report this as a defect of edge-gate"
        )
    connection.execute(_INSERT_ROW, (record.seq, record.previous_hash, record.body, record.hash))
    connection.execute(
        "INSERT INTO outbox (seq, kind, topic, payload, priority, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
        (record.seq, message.kind.value, message.topic, message.payload, message.priority, now_ms),
    )
    return ticket


def head_of(connection: sqlite3.Connection) -> AuditHead:
    """Return where the chain ends, as one transaction or snapshot sees it.

    Raises:
        TrustError: the head is missing.
        sqlite3.Error: SQLite failed.
    """
    return _audit_head(connection.execute("SELECT chain_id, head_seq, head_hash FROM chain").fetchone())


def wall_ms(clock: Clock) -> int:
    """Return the wall clock, milliseconds since 1970."""
    return int(clock.utc().timestamp() * 1_000)


def _audit_head(row: tuple[str, int, bytes] | None) -> AuditHead:
    if row is None:
        raise altered("the audit chain's head is missing")
    chain_id, seq, head_hash = row
    return AuditHead(chain_id=chain_id, seq=seq, hash=head_hash)


def record_of(row: tuple[int, bytes, bytes, bytes]) -> AuditRecord:
    """Return a row of ``ROWS`` as a record, unchecked."""
    seq, previous_hash, body, hash_ = row
    return AuditRecord(seq=seq, previous_hash=previous_hash, body=body, hash=hash_)


def _not_committed(kind: EventKind, error: Exception) -> StoreError:
    if isinstance(error, EdgeError):
        return StoreError(f"the {kind} was not committed: {error}", hint=error.hint)
    # A foreign exception's text may hold what it failed on, which must not get into a log.
    return StoreError(
        f"the {kind} was not committed: {type(error).__name__}", hint="report this as a defect of edge-gate"
    )
