"""A gate and a subscriber on a broker, with everything they heard."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import SystemClock
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.follower import Follower
from edge.messaging.identity import GateIdentity
from edge.messaging.link import Link, LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions, TlsOptions
from edge.messaging.payloads import HealthV1
from edge.messaging.wire import Ack, Delivery, Incoming, Outgoing
from tests.support.memory_outbox import MemoryOutbox
from tests.support.messages import IDENTITY, a_birth
from tests.support.waiting import wait_for

EVERYTHING = "egate/v1/#"


def some_options(
    port: int,
    client_id: str = "gate1",
    *,
    host: str = "127.0.0.1",
    user: tuple[str, Path] | None = None,
    tls: TlsOptions | None = None,
    most_backoff_s: float = 0.2,
) -> BrokerOptions:
    """Return options with short waits."""
    return BrokerOptions(
        host=host,
        port=port,
        client_id=client_id,
        username=None if user is None else user[0],
        password_file=None if user is None else user[1],
        tls=tls,
        will_delay_s=0,
        least_backoff_s=0.05,
        most_backoff_s=most_backoff_s,
    )


class Gate:
    """A messenger over an outbox in memory; the listener of its own events."""

    def __init__(
        self, options: BrokerOptions, outbox: MemoryOutbox | None = None, identity: GateIdentity = IDENTITY
    ) -> None:
        self.outbox = MemoryOutbox() if outbox is None else outbox
        self.links: list[Link] = []
        self.anomalies: list[AnomalyReport] = []
        self.messenger = Messenger(options, identity.topics, a_birth(), self.outbox, SystemClock(), self)

    def on_link(self, link: Link) -> None:
        self.links.append(link)

    def on_anomaly(self, report: AnomalyReport) -> None:
        self.anomalies.append(report)

    def health(self) -> HealthV1:
        return HealthV1(boot_id=IDENTITY.boot_id, uptime_s=1, outbox_rows=len(self.outbox.rows()), fault=None)


@contextmanager
def gate(
    options: BrokerOptions, outbox: MemoryOutbox | None = None, identity: GateIdentity = IDENTITY
) -> Iterator[Gate]:
    """A started gate, stopped at the end."""
    started = Gate(options, outbox, identity)
    started.messenger.start()
    try:
        yield started
    finally:
        started.messenger.stop()
        assert not started.messenger.is_alive


class Talker:
    """A client that publishes what a test wants, and remembers what the broker said to it.

    Attributes:
        acks: the broker's answers, in order.
        messages: what came in.
    """

    def __init__(self, options: BrokerOptions, *topic_filters: str) -> None:
        self.acks: list[Ack] = []
        self.messages: list[Incoming] = []
        self.client = ConnectionKeeper(options, self, SystemClock(), subscriptions=topic_filters)

    def on_link(self, link: Link) -> None: ...

    def on_ack(self, ack: Ack) -> None:
        self.acks.append(ack)

    def on_message(self, message: Incoming) -> None:
        self.messages.append(message)

    def on_subscribed(self, is_granted: bool) -> None: ...

    def say(self, topic: str) -> Ack:
        """Publish something there, as a command is, and return the broker's answer."""
        delivery = self.client.publish(Outgoing(topic=topic, payload=b"{}", expiry_s=10))
        assert delivery is not None
        wait_for(lambda: self._answers(delivery), f"the answer to {topic}")
        return self._answers(delivery)[0]

    def _answers(self, delivery: Delivery) -> list[Ack]:
        return [ack for ack in list(self.acks) if ack.delivery == delivery]


@contextmanager
def talker(options: BrokerOptions, *topic_filters: str) -> Iterator[Talker]:
    """A talker that is connected, until the end."""
    started = Talker(options, *topic_filters)
    started.client.start()
    try:
        wait_for(lambda: started.client.link.state is LinkState.CONNECTED, f"{options.client_id} is connected")
        yield started
    finally:
        started.client.stop()


class Heard:
    """What a subscriber heard, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Incoming] = []

    def take(self, message: Incoming) -> None:
        with self._lock:
            self._messages.append(message)

    def on(self, *ends: str) -> list[Incoming]:
        """Messages whose topic has one of the ``ends``."""
        with self._lock:
            return [message for message in self._messages if message.topic.endswith(ends)]

    def texts(self, *ends: str) -> list[str]:
        """Their payloads."""
        return [message.payload.decode() for message in self.on(*ends)]


@contextmanager
def subscriber(options: BrokerOptions, topic_filter: str = EVERYTHING) -> Iterator[Heard]:
    """A follower that is ready."""
    heard = Heard()
    follower = Follower(options, (topic_filter,), heard.take, SystemClock())
    follower.start()
    try:
        wait_for(lambda: follower.wait_ready(0.1), "the subscription stands")
        yield heard
    finally:
        follower.stop()
