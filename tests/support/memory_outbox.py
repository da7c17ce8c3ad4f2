"""An outbox in memory that satisfies the drain's ``OutboxSource``."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from edge.domain.errors import StoreError
from edge.domain.event import EventKind, OutboxMessage


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One row."""

    id: int
    seq: int
    message: OutboxMessage
    attempts: int = 0


class MemoryOutbox:
    """Rows in a dict; any thread may call.

    Attributes:
        deleted: ids in the order in which they left.
        failures: so many of the next calls raise StoreError.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, MemoryRow] = {}
        self._next = 1
        self.deleted: list[int] = []
        self.failures = 0

    def add(self, message: OutboxMessage) -> int:
        """Add a row; return its id, which is its seq too."""
        with self._lock:
            row = MemoryRow(self._next, self._next, message)
            self._rows[row.id] = row
            self._next += 1
            return row.id

    def rows(self) -> tuple[MemoryRow, ...]:
        """All rows by (priority, seq)."""
        with self._lock:
            return tuple(sorted(self._rows.values(), key=lambda row: (row.message.priority, row.seq)))

    def keep(self) -> None:
        """As in ``OutboxSource``."""

    def pending(self, limit: int, /, *, without: Collection[EventKind] = ()) -> tuple[MemoryRow, ...]:
        """As in ``OutboxSource``."""
        self._maybe_fail()
        return tuple(row for row in self.rows() if row.message.kind not in without)[:limit]

    def delete(self, ids: tuple[int, ...], /) -> None:
        """As in ``OutboxSource``."""
        self._maybe_fail()
        with self._lock:
            for row_id in ids:
                self._rows.pop(row_id, None)
                self.deleted.append(row_id)

    def refuse(self, refusals: Mapping[int, str], /) -> None:
        """As in ``OutboxSource``."""
        self._maybe_fail()
        with self._lock:
            for row_id in refusals:
                row = self._rows[row_id]
                self._rows[row_id] = replace(row, attempts=row.attempts + 1)

    def _maybe_fail(self) -> None:
        with self._lock:
            if self.failures > 0:
                self.failures -= 1
                raise StoreError("the disk is full", hint="make room")
