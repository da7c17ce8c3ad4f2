"""The messages still owed to the broker. The drain alone empties it; the ledger fills it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import final

from edge.domain.event import EventKind, OutboxMessage
from edge.store.database import Database, altered

_COLUMNS = "SELECT seq, kind, topic, payload, priority, attempts, refusal FROM outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message in the outbox.

    Attributes:
        id: names the row; never used twice.
        seq: its audit record's place in the chain.
        message: what to send.
        attempts: how often the broker refused it.
        refusal: the broker's words the last time; empty = it never did.
    """

    id: int
    seq: int
    message: OutboxMessage
    attempts: int
    refusal: str = ""


@final
class Outbox:
    """Reads and clears what is owed. Threads: as ``Database``. Every method raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self) -> None:
        """Do nothing: bounds and ages are the business of whoever tells of them, ``edge.store.outbox_upkeep``."""

    def pending(self, limit: int, /, *, without: Collection[EventKind] = ()) -> tuple[StoredMessage, ...]:
        """Return the first ``limit`` messages: lowest priority number first, then in order of ``seq``.

        What was set aside is passed over, and so are the kinds in ``without``.

        Raises:
            TrustError: a row is none that the ledger wrote.
        """
        kinds = ", ".join("?" * len(without))
        rows = self._database.read(
            f"{_COLUMNS} WHERE is_aside = 0 AND kind NOT IN ({kinds}) ORDER BY priority, seq LIMIT ?",
            (*(kind.value for kind in without), limit),
        )
        return tuple(_stored(*row) for row in rows)

    def aside(self) -> tuple[StoredMessage, ...]:
        """Return the messages that the broker refused too often, in order of ``seq``.

        Raises:
            TrustError: a row is none that the ledger wrote.
        """
        rows = self._database.read(f"{_COLUMNS} WHERE is_aside = 1 ORDER BY seq")
        return tuple(_stored(*row) for row in rows)

    def refuse(self, refusals: Mapping[int, str], /) -> None:
        """Count one more refusal of each row, with the broker's words; unknown ones are passed over."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE outbox SET attempts = attempts + 1, refusal = ? WHERE seq = ?",
                ((words, id_) for id_, words in refusals.items()),
            )

    def delete(self, ids: Iterable[int], /) -> None:
        """Delete ``ids``, which the broker has acknowledged; unknown ones are passed over."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM outbox WHERE seq = ?", ((id_,) for id_ in ids))

    def depth(self) -> int:
        """Return how many messages wait; those that were set aside do not."""
        ((count,),) = self._database.read("SELECT count(*) FROM outbox WHERE is_aside = 0")
        return int(count)


def _stored(
    seq: int, kind: str, topic: str, payload: bytes, priority: int, attempts: int, refusal: str
) -> StoredMessage:
    if kind not in set(EventKind) or attempts < 0:
        raise altered("a waiting message is none that the gate wrote")
    message = OutboxMessage(kind=EventKind(kind), topic=topic, payload=payload, priority=priority)
    return StoredMessage(id=seq, seq=seq, message=message, attempts=attempts, refusal=refusal)
