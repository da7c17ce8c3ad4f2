"""Commits a decision: its audit row and the message that tells of it, both or neither."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import final

from edge.domain.audit import AuditRecord
from edge.domain.errors import EdgeError, StoreError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.audit_chain import NO_HASH, ChainReport, check_chain, next_record
from edge.store.database import Database, altered

_PAGE_ROWS = 500
_COLUMNS = "SELECT seq, previous_hash, body, hash FROM audit"


@final
class Ledger:
    """The append side of the audit chain and of the outbox. Threads: as ``Database``.

    Attributes:
        chain_id: random id of this audit chain.
    """

    def __init__(self, database: Database) -> None:
        """Use ``database``; a new one gets its chain.

        Raises:
            StoreError: SQLite failed.
        """
        self._database = database
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO chain (id, chain_id, head_seq, head_hash) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING",
                (secrets.token_hex(16), NO_HASH),
            )
            self.chain_id, _, _ = _head(connection)

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
        chain_id, seq, head_hash = _head(connection)
        ticket = Ticket(chain_id, seq + 1)
        try:
            record = next_record(ticket, head_hash, kind, body)
            message = build(ticket)
        # Whatever fails while the record is made, the caller must learn one thing: nothing was committed.
        except Exception as error:
            raise _not_committed(kind, error) from error
        if message.kind is not kind:
            raise StoreError(
                f"a {kind} record got a {message.kind} message", hint="report this as a defect of edge-gate"
            )
        connection.execute(
            "INSERT INTO audit (seq, previous_hash, body, hash) VALUES (?, ?, ?, ?)",
            (record.seq, record.previous_hash, record.body, record.hash),
        )
        connection.execute(
            "INSERT INTO outbox (seq, kind, topic, payload, priority) VALUES (?, ?, ?, ?, ?)",
            (record.seq, message.kind.value, message.topic, message.payload, message.priority),
        )
        return ticket

    def records(self, from_seq: int = 1) -> Iterator[AuditRecord]:
        """Yield the rows from ``from_seq`` on, in order, as they stand: not checked.

        Raises:
            StoreError: SQLite failed.
        """
        while True:
            rows = self._database.read(f"{_COLUMNS} WHERE seq >= ? ORDER BY seq LIMIT ?", (from_seq, _PAGE_ROWS))
            yield from map(_record, rows)
            if len(rows) < _PAGE_ROWS:
                return
            from_seq = rows[-1][0] + 1

    def verify_chain(self) -> ChainReport:
        """Check every row, at one moment, without holding up commits.

        Raises:
            StoreError: SQLite failed, or finds its file damaged.
        """
        with self._database.snapshot() as connection:
            chain_id, seq, head_hash = _head(connection)
            rows = connection.execute(f"{_COLUMNS} ORDER BY seq")
            return check_chain(chain_id, (seq, head_hash), map(_record, rows))


def _head(connection: sqlite3.Connection) -> tuple[str, int, bytes]:
    row = connection.execute("SELECT chain_id, head_seq, head_hash FROM chain").fetchone()
    if row is None:
        raise altered("the audit chain's head is missing")
    chain_id, seq, head_hash = row
    return chain_id, seq, head_hash


def _record(row: tuple[int, bytes, bytes, bytes]) -> AuditRecord:
    seq, previous_hash, body, hash_ = row
    return AuditRecord(seq=seq, previous_hash=previous_hash, body=body, hash=hash_)


def _not_committed(kind: EventKind, error: Exception) -> StoreError:
    if isinstance(error, EdgeError):
        return StoreError(f"the {kind} was not committed: {error}", hint=error.hint)
    # A foreign exception's text may hold what it failed on, which must not get into a log.
    return StoreError(
        f"the {kind} was not committed: {type(error).__name__}", hint="report this as a defect of edge-gate"
    )
