"""Empties the outbox into the broker: at least once, in order, losing nothing.

A row leaves the outbox only when the broker took it: its ack came and does not fail. The rest follows: without a
broker nothing is lost; a connection that ends forgets what had no ack, and it is sent again; a new process simply
begins at the first row. Order is (priority, seq). A row that the broker refuses waits, longer each time: see
``edge.messaging.holds``.

What is deleted is committed after new rows went out, many rows at once: each commit waits for the disk, and so does
the decision that comes meanwhile. A kill in between sends again what the broker has, under the same ids.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from edge.domain.clock import Clock
from edge.domain.errors import EdgeError
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.holds import Holds
from edge.messaging.link import Link
from edge.messaging.outbox_source import OutboxRow, OutboxSource
from edge.messaging.wire import Ack, Delivery

_POLL_S: Final = 1.0  # without a wake-up, rows are looked for so often
_LAST_POLL_S: Final = 0.05  # while stopping
_FAULT_WAIT_S: Final = 1.0  # after the store failed
_SETTLE_S: Final = 0.1  # what the broker took is deleted after so long at the latest,
_SETTLE_ROWS: Final = 32  # or when it is so much

log = structlog.get_logger(__name__)


class EventPublisher(Protocol):
    """Where the drain sends to; ``GateClient`` is one."""

    @property
    def is_connected(self) -> bool:
        """Whether events may be published now."""
        ...

    @property
    def connections(self) -> int:
        """Number of the latest connection."""
        ...

    @property
    def most_in_flight(self) -> int:
        """Events that may wait for their acks at a time."""
        ...

    def publish_event(self, message: OutboxMessage) -> Delivery | None:
        """Hand an event over; None = not now."""
        ...


def _ignore(_message: OutboxMessage, _ack: Ack) -> None:
    """Nobody is told."""


class OutboxDrain:
    """Moves rows from the outbox to the broker, on one thread.

    Give ``on_ack`` and ``on_link`` to the client as its callbacks, and call ``wake`` after each commit.
    ``on_settled`` is told the broker's answer to each event, on the drain's thread.
    """

    def __init__(
        self, outbox: OutboxSource, clock: Clock, on_settled: Callable[[OutboxMessage, Ack], None] = _ignore
    ) -> None:
        self._outbox = outbox
        self._on_settled = on_settled
        self._clock = clock
        self._inbox: queue.SimpleQueue[Ack | None] = queue.SimpleQueue()
        self._in_flight: dict[Delivery, OutboxRow] = {}
        self._delivered: list[int] = []  # rows that the broker has and the outbox still holds
        self._settle_at_ns = 0  # when the first of them must go
        self._refused: dict[int, str] = {}  # rows that the broker refused, and its words, not yet counted
        self._holds = Holds()
        self._has_nothing_to_send = False
        self._fault: str | None = None
        self._stop_at_ns = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs; a watchdog's business."""
        return self._thread is not None and self._thread.is_alive()

    def on_ack(self, ack: Ack) -> None:
        """Take an ack, from any thread."""
        self._inbox.put(ack)

    def on_link(self, _link: Link) -> None:
        """Take a change of the connection, from any thread."""
        self._inbox.put(None)

    def wake(self) -> None:
        """Say that there may be new rows, from any thread."""
        self._inbox.put(None)

    def start(self, publisher: EventPublisher) -> None:
        """Begin to send, on a thread of its own. Starts once."""
        if self._thread is not None:
            raise RuntimeError("a drain starts once; make a new one")
        self._thread = threading.Thread(target=self._run, args=(publisher,), name="outbox-drain", daemon=True)
        self._thread.start()

    def stop(self, flush_s: float = 0.0) -> None:
        """Send what can be sent within ``flush_s`` seconds, then end the thread. May be repeated."""
        if self._thread is None:
            return
        self._stop_at_ns = self._clock.monotonic_ns() + int(flush_s * 1e9)
        self._stopping.set()
        self.wake()
        self._thread.join(flush_s + 2 * _POLL_S)

    def _run(self, publisher: EventPublisher) -> None:
        while True:
            is_stopping = self._stopping.is_set()  # before the pass, so that the last one sees every committed row
            self._take(self._next_acks(_LAST_POLL_S if is_stopping else _POLL_S))
            try:
                self._outbox.keep()
                self._send(publisher)  # before the disk is waited for: a decision that just came in goes at once
                self._settle()
                self._note_fault(None)
            except EdgeError as error:
                self._note_fault(error)
                self._stopping.wait(_FAULT_WAIT_S)
            if is_stopping and self._is_done(publisher):
                return

    def _patience_s(self) -> float:
        """Return how long to wait for news."""
        if not self._delivered:
            return _POLL_S
        return min(_POLL_S, max(0.0, (self._settle_at_ns - self._clock.monotonic_ns()) / 1e9))

    def _must_settle(self) -> bool:
        """Whether the outbox is to be told now what the broker took and refused."""
        is_late = self._clock.monotonic_ns() >= self._settle_at_ns
        return bool(self._refused) or len(self._delivered) >= _SETTLE_ROWS or is_late

    def _is_done(self, publisher: EventPublisher) -> bool:
        is_late = self._clock.monotonic_ns() >= self._stop_at_ns
        is_empty = self._has_nothing_to_send and not (self._in_flight or self._delivered)
        return is_late or is_empty or not publisher.is_connected

    def _note_fault(self, error: EdgeError | None) -> None:
        """Log a fault of the store once when it comes and once when it goes."""
        fault = None if error is None else str(error)
        if fault != self._fault and error is not None:
            log.warning("outbox.drain_failed", error=fault, hint=error.hint)
        elif fault != self._fault:
            log.info("outbox.drain_recovered")
        self._fault = fault

    def _next_acks(self, most_s: float) -> list[Ack]:
        """Wait for news, at most ``most_s``, and return all acks that are there."""
        acks: list[Ack] = []
        with contextlib.suppress(queue.Empty):
            news = self._inbox.get(timeout=most_s)
            while True:
                if news is not None:
                    acks.append(news)
                news = self._inbox.get_nowait()
        return acks

    def _take(self, acks: list[Ack]) -> None:
        """Note what the broker took and what it refused. Acks of state messages are nobody's here."""
        for ack in acks:
            row = self._in_flight.pop(ack.delivery, None)
            if row is None:
                continue
            self._on_settled(row.message, ack)
            if ack.is_delivered:
                if not self._delivered:
                    self._settle_at_ns = self._clock.monotonic_ns() + int(_SETTLE_S * 1e9)
                self._delivered.append(row.id)
                self._holds.deliver(row.message.kind)
            else:
                self._refuse(row, ack.name)

    def _settle(self) -> None:
        """Delete what the broker took, count what it refused: all that came since the last pass, in one commit."""
        if self._delivered:
            self._outbox.delete(tuple(self._delivered))
            self._delivered.clear()
        if self._refused:
            self._outbox.refuse(dict(self._refused))
            self._refused.clear()

    def _send(self, publisher: EventPublisher) -> None:
        """Hand over as many rows as may be in flight, first rows first."""
        if not publisher.is_connected:
            return
        connection = publisher.connections
        self._in_flight = {key: row for key, row in self._in_flight.items() if key.connection == connection}
        free = publisher.most_in_flight - len(self._in_flight)
        if free <= 0:
            return
        now_ns = self._clock.monotonic_ns()
        busy = {row.id for row in self._in_flight.values()} | self._holds.rows(now_ns) | set(self._delivered)
        waiting = self._outbox.pending(free + len(busy), without=self._holds.kinds(now_ns) | self._doubted())
        rows = [row for row in waiting if row.id not in busy]
        self._has_nothing_to_send = not rows
        for row in rows[:free]:
            if row.message.kind in self._doubted():
                self.wake()  # others may stand behind what waits here: look again, without its kind
            elif not self._hand_over(row, publisher, connection):
                break

    def _doubted(self) -> frozenset[EventKind]:
        """Return the kinds that were refused lately and of which one row, the first, is finding out."""
        on_their_way = {row.message.kind for row in self._in_flight.values()}
        return frozenset(kind for kind in on_their_way if self._holds.is_doubtful(kind))

    def _hand_over(self, row: OutboxRow, publisher: EventPublisher, connection: int) -> bool:
        """Publish one row; return whether the next may follow."""
        try:
            delivery = publisher.publish_event(row.message)
        except EdgeError as error:
            self._refuse(row, str(error), is_the_rows_fault=True)
            return True
        if delivery is None:
            return False
        self._in_flight[delivery] = row
        return delivery.connection == connection  # else a new one came up meanwhile: begin at the first row again

    def _refuse(self, row: OutboxRow, words: str, *, is_the_rows_fault: bool = False) -> None:
        wait_ns = self._holds.refuse(row, self._clock.monotonic_ns(), is_the_rows_fault=is_the_rows_fault)
        self._refused[row.id] = words
        log.warning("outbox.row_refused", row=row.id, topic=row.message.topic, reason=words, wait_s=wait_ns // 10**9)
