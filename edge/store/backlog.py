"""How far the gate is behind: what waits for the broker, since when, and how long the audit chain has become."""

from dataclasses import dataclass
from typing import final

from edge.store.database import Database


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The store at one moment.

    Attributes:
        rows: events that the broker does not have yet.
        oldest: the one of them that waits longest, as it will be sent; None when none waits.
        audit_head: sequence number of the latest audit record, 0 before the first.
    """

    rows: int
    oldest: bytes | None
    audit_head: int


def read_backlog(database: Database) -> Backlog:
    """Read it on a connection of its own: counting a long outbox must not hold up the gate's commits.

    Raises:
        StoreError: SQLite failed.
    """
    with database.snapshot() as connection:
        (rows,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
        (head,) = connection.execute("SELECT head_seq FROM chain").fetchone()
        oldest = connection.execute("SELECT payload FROM outbox ORDER BY seq LIMIT 1").fetchone()
    return Backlog(rows=int(rows), oldest=None if oldest is None else bytes(oldest[0]), audit_head=int(head))
