"""One login to the broker, to see whether it would take the gate; nothing is published, nothing stays behind."""

import threading
from dataclasses import replace

from edge.domain.errors import BrokerError
from edge.messaging.client import ConnectionPlan, MqttConnection
from edge.messaging.link import Link
from edge.messaging.options import BrokerOptions
from edge.messaging.tls import client_context
from edge.messaging.wire import Ack, Incoming

PATIENCE_S = 3.0


class _NoEvents:
    """Hears nothing (``MqttEvents``): such a connection carries no messages."""

    def on_link(self, link: Link) -> None:
        """Ignore it."""

    def on_ack(self, ack: Ack) -> None:
        """Ignore it."""

    def on_message(self, message: Incoming) -> None:
        """Ignore it."""

    def on_subscribed(self, is_granted: bool) -> None:  # noqa: FBT001 - as in MqttEvents
        """Ignore it."""


def try_login(options: BrokerOptions, *, patience_s: float = PATIENCE_S) -> None:
    """Connect, log in and leave, as the gate would but for its client id, which would throw a running gate out.

    Args:
        options: the broker.
        patience_s: most seconds for TCP and TLS, and again for the broker's answer to the login.

    Raises:
        BrokerError: the broker is away, is no MQTT 5 broker, or refuses certificate or login; the password or a TLS
            file cannot be read.
    """
    plan = ConnectionPlan(
        options=replace(
            options, client_id=f"{options.client_id}-check", session_expiry_s=0, connect_timeout_s=patience_s
        ),
        password=options.password(),
        context=None if options.tls is None else client_context(options.tls),
        will=None,
        subscriptions=(),
    )
    is_welcome, abandoned = threading.Event(), threading.Event()

    def leave() -> None:
        is_welcome.set()
        connection.leave(None)

    connection = MqttConnection(plan, _NoEvents(), 1, leave)
    timer = threading.Timer(2 * patience_s, abandoned.set)
    timer.daemon = True
    timer.start()
    try:
        end = connection.serve(abandoned)
    finally:
        timer.cancel()
    if is_welcome.is_set():
        return
    if end.fault is not None and not abandoned.is_set():
        raise end.fault
    raise BrokerError(
        f"{options.address} takes connections and does not answer the login",
        hint="check broker.host and broker.port, and that an MQTT 5 broker listens there",
    )
