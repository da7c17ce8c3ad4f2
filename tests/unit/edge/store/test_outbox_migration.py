"""A database of before the outbox had bounds: what waited still waits, in its new turn, and is not old."""

import contextlib
import sqlite3
from pathlib import Path

from edge.domain.event import EventKind, Ticket
from edge.store.audit_chain import NO_HASH, next_record
from edge.store.migrations import APPLICATION_ID, _numbered_scripts, _statements
from edge.store.outbox_upkeep import Tally
from edge.store.state import DATABASE_FILE, open_state
from edge.trust.keys import KeyRing

BEFORE = next(n for n, script in enumerate(_numbered_scripts()) if "outbox_before" in script)


def test_what_waited_waits(folder: Path, keys: KeyRing) -> None:
    folder.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as old:
        for script in _numbered_scripts()[:BEFORE]:
            for statement in _statements(script):
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {BEFORE}")
        old.execute("INSERT INTO chain VALUES (1, ?, 0, ?)", ("c" * 32, NO_HASH))
        previous = NO_HASH
        for seq, (kind, priority) in enumerate((("anomaly", 0), ("decision", 1), ("lifecycle", 2)), 1):
            record = next_record(Ticket("c" * 32, seq), previous, EventKind(kind), {})
            previous = record.hash
            old.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?)", (seq, record.previous_hash, record.body, record.hash)
            )
            old.execute("INSERT INTO outbox VALUES (?, ?, 't', x'7b7d', ?, 3)", (seq, kind, priority))

    def never(_tally: Tally) -> None:
        raise AssertionError

    with open_state(folder, keys) as state:
        assert [(row.seq, row.attempts) for row in state.outbox.pending(10)] == [(2, 3), (1, 3), (3, 3)]
        assert state.upkeep.drop_old(60_000, never) is None
        assert state.ledger.verify_chain().records == 3
        state.outbox.delete([1, 2, 3])
        assert state.outbox.depth() == 0
