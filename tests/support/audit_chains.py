"""Stores with an audit chain, some of it in closed segments, and ways to harm them behind the gate's back."""

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge.domain.audit import AuditHead
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.checkpoint import Checkpoint, sign_checkpoint
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer

SIGNER = Signer(bytes(range(32)))
KEYS = KeyRing(signer=SIGNER, gallery_key=bytes(32))
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


def seal(head: AuditHead) -> Checkpoint:
    """Sign where a chain ends."""
    return sign_checkpoint(head, "/egate/site/gate", SIGNER, NOON)


def commit(state: State, count: int) -> None:
    """Append rows whose messages the broker has taken already."""
    for n in range(count):
        state.ledger.commit(EventKind.DECISION, {"attempt": f"a{n}", "note": "ü"}, _message)
    state.outbox.delete([message.id for message in state.outbox.pending(100_000)])


def a_chain(folder: Path, rows: int, segments: tuple[int, ...] = ()) -> None:
    """Make a state folder with a chain of ``rows``; the oldest lie in closed ``segments`` of so many rows each."""
    with open_state(folder, KEYS) as state:
        commit(state, rows)
        for size in segments:
            assert state.segments.close(size, seal) is not None


def harm(folder: Path, statement: str, parameters: Mapping[str, object] | Sequence[object] = ()) -> int:
    """Change the database with no trigger in the way; the schema is as before afterwards. Return rows changed."""
    with contextlib.closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        changed = connection.execute(statement, parameters).rowcount
        for _, sql in triggers:
            connection.execute(sql)
    return changed


def _message(ticket: Ticket) -> OutboxMessage:
    del ticket
    return OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"{}", priority=0)
