"""A gate's state folder from its first moment on, for ``tests.support.power_cuts``: run with the shim before libc.

``python -m tests.support.recorded_gate FOLDER ACTS``: keys, database, decisions, what the broker took, closed
segments, a scrub. Each line in ``ACTS`` is written where it is true: ``acted SEQ`` once a decision is on record,
``sent SEQ`` before its message may go. With ``careless`` as a third word the log is not synced at every commit.
"""

import datetime as dt
import os
import sys
from pathlib import Path

from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.checkpoint import sign_checkpoint
from edge.trust.keys import KeyRing

_COMMITS = 24
_LOG_PAGES = 60  # so that the log is moved into the database again and again within few decisions
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


def message(ticket: Ticket) -> OutboxMessage:
    """Return what is told of a decision."""
    return OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"%d" % ticket.seq * 200, priority=1)


def main(folder: Path, acts: Path, *, is_careless: bool) -> None:
    """Do it all once."""
    handle = os.open(acts, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    keys = KeyRing.open(folder, is_new=not (folder / DATABASE_FILE).exists())
    with open_state(folder, keys) as state:
        ((_,),) = state.database.read(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        if is_careless:
            state.database.read("PRAGMA synchronous = NORMAL")
        for _ in range(_COMMITS):
            ticket = state.ledger.commit(EventKind.DECISION, {"padding": "x" * 300}, message)
            os.write(handle, b"acted %d\n" % ticket.seq)
            _between(state, keys, ticket.seq, handle)


def _between(state: State, keys: KeyRing, seq: int, handle: int) -> None:
    if seq % 4 == 0:
        taken = [row.id for row in state.outbox.pending(3)]
        os.write(handle, b"sent %d\n" % taken[-1])
        state.outbox.delete(taken)
    if seq % 8 == 0:
        state.segments.close(4, lambda head: sign_checkpoint(head, "/egate/s/g", keys.signer, NOON))
    if seq == 13:
        state.database.scrub()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), is_careless="careless" in sys.argv[3:])
