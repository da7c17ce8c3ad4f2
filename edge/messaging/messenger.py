"""The messaging room put together: client, drain and heartbeat, started and stopped in the right order."""

from collections.abc import Callable
from typing import Protocol

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import Clock
from edge.messaging.drain import OutboxDrain
from edge.messaging.gate_client import GateClient
from edge.messaging.link import Link
from edge.messaging.options import BrokerOptions
from edge.messaging.outbox_source import OutboxSource
from edge.messaging.payloads import AuditHeadV1, BirthV1, HealthV1, KioskV1
from edge.messaging.status import Heartbeat
from edge.messaging.topics import Topics
from edge.messaging.traffic import Traffic
from edge.messaging.wire import Incoming, Outgoing


class BusListener(Protocol):
    """The daemon's ear and mouth. ``on_…`` run on the network thread: hand over and return."""

    def on_link(self, link: Link) -> None:
        """The connection came, went or failed."""
        ...

    def on_anomaly(self, report: AnomalyReport) -> None:
        """Something happened on the bus that somebody should look at."""
        ...

    def health(self) -> HealthV1:
        """Return the gate's health; called on the heartbeat's thread, must not raise."""
        ...


class Messenger:
    """All that the daemon needs to know of the bus.

    Attributes:
        traffic: what became of events at the broker.
    """

    def __init__(
        self,
        options: BrokerOptions,
        topics: Topics,
        birth: BirthV1,
        outbox: OutboxSource,
        clock: Clock,
        listener: BusListener,
        on_command: Callable[[Incoming], None] | None = None,
    ) -> None:
        """Take everything; connect nothing yet.

        Args:
            options: the broker.
            topics: of this gate.
            birth: its birth certificate (``status.birth_certificate``).
            outbox: where events wait; called from the drain's thread.
            clock: time.
            listener: who is told, and asked for the health.
            on_command: takes what comes in at the command topics, on the network thread; None = nobody does.
        """
        self._listener = listener
        self._topics = topics
        self.traffic = Traffic(clock, listener.on_anomaly)
        self._drain = OutboxDrain(outbox, clock, self.traffic.note)
        self._client = GateClient(
            options,
            topics,
            birth,
            clock,
            on_ack=self._drain.on_ack,
            on_link=self._on_link,
            on_anomaly=listener.on_anomaly,
        )
        if on_command is not None:
            self._client.hand_commands_to(on_command)
        self._heartbeat = Heartbeat(self._client, topics, listener.health)

    @property
    def link(self) -> Link:
        """The state of the connection, with the fault and its hint if there is one."""
        return self._client.link

    @property
    def is_alive(self) -> bool:
        """Whether the drain works; a watchdog's business."""
        return self._drain.is_alive

    def start(self) -> None:
        """Begin to connect and to drain; a broker that is away is no error. Starts once.

        Raises:
            BrokerError: the password or a TLS file cannot be read.
        """
        self._client.start()
        self._drain.start(self._client)
        self._heartbeat.start()

    def wake(self) -> None:
        """Say that the outbox has new rows, from any thread."""
        self._drain.wake()

    def beat(self) -> None:
        """Publish the health now, from any thread."""
        self._heartbeat.beat()

    def show(self, shown: KioskV1) -> bool:
        """Publish what the person is shown, from any thread; False: not connected, and it is not sent later."""
        return self._client.publish_state(self._topics.kiosk, shown)

    def show_audit_head(self, head: AuditHeadV1) -> bool:
        """Publish a checkpoint of the audit chain, from any thread; False: not connected, nothing is sent later."""
        return self._client.publish_state(self._topics.audit_head, head)

    def respond(self, message: Outgoing) -> bool:
        """Publish the answer to a command now or never, from any thread; return whether it was handed over."""
        return self._client.publish_response(message)

    def stop(self, flush_s: float = 2.0) -> None:
        """Send what can be sent within ``flush_s`` seconds, say ``offline``, disconnect. May be repeated."""
        self._heartbeat.stop()
        self._drain.stop(flush_s)
        self._client.stop()

    def _on_link(self, link: Link) -> None:
        self._drain.on_link(link)
        self._heartbeat.beat()
        self._listener.on_link(link)
