"""What waits after the broker refused it: single rows, or a whole kind of events.

One refused row lets the others pass: a door must not wait for a message that the broker never takes. When several of
one kind are refused in a row, it is not the message: the access list, or the broker, takes none of that kind. Then
the kind waits, and one row of it at a time, always the first, finds out whether that is over. So nothing overtakes,
and few rows use up their tries.
"""

from dataclasses import dataclass
from typing import Final

from edge.domain.event import EventKind
from edge.messaging.outbox_source import OutboxRow

LEAST_NS: Final = 1_000_000_000
MOST_NS: Final = 60_000_000_000
MANY: Final = 3
"""Refusals of one kind in a row that are no single message's fault."""
_MOST_ROWS = 50  # single rows of one kind that are passed over at a time


@dataclass(slots=True)
class _Kind:
    refusals: int = 0  # in a row
    step_ns: int = LEAST_NS
    until_ns: int = 0


class Holds:
    """See the module. One thread."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[EventKind, int]] = {}
        self._kinds: dict[EventKind, _Kind] = {kind: _Kind() for kind in EventKind}

    def refuse(self, row: OutboxRow, now_ns: int, *, is_the_rows_fault: bool = False) -> int:
        """Note a refusal; return how long the row, or its kind, waits, nanoseconds.

        Args:
            row: which.
            now_ns: monotonic time.
            is_the_rows_fault: it cannot be published at all, whatever the broker thinks of its kind.
        """
        kind = row.message.kind
        state = self._kinds[kind]
        if not is_the_rows_fault:
            state.refusals += 1
        if state.refusals < MANY and self._count(kind) < _MOST_ROWS:
            wait_ns = min(LEAST_NS << min(row.attempts, 10), MOST_NS)
            self._rows[row.id] = (kind, now_ns + wait_ns)
            return wait_ns
        if now_ns >= state.until_ns:
            state.refusals = max(state.refusals, MANY)
            state.until_ns = now_ns + state.step_ns
            state.step_ns = min(state.step_ns * 2, MOST_NS)
            self._rows = {id_: held for id_, held in self._rows.items() if held[0] is not kind}
        return state.until_ns - now_ns

    def deliver(self, kind: EventKind) -> None:
        """Note that the broker took one of a kind: the kind waits no more."""
        self._kinds[kind] = _Kind()

    def rows(self, now_ns: int) -> frozenset[int]:
        """Return the ids of single rows that wait."""
        self._rows = {id_: held for id_, held in self._rows.items() if held[1] > now_ns}
        return frozenset(self._rows)

    def kinds(self, now_ns: int) -> frozenset[EventKind]:
        """Return the kinds that wait."""
        return frozenset(kind for kind, state in self._kinds.items() if state.until_ns > now_ns)

    def is_doubtful(self, kind: EventKind) -> bool:
        """Whether one row at a time may go, to find out."""
        return self._kinds[kind].refusals >= MANY

    def _count(self, kind: EventKind) -> int:
        return sum(held is kind for held, _ in self._rows.values())
