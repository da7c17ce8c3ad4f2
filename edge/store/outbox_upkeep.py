"""What leaves the outbox, or is set aside in it, without the broker's word: each time on record, in one transaction.

Whatever is done here is told by one entry of the audit chain, which is a message in the outbox itself: both or
neither. The audit rows of dropped messages stay, so that what they told can be replayed.

Ages are counted on a wall clock, and a gate without a clock battery begins in the past: ``keep_time`` moves ages
along when the clock is set, so that no step of it makes a message old.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from edge.domain.audit import Entry
from edge.domain.clock import Clock
from edge.domain.event import EventKind
from edge.store.database import Database, altered
from edge.store.ledger import append, wall_ms

_SLACK: Final = 0.9
"""Over a bound, so much of it is kept: then it takes a while until there is something to tell again."""
_WEIGHT = "SELECT count(*), coalesce(sum(length(payload) + length(topic)), 0), min(created_ms) FROM outbox"
_BY_IMPORTANCE = "SELECT seq, length(payload) + length(topic) FROM outbox ORDER BY priority DESC, seq"
_OF_ANOTHER_TIME = "SELECT seq FROM outbox WHERE created_ms > ? OR created_ms < ?"
_REFUSED = "SELECT seq FROM outbox WHERE is_aside = 0 AND attempts >= ?"
_KIND_AND_REFUSAL = "SELECT kind, refusal FROM outbox WHERE seq = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Which messages something was done to.

    Attributes:
        kinds: how many of each kind.
        first_seq: lowest place in the audit chain among them.
        last_seq: highest.
        refusal: the broker's words for the last of them; empty = it had none.
    """

    kinds: Mapping[EventKind, int]
    first_seq: int
    last_seq: int
    refusal: str = ""

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.kinds.values())


Tell = Callable[[Tally], Entry | None]
"""Makes the entry that tells of it; None = this time nobody is told."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much is in the outbox, what was set aside included.

    Attributes:
        rows: messages.
        size_bytes: payloads and topics.
        oldest_ms: when the oldest came in, milliseconds since 1970; None = there is none.
    """

    rows: int
    size_bytes: int
    oldest_ms: int | None


@final
class OutboxUpkeep:
    """Bounds the outbox and sets aside in it. Threads: as ``Database``. Every method raises ``StoreError``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Take the outbox's database, and the clock by which ages count."""
        self._database = database
        self._clock = clock

    def weight(self) -> Weight:
        """Return how much there is."""
        ((rows, size, oldest),) = self._database.read(_WEIGHT)
        return Weight(rows, size, oldest)

    def keep_time(self, *, shift_ms: int, not_before_ms: int) -> None:
        """Move ages along with a clock that was set.

        Args:
            shift_ms: by how much the wall clock went ahead of the monotonic one since the last call; may be negative.
            not_before_ms: a message from before this time was written while the clock was not set.
        """
        now_ms = wall_ms(self._clock)
        bounds = (now_ms, min(not_before_ms, now_ms))
        if not shift_ms and not self._database.read(f"{_OF_ANOTHER_TIME} LIMIT 1", bounds):
            return
        with self._database.transaction() as connection:
            if shift_ms:
                connection.execute("UPDATE outbox SET created_ms = created_ms + ?", (shift_ms,))
            strange = connection.execute(_OF_ANOTHER_TIME, bounds).fetchall()
            connection.executemany(
                "UPDATE outbox SET created_ms = ? WHERE seq = ?", ((now_ms, seq) for (seq,) in strange)
            )

    def drop_old(self, most_age_ms: int, tell: Tell) -> Tally | None:
        """Drop what is older than ``most_age_ms``, and what soon will be; return what that was, None = nothing."""
        now_ms = wall_ms(self._clock)
        oldest_ms = self.weight().oldest_ms
        if oldest_ms is None or now_ms - oldest_ms <= most_age_ms:
            return None
        until_ms = now_ms - int(most_age_ms * _SLACK)
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT seq FROM outbox WHERE created_ms < ?", (until_ms,))
            return self._drop(connection, [seq for (seq,) in rows], tell)

    def drop_surplus(self, most_bytes: int, tell: Tell) -> Tally | None:
        """Drop the oldest of what matters least while it is more than ``most_bytes``; return what, None = nothing.

        What goes first is what would be sent last: decisions go only when nothing else is left.
        """
        surplus = self.weight().size_bytes - int(most_bytes * _SLACK)
        if surplus <= most_bytes - int(most_bytes * _SLACK):
            return None
        with self._database.transaction() as connection:
            chosen = []
            for seq, size in connection.execute(_BY_IMPORTANCE):
                if surplus <= 0:
                    break
                chosen.append(seq)
                surplus -= size
            return self._drop(connection, chosen, tell)

    def set_aside(self, most_attempts: int, tell: Tell) -> Tally | None:
        """Set aside, kept and not sent, what was refused ``most_attempts`` times; return what, None = nothing."""
        if not self._database.read(f"{_REFUSED} LIMIT 1", (most_attempts,)):
            return None
        with self._database.transaction() as connection:
            chosen = [seq for (seq,) in connection.execute(_REFUSED, (most_attempts,))]
            tally = _tally(connection, chosen)
            _each(connection, "UPDATE outbox SET is_aside = 1 WHERE seq = ?", chosen)
            self._record(connection, tally, tell)
        return tally

    def retry(self, seqs: Collection[int] | None, tell: Tell) -> Tally | None:
        """Let messages that were set aside wait again, as if never refused; None = all of them.

        Returns:
            Which those were; None = none of ``seqs`` was set aside, and nothing was done.
        """
        with self._database.transaction() as connection:
            chosen = _aside(connection, seqs)
            if not chosen:
                return None
            tally = _tally(connection, chosen)
            _each(connection, "UPDATE outbox SET is_aside = 0, attempts = 0 WHERE seq = ?", chosen)
            self._record(connection, tally, tell)
        return tally

    def drop_aside(self, seqs: Collection[int] | None, tell: Tell) -> Tally | None:
        """Drop messages that were set aside; arguments and result as of ``retry``. What still waits never goes."""
        with self._database.transaction() as connection:
            return self._drop(connection, _aside(connection, seqs), tell)

    def _drop(self, connection: sqlite3.Connection, chosen: list[int], tell: Tell) -> Tally | None:
        if not chosen:
            return None
        tally = _tally(connection, chosen)
        _each(connection, "DELETE FROM outbox WHERE seq = ?", chosen)
        self._record(connection, tally, tell)
        return tally

    def _record(self, connection: sqlite3.Connection, tally: Tally, tell: Tell) -> None:
        entry = tell(tally)
        if entry is not None:
            append(connection, entry, wall_ms(self._clock))


def _aside(connection: sqlite3.Connection, seqs: Collection[int] | None) -> list[int]:
    rows = connection.execute("SELECT seq FROM outbox WHERE is_aside = 1 ORDER BY seq")
    return [seq for (seq,) in rows if seqs is None or seq in seqs]


def _tally(connection: sqlite3.Connection, chosen: list[int]) -> Tally:
    kinds: dict[EventKind, int] = {}
    refusal = ""
    for seq in chosen:
        kind, words = connection.execute(_KIND_AND_REFUSAL, (seq,)).fetchone()
        if kind not in set(EventKind):
            raise altered("a waiting message is none that the gate wrote")
        kinds[EventKind(kind)] = kinds.get(EventKind(kind), 0) + 1
        refusal = words or refusal
    return Tally(kinds=kinds, first_seq=min(chosen), last_seq=max(chosen), refusal=refusal)


def _each(connection: sqlite3.Connection, sql: str, seqs: Iterable[int]) -> None:
    connection.executemany(sql, ((seq,) for seq in seqs))
