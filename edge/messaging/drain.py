"""Empties the outbox into the broker: at least once, in order, losing nothing.

A row leaves the outbox only when the broker took it: its ack came and does not fail. The rest follows: without a
broker nothing is lost; a connection that ends forgets what had no ack, and it is sent again; a new process simply
begins at the first row. Order is (priority, seq). A row that the broker refuses waits, longer each time, and lets the
others pass.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from edge.domain.clock import Clock
from edge.domain.errors import EdgeError
from edge.domain.event import OutboxMessage
from edge.messaging.link import Link
from edge.messaging.outbox_source import OutboxRow, OutboxSource
from edge.messaging.wire import Ack, Delivery

_POLL_S: Final = 1.0  # without a wake-up, rows are looked for so often
_LAST_POLL_S: Final = 0.05  # while stopping
_FAULT_WAIT_S: Final = 1.0  # after the store failed
_LEAST_HOLD_NS: Final = 1_000_000_000
_MOST_HOLD_NS: Final = 60_000_000_000
_MOST_HELD: Final = 200  # refused rows that are skipped at a time

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
        self._held_until_ns: dict[int, int] = {}
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
            acks = self._next_acks(_LAST_POLL_S if is_stopping else _POLL_S)
            try:
                self._settle(acks)
                self._send(publisher)
                self._note_fault(None)
            except EdgeError as error:
                self._note_fault(error)
                self._stopping.wait(_FAULT_WAIT_S)
            if is_stopping and self._is_done(publisher):
                return

    def _is_done(self, publisher: EventPublisher) -> bool:
        is_late = self._clock.monotonic_ns() >= self._stop_at_ns
        is_empty = self._has_nothing_to_send and not self._in_flight and not self._delivered
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

    def _settle(self, acks: list[Ack]) -> None:
        """Delete what the broker took, hold what it refused. Acks of state messages are nobody's here."""
        refused: list[int] = []
        for ack in acks:
            row = self._in_flight.pop(ack.delivery, None)
            if row is None:
                continue
            self._on_settled(row.message, ack)
            if ack.is_delivered:
                self._delivered.append(row.id)
            else:
                refused.append(row.id)
                self._hold(row, ack.name)
        if self._delivered:
            self._outbox.delete(tuple(self._delivered))
            self._delivered.clear()
        if refused:
            self._outbox.mark_attempt(tuple(refused))

    def _send(self, publisher: EventPublisher) -> None:
        """Hand over as many rows as may be in flight, first rows first."""
        if not publisher.is_connected:
            return
        connection = publisher.connections
        self._in_flight = {key: row for key, row in self._in_flight.items() if key.connection == connection}
        now_ns = self._clock.monotonic_ns()
        self._held_until_ns = {key: until for key, until in self._held_until_ns.items() if until > now_ns}
        free = publisher.most_in_flight - len(self._in_flight)
        if free <= 0 or len(self._held_until_ns) >= _MOST_HELD:
            return
        busy = {row.id for row in self._in_flight.values()} | self._held_until_ns.keys() | set(self._delivered)
        rows = [row for row in self._outbox.pending(free + len(busy)) if row.id not in busy]
        self._has_nothing_to_send = not rows
        for row in rows[:free]:
            if not self._hand_over(row, publisher, connection):
                break

    def _hand_over(self, row: OutboxRow, publisher: EventPublisher, connection: int) -> bool:
        """Publish one row; return whether the next may follow."""
        try:
            delivery = publisher.publish_event(row.message)
        except EdgeError as error:
            self._hold(row, str(error))
            self._outbox.mark_attempt((row.id,))
            return True
        if delivery is None:
            return False
        self._in_flight[delivery] = row
        return delivery.connection == connection  # else a new one came up meanwhile: begin at the first row again

    def _hold(self, row: OutboxRow, reason: str) -> None:
        wait_ns = min(_LEAST_HOLD_NS << min(row.attempts, 10), _MOST_HOLD_NS)
        self._held_until_ns[row.id] = self._clock.monotonic_ns() + wait_ns
        log.warning("outbox.row_refused", row=row.id, topic=row.message.topic, reason=reason, wait_s=wait_ns // 10**9)
