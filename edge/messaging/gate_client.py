"""The gate on the bus: it announces itself, publishes events and state, and refuses what must not be there.

On every connect the birth certificate goes out, then ``online``; events only after both. On a clean stop ``offline``
is published and confirmed before DISCONNECT, which would otherwise just cancel the last will and leave ``online``
behind. Commands are handed over to whoever examines them. Where nobody does they are ignored, and a retained one is
an anomaly, because it would be replayed for ever.
"""

from collections.abc import Callable
from typing import Final

import structlog

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import Clock
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.client import tell
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.envelope import CONTENT_TYPE
from edge.messaging.link import Link, LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.payloads import BirthV1, Payload
from edge.messaging.topics import Channel, Topics
from edge.messaging.wire import Ack, Delivery, Incoming, Outgoing
from edge.messaging.wording import one_line

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"
_PLAIN_TEXT = "text/plain; charset=utf-8"

log = structlog.get_logger(__name__)


def _ignore(_news: object) -> None:
    """Listen to nothing."""


class GateClient:
    """One gate's presence on the broker."""

    def __init__(
        self,
        options: BrokerOptions,
        topics: Topics,
        birth: BirthV1,
        clock: Clock,
        *,
        on_ack: Callable[[Ack], None] = _ignore,
        on_link: Callable[[Link], None] = _ignore,
        on_anomaly: Callable[[AnomalyReport], None] = _ignore,
    ) -> None:
        """Take everything; connect nothing yet. The callbacks run on the network thread: hand over and return."""
        self._options = options
        self._topics = topics
        self._birth = birth
        self._clock = clock
        self._on_ack = on_ack
        self._on_link = on_link
        self._on_anomaly = on_anomaly
        self._on_command: Callable[[Incoming], None] | None = None
        self._is_announced = False
        self._keeper = ConnectionKeeper(
            options, self, clock, will=self._availability(OFFLINE), subscriptions=(topics.commands,)
        )

    @property
    def link(self) -> Link:
        """The state of the connection, with the fault and its hint if there is one."""
        return self._keeper.link

    @property
    def is_connected(self) -> bool:
        """Whether events may be published now."""
        return self._is_announced

    @property
    def connections(self) -> int:
        """Number of the latest connection; see ``Delivery``."""
        return self._keeper.connections

    @property
    def most_in_flight(self) -> int:
        """Events that may wait for their acks at a time."""
        return self._keeper.most_in_flight

    def hand_commands_to(self, take: Callable[[Incoming], None]) -> None:
        """Let ``take`` have what comes in at the command topics, on the network thread. Call it before ``start``."""
        self._on_command = take

    def start(self) -> None:
        """Begin to connect; a broker that is away is no error.

        Raises:
            BrokerError: the password or a TLS file cannot be read.
        """
        self._keeper.start()

    def stop(self) -> None:
        """Publish ``offline``, wait for its ack, disconnect. Bounded; may be repeated."""
        self._keeper.stop(self._availability(OFFLINE))
        self._is_announced = False

    def publish_event(self, message: OutboxMessage) -> Delivery | None:
        """Hand an event to the broker; it is delivered only once an ``Ack`` says so.

        None: not connected or too many in flight; nothing was queued, try later.

        Raises:
            BrokerError: the message can never be published.
        """
        if not self._is_announced:
            return None
        expiry_s = self._options.decision_expiry_s if message.kind is EventKind.DECISION else None
        return self._keeper.publish(
            Outgoing(topic=message.topic, payload=message.payload, content_type=CONTENT_TYPE, expiry_s=expiry_s)
        )

    def publish_state(self, channel: Channel, payload: Payload) -> bool:
        """Publish a state message if connected; return whether it was handed over. State is never queued."""
        return self._is_announced and self._keeper.publish(_state(channel, payload)) is not None

    def publish_response(self, message: Outgoing) -> bool:
        """Publish the answer to a command if connected; return whether it was handed over. It is never queued."""
        return self._is_announced and self._keeper.publish(message) is not None

    def on_link(self, link: Link) -> None:
        """Announce the gate on every connect (``MqttEvents``)."""
        self._is_announced = False
        if link.state is LinkState.CONNECTED:
            self._keeper.publish(_state(self._topics.birth, self._birth))
            self._keeper.publish(self._availability(ONLINE))
            self._is_announced = True
        tell(self._on_link, link)

    def on_ack(self, ack: Ack) -> None:
        """Pass acks on (``MqttEvents``)."""
        if not ack.is_delivered:
            log.warning("mqtt.publish_refused", reason=ack.name, code=ack.code)
        tell(self._on_ack, ack)

    def on_message(self, message: Incoming) -> None:
        """Hand commands over; where nobody takes them, refuse retained ones (``MqttEvents``)."""
        if self._on_command is not None:
            tell(self._on_command, message)
            return
        topic = one_line(message.topic, 120)
        if not message.is_retained:
            log.info("command.ignored", topic=topic)
            return
        log.warning("command.retained_refused", topic=topic)
        report = AnomalyReport(
            anomaly=Anomaly.RETAINED_COMMAND,
            detail=f"refused, and still on the broker: {topic}",
            attempt=None,
            occurred_utc=self._clock.utc(),
        )
        tell(self._on_anomaly, report)

    def on_subscribed(self, is_granted: bool) -> None:  # noqa: FBT001 - as in MqttEvents
        """Log a refused subscription (``MqttEvents``)."""
        if not is_granted:
            log.warning("mqtt.subscription_refused", topic=self._topics.commands)

    def _availability(self, payload: bytes) -> Outgoing:
        channel = self._topics.availability
        return Outgoing(
            topic=channel.topic,
            payload=payload,
            qos=channel.qos,
            is_retained=channel.is_retained,
            content_type=_PLAIN_TEXT,
        )


def _state(channel: Channel, payload: Payload) -> Outgoing:
    return Outgoing(
        topic=channel.topic,
        payload=payload.model_dump_json().encode("utf-8"),
        qos=channel.qos,
        is_retained=channel.is_retained,
        expiry_s=channel.expiry_s,
    )
