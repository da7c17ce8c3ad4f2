"""The messages still owed to the broker. The drain alone uses it; the ledger fills it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from edge.domain.event import EventKind, OutboxMessage
from edge.store.database import Database, altered


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message in the outbox.

    Attributes:
        id: names the row; never used twice.
        seq: its audit record's place in the chain.
        message: what to send.
        attempts: how often sending was tried.
    """

    id: int
    seq: int
    message: OutboxMessage
    attempts: int


@final
class Outbox:
    """Reads and clears what is owed. Threads: as ``Database``. Every method raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, limit: int) -> tuple[StoredMessage, ...]:
        """Return the first ``limit`` messages: lowest priority number first, then in order of ``seq``.

        Raises:
            TrustError: a row is none that the ledger wrote.
        """
        rows = self._database.read(
            "SELECT seq, kind, topic, payload, priority, attempts FROM outbox ORDER BY priority, seq LIMIT ?",
            (limit,),
        )
        return tuple(_stored(*row) for row in rows)

    def mark_attempt(self, ids: Iterable[int]) -> None:
        """Count one more attempt for each of ``ids``; unknown ones are passed over."""
        with self._database.transaction() as connection:
            connection.executemany("UPDATE outbox SET attempts = attempts + 1 WHERE seq = ?", ((id_,) for id_ in ids))

    def delete(self, ids: Iterable[int]) -> None:
        """Delete ``ids``, which the broker has acknowledged; unknown ones are passed over."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM outbox WHERE seq = ?", ((id_,) for id_ in ids))

    def depth(self) -> int:
        """Return how many messages wait."""
        ((count,),) = self._database.read("SELECT count(*) FROM outbox")
        return int(count)


def _stored(seq: int, kind: str, topic: str, payload: bytes, priority: int, attempts: int) -> StoredMessage:
    if kind not in set(EventKind) or attempts < 0:
        raise altered("a waiting message is none that the gate wrote")
    message = OutboxMessage(kind=EventKind(kind), topic=topic, payload=payload, priority=priority)
    return StoredMessage(id=seq, seq=seq, message=message, attempts=attempts)
