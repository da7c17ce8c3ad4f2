"""The demo's subscriber: a consumer that believes only what the gate signed."""

import queue
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Self

from edge.commands.demo.result import ReceivedEvent
from edge.commands.demo.waiting import wait_until
from edge.domain.clock import Clock
from edge.domain.errors import BrokerError
from edge.messaging.follower import Follower
from edge.messaging.link import LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.topics import EVENTS_OF_ALL_GATES
from edge.messaging.verification import verify_event
from edge.messaging.wire import Incoming
from edge.trust.signing import verify

_PATIENCE_S: Final = 15.0


class Subscriber:
    """A context manager; follows every event of every gate on the broker.

    Args:
        options: the broker.
        keys: public keys by event source.
        clock: time.
    """

    def __init__(self, options: BrokerOptions, keys: Mapping[str, Sequence[bytes]], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._arrived: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._seen: set[str] = set()
        self._follower = Follower(options, (EVENTS_OF_ALL_GATES,), self._arrived.put, clock)

    def __enter__(self) -> Self:
        """Subscribe.

        Raises:
            BrokerError: the broker does not grant it in time.
        """
        self._follower.start()
        try:
            self.wait_ready()
        except BaseException:
            self._follower.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self._follower.stop()

    def wait_ready(self) -> None:
        """Wait until nothing that is published from now on is missed.

        Raises:
            BrokerError: that takes too long.
        """
        if not self._follower.wait_ready(_PATIENCE_S):
            fault = self._follower.link.fault
            raise BrokerError(f"the subscriber gets no subscription: {fault or 'no answer'}", hint="try again")

    def wait_away(self) -> None:
        """Wait until the loss of the broker was noticed.

        Raises:
            BrokerError: that takes too long.
        """
        wait_until(
            lambda: self._follower.link.state is not LinkState.CONNECTED,
            "the subscriber notices that the broker is away",
            self._clock,
        )

    def collect(self, sequences: Collection[int]) -> tuple[ReceivedEvent, ...]:
        """Return the events with these sequence numbers, in order of arrival, as far as they come in time.

        Repetitions are dropped: the gate delivers at least once.

        Raises:
            TrustError: somebody published an event that the gate did not sign.
        """
        missing, found = set(sequences), []
        deadline_ns = self._clock.monotonic_ns() + int(_PATIENCE_S * 1e9)
        while missing and (left_ns := deadline_ns - self._clock.monotonic_ns()) > 0:
            try:
                incoming = self._arrived.get(timeout=left_ns / 1e9)
            except queue.Empty:
                break
            received = self._checked(incoming)
            if received.event.id not in self._seen and received.event.sequence in missing:
                missing.discard(received.event.sequence)
                found.append(received)
            self._seen.add(received.event.id)
        return tuple(found)

    def _checked(self, incoming: Incoming) -> ReceivedEvent:
        event = verify_event(incoming.payload, keys=self._keys, verify=verify)
        return ReceivedEvent(topic=incoming.topic, payload=incoming.payload.decode("utf-8"), event=event)
