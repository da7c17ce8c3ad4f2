"""One MQTT 5 connection: the only place that imports paho.

Every connection gets a paho client of its own, so that what it held (packet ids, queued messages, half-read packets)
dies with it: the outbox is the one queue, and whoever got no ``Ack`` before the link went away publishes again. MQTT
asks a client to repeat unacknowledged messages under their old packet ids; for QoS 1 the broker keeps nothing that
could notice the difference.

paho calls ``on_publish`` under its own locks, so listeners may only hand over (see ``MqttEvents``).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.domain.errors import BrokerError
from edge.messaging.link import (
    Link,
    LinkState,
    failed_connect,
    lost_connection,
    refused_certificate,
    refused_login,
)
from edge.messaging.options import BrokerOptions
from edge.messaging.tls import ClientContext
from edge.messaging.wire import Ack, Delivery, Incoming, MqttEvents, Outgoing
from edge.messaging.wording import one_line

MOST_IN_FLIGHT: Final = 20
"""Unacknowledged messages at a time; what mosquitto allows by default."""
LOOP_S: Final = 0.5
"""Longest sleep of the network loop; publishing wakes it at once."""
_MOST_QUEUED = 64  # those in flight, and state messages that came on top
_MOST_PACKET_BYTES = 131_072  # twice the largest event; the broker drops what is larger, and paho never holds it
_MOST_UNSENT = 1_000  # packets that the broker does not take; ours are fewer, the rest answers what it sends
_UTF8 = 1  # payload format indicator

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPlan:
    """What every connection is made with."""

    options: BrokerOptions
    password: str | None = field(repr=False)
    context: ClientContext | None
    will: Outgoing | None
    subscriptions: tuple[str, ...]


class UnfitPacketError(Exception):
    """The broker sent what no broker may send to us. It ends the connection."""


class _GuardedClient(Client):
    """paho's client, made safe against its broker: paho itself bounds nothing that comes in."""

    def _sock_recv(self, bufsize: int) -> bytes:
        """Read; paho asks for all that a packet's head announces, up to 256 MiB."""
        if bufsize > _MOST_PACKET_BYTES:
            raise UnfitPacketError(f"a packet of {bufsize} bytes, and we said {_MOST_PACKET_BYTES} at most")
        return super()._sock_recv(bufsize)

    def _packet_handle(self) -> MQTTErrorCode:
        """Work off a whole packet; paho keeps QoS 2 until its second half comes, and answers without bound."""
        command = self._in_packet["command"]
        kind, qos = command & 0xF0, command >> 1 & 3
        if kind == PacketTypes.PUBLISH << 4 and qos > 1:
            raise UnfitPacketError(f"QoS {qos}, and we subscribe with 1")
        if kind == PacketTypes.PINGREQ << 4:
            raise UnfitPacketError("a ping, which is the client's to send")
        if len(self._out_packet) > _MOST_UNSENT:
            raise UnfitPacketError("packets that want an answer, and takes none")
        return super()._packet_handle()


class MqttConnection:
    """One connection from TCP to its end. Served once, by the network thread; others may publish meanwhile.

    Attributes:
        is_up: whether the broker accepted the login and the connection stands.
        receive_maximum: unacknowledged messages that the broker allows.
    """

    def __init__(self, plan: ConnectionPlan, events: MqttEvents, number: int, announce: Callable[[], None]) -> None:
        self.is_up = False
        self._has_been_up = False
        self.receive_maximum = MOST_IN_FLIGHT
        self._options = plan.options
        self._subscriptions = plan.subscriptions
        self._context = plan.context
        self._events = events
        self._number = number
        self._announce = announce
        self._end: Link | None = None
        self._asked: set[int] = set()  # packet ids of subscriptions that are not answered
        self._is_leaving = False
        self._last_acks: set[Delivery] = set()
        self._farewell: Delivery | None = None
        self._paho = _configured(plan)
        self._attach()

    def serve(self, abandoned: threading.Event) -> Link:
        """Connect and stay until the connection ends; return why it ended."""
        options = self._options
        properties = _properties(
            PacketTypes.CONNECT, SessionExpiryInterval=options.session_expiry_s, MaximumPacketSize=_MOST_PACKET_BYTES
        )
        is_clean = options.session_expiry_s == 0
        if self._context is not None:
            self._context.alert = None
        try:
            self._paho.connect(
                options.host, options.port, options.keepalive_s, clean_start=is_clean, properties=properties
            )
            while not abandoned.is_set() and self._paho.loop(LOOP_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._has_taken_leave():
                    self._paho.disconnect()
        except OSError as error:
            return failed_connect(options.address, error)
        except Exception as error:  # noqa: BLE001 - paho raises all sorts on malformed packets; the thread must live
            fault = BrokerError(
                f"the broker {options.address} sent something that is not MQTT 5: {one_line(repr(error))}",
                hint="check broker.host and broker.port, and that an MQTT 5 broker listens there",
            )
            return Link(LinkState.AWAY, fault)
        finally:
            self._detach()
        return (
            self._refused_certificate() or self._end or lost_connection(options.address, None, "no reason was given")
        )

    def publish(self, message: Outgoing) -> Delivery | None:
        """Hand a message to the broker; return what its ``Ack`` will carry.

        None: not connected or too many in flight; nothing was queued.

        Raises:
            BrokerError: the message can never be published (its topic is malformed, it is too large).
        """
        if not self.is_up:
            return None
        properties = _properties(PacketTypes.PUBLISH, ContentType=message.content_type, PayloadFormatIndicator=_UTF8)
        if message.expiry_s is not None:
            properties.MessageExpiryInterval = message.expiry_s
        if message.correlation is not None:
            properties.CorrelationData = message.correlation
        if message.response_topic is not None:
            properties.ResponseTopic = message.response_topic
        try:
            info = self._paho.publish(message.topic, message.payload, message.qos, message.is_retained, properties)
        except ValueError as error:
            raise BrokerError(
                f"a message cannot be published to {one_line(message.topic)!r}: {one_line(str(error))}",
                hint="this is a fault of the gate itself: report it with the log",
            ) from error
        return Delivery(self._number, info.mid) if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def leave(self, farewell: Outgoing | None) -> None:
        """Publish ``farewell``; once the broker has it, ``serve`` sends DISCONNECT (no last will then) and ends."""
        self._is_leaving = True
        self._farewell = None if farewell is None else self.publish(farewell)
        if self._farewell is None:
            self._paho.disconnect()

    def _refused_certificate(self) -> Link | None:
        """Return the refusal if the broker ended TLS for our certificate's sake instead of answering the login."""
        alert = self._context.alert if self._context is not None and not self._has_been_up else None
        return None if alert is None else refused_certificate(self._options.address, alert)

    def _has_taken_leave(self) -> bool:
        return self._farewell is not None and self._farewell in self._last_acks

    def _attach(self) -> None:
        paho = self._paho
        paho.on_connect = self._on_connect
        paho.on_disconnect = self._on_disconnect
        paho.on_publish = self._on_publish
        paho.on_subscribe = self._on_subscribe
        paho.on_message = self._on_message
        # With this set, publishing from another thread queues and wakes the network thread instead of writing itself.
        paho.on_socket_register_write = _leave_it_to_the_loop

    def _detach(self) -> None:
        """Take the callbacks off: without the cycle, paho closes its sockets as soon as it is dropped."""
        self.is_up = False
        paho = self._paho
        paho.on_connect = paho.on_disconnect = paho.on_publish = paho.on_subscribe = paho.on_message = None
        paho.on_socket_register_write = None

    def _on_connect(
        self, client: Client, _userdata: Any, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._end = refused_login(self._options.address, reason.value, str(reason))
            return
        if self._has_been_up:
            raise UnfitPacketError("a second answer to the login")
        self.receive_maximum = getattr(properties, "ReceiveMaximum", MOST_IN_FLIGHT)
        for topic_filter in self._subscriptions:
            # Retain as published: else the broker clears the flag on what it forwards, and retained looks live.
            _, packet_id = client.subscribe(topic_filter, options=SubscribeOptions(qos=1, retainAsPublished=True))
            self._asked.add(packet_id or 0)
        self.is_up = self._has_been_up = True
        self._announce()

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.is_up = False
        if self._end is None:
            code = reason.value if flags.is_disconnect_packet_from_server else None
            self._end = lost_connection(self._options.address, code, str(reason))

    def _on_publish(
        self, _client: Client, _userdata: Any, mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        delivery = Delivery(self._number, mid)
        if self._is_leaving:
            self._last_acks.add(delivery)
        tell(self._events.on_ack, Ack(delivery, reason.value, str(reason)))

    def _on_subscribe(
        self, _client: Client, _userdata: Any, mid: int, reasons: list[ReasonCode], _properties: Properties
    ) -> None:
        if mid not in self._asked:
            raise UnfitPacketError("an answer to a subscription that nobody asked for")
        self._asked.remove(mid)
        tell(self._events.on_subscribed, not any(reason.is_failure for reason in reasons))

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        tell(
            self._events.on_message,
            Incoming(
                message.topic,
                bytes(message.payload),
                bool(message.retain),
                content_type=getattr(message.properties, "ContentType", ""),
                expiry_s=getattr(message.properties, "MessageExpiryInterval", None),
            ),
        )


def _configured(plan: ConnectionPlan) -> Client:
    """Return a paho client with everything that must stand before it connects."""
    options = plan.options
    paho = _GuardedClient(CallbackAPIVersion.VERSION2, options.client_id, protocol=MQTTProtocolVersion.MQTTv5)
    paho.connect_timeout = options.connect_timeout_s
    paho.max_inflight_messages_set(MOST_IN_FLIGHT)
    paho.max_queued_messages_set(_MOST_QUEUED)
    if options.username is not None:
        paho.username_pw_set(options.username, plan.password)
    if plan.context is not None:
        paho.tls_set_context(plan.context)
    will = plan.will
    if will is not None:
        properties = _properties(
            PacketTypes.WILLMESSAGE, WillDelayInterval=options.will_delay_s, ContentType=will.content_type
        )
        paho.will_set(will.topic, will.payload, will.qos, will.is_retained, properties)
    return paho


def _properties(packet_type: int, **values: str | int) -> Properties:
    """Return MQTT 5 properties; paho's own class is set by attributes and untyped."""
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def _leave_it_to_the_loop(_client: Client, _userdata: Any, _socket: Any) -> None:
    """Write nothing here."""


def tell(listener: Callable[[T], None], news: T) -> None:
    """Call a listener; a fault of it is logged and must not end the network thread."""
    try:
        listener(news)
    except Exception:
        log.exception("mqtt.listener_failed", listener=getattr(listener, "__qualname__", repr(listener)))
