"""What passes between the MQTT client and the rest of the gate, in our own types."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from edge.messaging.link import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to publish.

    Attributes:
        topic: full name.
        payload: bytes as they go out.
        qos: 0 or 1.
        is_retained: whether the broker keeps it for new subscribers.
        content_type: MIME type.
        expiry_s: seconds after which the broker drops it undelivered; None = never.
        correlation: MQTT's Correlation Data: which command this is or answers; None = none.
        response_topic: MQTT's Response Topic, a help for other clients: a gate goes by what was signed.
    """

    topic: str
    payload: bytes
    qos: int = 1
    is_retained: bool = False
    content_type: str = "application/json"
    expiry_s: int | None = None
    correlation: bytes | None = None
    response_topic: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that was received.

    Attributes:
        topic: full name.
        payload: bytes as they came in.
        is_retained: whether it was published to be kept, so it may be old.
        content_type: MIME type; empty = none was given.
        expiry_s: seconds that were left of its life when the broker passed it on; None = it does not expire.
    """

    topic: str
    payload: bytes
    is_retained: bool
    content_type: str = ""
    expiry_s: int | None = None


class Delivery(NamedTuple):
    """One publish, until its ack.

    Attributes:
        connection: number of the connection that carries it; with the connection's end it is forgotten.
        packet_id: MQTT packet id, unique among the open ones of the connection. Never store it.
    """

    connection: int
    packet_id: int


@dataclass(frozen=True, slots=True)
class Ack:
    """The broker's answer to one publish.

    Attributes:
        delivery: what ``publish`` returned.
        code: MQTT reason code.
        name: the code in words.
    """

    delivery: Delivery
    code: int
    name: str

    @property
    def is_delivered(self) -> bool:
        """Whether the broker took it. MQTT counts codes below 0x80 as success, "nobody listens" among them."""
        return self.code < 0x80

    @property
    def is_unheard(self) -> bool:
        """Whether the broker took it but nobody listens (0x10)."""
        return self.code == 0x10


class MqttEvents(Protocol):
    """What the client tells. Called on its network thread: do not block, do not take locks; hand over and return."""

    def on_link(self, link: Link) -> None:
        """The connection came, went or failed. When it came, messages may be published here."""
        ...

    def on_ack(self, ack: Ack) -> None:
        """The broker answered a publish. Never publish here."""
        ...

    def on_message(self, message: Incoming) -> None:
        """A message arrived."""
        ...

    def on_subscribed(self, is_granted: bool) -> None:  # noqa: FBT001 - the one thing it tells
        """The broker answered the subscriptions."""
        ...
