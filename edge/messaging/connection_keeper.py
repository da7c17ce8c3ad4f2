"""Keeps one connection to a broker, on one thread, for as long as it is started.

The thread survives whatever the network, the broker or a listener does. Waits between attempts double with jitter,
until a connection has lasted a while; a refused login jumps to the longest wait. A failure that goes on is reported
and logged once. Password and TLS files are read anew for each connection, so that a renewed certificate needs no
restart.
"""

import random
import threading
from collections.abc import Callable
from typing import Final

import structlog

from edge.domain.clock import Clock
from edge.domain.errors import BrokerError
from edge.messaging.backoff import Backoff
from edge.messaging.client import LOOP_S, MOST_IN_FLIGHT, ConnectionPlan, MqttConnection, tell
from edge.messaging.link import Link, LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.tls import client_context
from edge.messaging.wire import Delivery, MqttEvents, Outgoing

# Shorter ones do not count: two clients with one id throw each other out at once, for ever.
_LASTING_NS: Final = 5_000_000_000
_DRAW = random.SystemRandom().random

log = structlog.get_logger(__name__)


class ConnectionKeeper:
    """See the module."""

    def __init__(
        self,
        options: BrokerOptions,
        events: MqttEvents,
        clock: Clock,
        *,
        will: Outgoing | None = None,
        subscriptions: tuple[str, ...] = (),
        draw: Callable[[], float] = _DRAW,
    ) -> None:
        """Take everything; connect nothing yet.

        Args:
            options: the broker.
            events: who is told.
            clock: tells how long a connection lasted.
            will: what the broker publishes when we vanish.
            subscriptions: topic filters, QoS 1.
            draw: numbers in [0, 1) for the jitter of waits.
        """
        self._options = options
        self._events = events
        self._clock = clock
        self._will = will
        self._subscriptions = subscriptions
        self._backoff = Backoff(options.least_backoff_s, options.most_backoff_s, draw)
        self._link = Link(LinkState.STOPPED)
        self._connection: MqttConnection | None = None
        self._connections = 0
        self._up_since_ns: int | None = None
        self._announcing = threading.Lock()  # never taken in on_ack, which paho calls under its own locks
        self._quit = threading.Event()
        self._abandoned = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def link(self) -> Link:
        """The state of the connection."""
        return self._link

    @property
    def connections(self) -> int:
        """Number of the latest connection; what earlier ones carried and had no ack is forgotten."""
        return self._connections

    @property
    def most_in_flight(self) -> int:
        """Unacknowledged messages that the broker allows now, at most ``MOST_IN_FLIGHT``."""
        connection = self._connection
        return MOST_IN_FLIGHT if connection is None else min(MOST_IN_FLIGHT, connection.receive_maximum)

    def start(self) -> None:
        """Begin to connect, on a thread; a broker that is away is no error. Starts once.

        Raises:
            BrokerError: the password or a TLS file cannot be read.
        """
        if self._thread is not None:
            raise RuntimeError("a connection keeper starts once; make a new one")
        self._plan()
        self._report(Link(LinkState.STARTING))
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def stop(self, farewell: Outgoing | None = None) -> None:
        """Publish ``farewell``, wait for its ack, disconnect, end the thread. Waits are bounded; may be repeated."""
        with self._announcing:  # so that nothing said on connecting can come after the farewell
            self._quit.set()
        if self._thread is None:
            return
        connection = self._connection
        if connection is not None and connection.is_up:
            connection.leave(farewell)
            self._thread.join(self._options.farewell_s)
        self._abandoned.set()
        self._thread.join(self._options.connect_timeout_s + 2 * LOOP_S)
        if self._thread.is_alive():
            log.error("mqtt.thread_stuck", broker=self._options.address)

    def publish(self, message: Outgoing) -> Delivery | None:
        """Hand a message to the broker; return what its ``Ack`` will carry.

        None: not connected or too many in flight; nothing was queued, try later.

        Raises:
            BrokerError: the message can never be published (its topic is malformed, it is too large).
        """
        connection = self._connection
        return None if connection is None else connection.publish(message)

    def _plan(self) -> ConnectionPlan:
        options = self._options
        return ConnectionPlan(
            options=options,
            password=options.password(),
            context=None if options.tls is None else client_context(options.tls),
            will=self._will,
            subscriptions=self._subscriptions,
        )

    def _run(self) -> None:
        while not self._quit.is_set():
            link = self._served()
            if self._quit.is_set():
                break
            self._report(link)
            self._quit.wait(self._wait_s(link))
        self._report(Link(LinkState.STOPPED))

    def _served(self) -> Link:
        """Make one connection and stay until it ends; return why it ended."""
        self._connections += 1
        self._up_since_ns = None
        try:
            connection = MqttConnection(self._plan(), self._events, self._connections, self._announce)
        except BrokerError as error:  # a file that was there at the start is gone, or half renewed
            return Link(LinkState.REFUSED, error)
        self._connection = connection
        try:
            return connection.serve(self._abandoned)
        finally:
            self._connection = None

    def _wait_s(self, link: Link) -> float:
        """Return how long to wait after a connection that ended like ``link``."""
        if link.state is LinkState.REFUSED:
            self._backoff.jump()
        elif self._up_since_ns is not None and self._clock.monotonic_ns() - self._up_since_ns >= _LASTING_NS:
            self._backoff.reset()
        return self._backoff.next_s()

    def _announce(self) -> None:
        with self._announcing:
            if not self._quit.is_set():
                self._up_since_ns = self._clock.monotonic_ns()
                self._report(Link(LinkState.CONNECTED))

    def _report(self, link: Link) -> None:
        """Tell of a change, once: not of every attempt that fails the same way."""
        before, self._link = self._link, link
        if before.state is link.state and str(before.fault) == str(link.fault):
            return
        if link.fault is None:
            log.info("mqtt.link_changed", state=link.state.value, broker=self._options.address)
        elif before.state is not link.state:
            log.warning("mqtt.link_changed", state=link.state.value, error=str(link.fault), hint=link.fault.hint)
        else:  # still away, for another reason: said once is enough
            log.debug("mqtt.link_changed", state=link.state.value, error=str(link.fault), hint=link.fault.hint)
        tell(self._events.on_link, link)
