"""A subscriber: for the demo, for following events, and for tests. It only reads."""

import threading
from collections.abc import Callable

from edge.domain.clock import Clock
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.link import Link, LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.wire import Ack, Incoming


class Follower:
    """Hands every message under some topic filters to a callback, on the network thread, in order of arrival."""

    def __init__(
        self,
        options: BrokerOptions,
        topic_filters: tuple[str, ...],
        on_message: Callable[[Incoming], None],
        clock: Clock,
    ) -> None:
        """Take all; connect nothing yet. A filter is such as ``topics.EVENTS_OF_ALL_GATES``."""
        self._on_message = on_message
        self._is_ready = threading.Event()
        self._keeper = ConnectionKeeper(options, self, clock, subscriptions=topic_filters)

    @property
    def link(self) -> Link:
        """The state of the connection, with the fault and its hint if there is one."""
        return self._keeper.link

    def start(self) -> None:
        """Begin to connect; it comes back by itself whenever the broker does.

        Raises:
            BrokerError: the password or a TLS file cannot be read.
        """
        self._keeper.start()

    def stop(self) -> None:
        """Disconnect. Bounded; may be repeated."""
        self._keeper.stop()

    def wait_ready(self, timeout_s: float) -> bool:
        """Return whether the subscriptions stood within ``timeout_s``: nothing published from now on is missed."""
        return self._is_ready.wait(timeout_s)

    def on_link(self, link: Link) -> None:
        """Note the end of a connection (``MqttEvents``)."""
        if link.state is not LinkState.CONNECTED:
            self._is_ready.clear()

    def on_ack(self, ack: Ack) -> None:
        """Expect nothing: a follower publishes nothing (``MqttEvents``)."""

    def on_message(self, message: Incoming) -> None:
        """Pass the message on (``MqttEvents``)."""
        self._on_message(message)

    def on_subscribed(self, is_granted: bool) -> None:  # noqa: FBT001 - as in MqttEvents
        """Become ready (``MqttEvents``)."""
        if is_granted:
            self._is_ready.set()
