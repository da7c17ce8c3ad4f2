"""The gate's line to the broker: the daemon's messenger, with an outbox that can be held back.

A broker that comes back without what it knew (the demo's keeps nothing on disk) has forgotten its subscribers, and
drops what is published before they are back. So while the demo takes the broker away, the outbox gives nothing out
until the subscriber listens again. A site's broker keeps its sessions and needs no such thing.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from edge.commands.demo.waiting import wait_until
from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import Clock
from edge.domain.errors import StoreError
from edge.domain.event import EventKind
from edge.domain.reasons import Reason
from edge.messaging.link import Link, LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions
from edge.messaging.outbox_source import OutboxRow
from edge.messaging.payloads import BirthV1, HealthV1
from edge.messaging.topics import Topics
from edge.store.outbox import Outbox


class HeldOutbox:
    """The outbox, which gives nothing out while it is held."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._is_open = threading.Event()
        self._is_open.set()

    def hold(self) -> None:
        """Give nothing out from now on."""
        self._is_open.clear()

    def release(self) -> None:
        """Give out again."""
        self._is_open.set()

    def keep(self) -> None:
        """Do what is due."""
        self._outbox.keep()

    def pending(self, limit: int, /, *, without: Collection[EventKind] = ()) -> Sequence[OutboxRow]:
        """Return the first rows; none while held."""
        return self._outbox.pending(limit, without=without) if self._is_open.is_set() else ()

    def delete(self, ids: tuple[int, ...], /) -> None:
        """Forget delivered rows."""
        self._outbox.delete(ids)

    def refuse(self, refusals: Mapping[int, str], /) -> None:
        """Count one refusal for each row."""
        self._outbox.refuse(refusals)


@dataclass(frozen=True, slots=True)
class GateHealth:
    """Tells the health on the bus; hears of the line, and needs none of it (``BusListener``)."""

    outbox: Outbox
    boot_id: str
    clock: Clock
    started_ns: int

    def on_link(self, link: Link) -> None:
        """Ignore it: the messenger comes back by itself."""

    def on_anomaly(self, report: AnomalyReport) -> None:
        """Ignore it: nobody else is on this broker."""

    def health(self) -> HealthV1:
        """Return how the gate is."""
        fault = None
        try:
            rows = self.outbox.depth()
        except StoreError:
            rows, fault = 0, Reason.FAULT_STORE
        uptime_s = (self.clock.monotonic_ns() - self.started_ns) // 1_000_000_000
        return HealthV1(boot_id=self.boot_id, uptime_s=uptime_s, outbox_rows=rows, fault=fault)


class GateLine:
    """A context manager around the messenger."""

    def __init__(self, options: BrokerOptions, topics: Topics, birth: BirthV1, outbox: Outbox, clock: Clock) -> None:
        """Take all; connect nothing yet."""
        self._outbox = outbox
        self._held = HeldOutbox(outbox)
        self._clock = clock
        listener = GateHealth(outbox, birth.boot_id, clock, clock.monotonic_ns())
        self._messenger = Messenger(options, topics, birth, self._held, clock, listener)

    def __enter__(self) -> Self:
        """Begin to connect and to drain."""
        self._messenger.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Send what can be sent, say ``offline``, disconnect."""
        self._held.release()
        self._messenger.stop()

    @property
    def waiting(self) -> int:
        """How many events the outbox holds.

        Raises:
            StoreError: SQLite failed.
        """
        return self._outbox.depth()

    def wake(self) -> None:
        """Say that there are new events."""
        self._messenger.wake()

    def wait_sent(self) -> None:
        """Wait until the outbox is empty.

        Raises:
            BrokerError: that takes too long.
        """
        wait_until(lambda: not self.waiting, "the broker takes all events", self._clock)

    def hold(self) -> None:
        """Send nothing from now on."""
        self._held.hold()

    def wait_away(self) -> None:
        """Wait until the gate noticed the loss of the broker.

        Raises:
            BrokerError: that takes too long.
        """
        wait_until(
            lambda: self._messenger.link.state is not LinkState.CONNECTED,
            "the gate notices that the broker is away",
            self._clock,
        )

    def release(self) -> None:
        """Send again."""
        self._held.release()
        self.wake()
