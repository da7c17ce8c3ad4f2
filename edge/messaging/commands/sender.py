"""Sends one command to one gate and waits for its answer: for integrators, operators and tests.

The boot id comes from the gate's retained birth certificate, which nobody signs. A forged one costs a refused command
and nothing else: a gate takes only its own boot id, and nobody can guess that of the next start.
"""

import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

from edge.domain.clock import Clock
from edge.domain.command import CommandName
from edge.domain.errors import BrokerError, ConfigError
from edge.messaging.commands.parsing import MOST_BYTES, json_object
from edge.messaging.commands.payloads import AnyCommand, CommandResponseV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.signing import CommandTerms, response_to, signed_command
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.envelope import CONTENT_TYPE, Signer
from edge.messaging.link import Link, LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.topics import Topics, checked_name
from edge.messaging.wire import Ack, Incoming, Outgoing

CONNECT_S: Final = 10.0
"""Most seconds until the connection stands and the gate's birth certificate is there."""
_MOST_BIRTH_BYTES = 65_536
_FULL = 64  # answers that wait; more is not for us

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """A command and what the gate said.

    Attributes:
        command_id: its random id.
        response: the gate's answer.
    """

    command_id: str
    response: CommandResponseV1


@dataclass(frozen=True, slots=True)
class OtherTopics:
    """What else a sender hears on its one connection: a broker may allow a client no second one.

    Attributes:
        filters: topic filters, none of answers or of the birth certificate.
        take: takes what comes by them, on the network thread; it must hand over and return.
    """

    filters: tuple[str, ...]
    take: Callable[[Incoming], None]


class CommandSender:
    """One connection to the broker, for commands to one gate. Use it as a context; send from one thread."""

    def __init__(
        self,
        options: BrokerOptions,
        topics: Topics,
        signer: Signer,
        clock: Clock,
        *,
        gate_key: bytes | None = None,
        others: OtherTopics | None = None,
    ) -> None:
        """Take everything; connect nothing yet.

        Args:
            options: the broker; ``client_id`` must not be the gate's.
            topics: of the gate.
            signer: the sender's key, one of the gate's ``trust.command_keys``.
            clock: time.
            gate_key: the gate's public key, 32 raw bytes, to check its answers; None = answers are not checked.
            others: what else to hear; None = nothing.
        """
        self._topics = topics
        self._signer = signer
        self._clock = clock
        self._gate_key = gate_key
        self._boot_id: str | None = None
        self._born = threading.Event()
        self._acks: queue.Queue[Ack] = queue.Queue(_FULL)
        self._answers: queue.Queue[Incoming] = queue.Queue(_FULL)
        self._granted = 0
        self._sequence = 0
        answers = tuple(topics.response(name.value).topic for name in CommandName)
        self._own = frozenset((*answers, topics.birth.topic))
        self._others = others
        filters = (*answers, topics.birth.topic, *(others.filters if others is not None else ()))
        self._awaited = len(filters)
        self._subscribed = threading.Event()
        self._keeper = ConnectionKeeper(options, self, clock, subscriptions=filters)

    def __enter__(self) -> Self:
        """Connect, and wait for the gate's birth certificate.

        Raises:
            BrokerError: the broker is away or refuses, or no such gate ever was there.
        """
        self._keeper.start()
        try:
            self._wait_ready()
        except BaseException:
            self._keeper.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._keeper.stop()

    def send(self, data: AnyCommand, *, patience_s: float = 5.0) -> Sent:
        """Send a command and return the gate's answer.

        Raises:
            BrokerError: the broker does not take it, nobody listens there, or no answer came in time. Then it is not
                known whether the command was carried out; it never will be after its ten seconds.
            TrustError: an answer came that the gate did not sign.
        """
        command_id = secrets.token_hex(16)
        payload = signed_command(data, self._topics, self._signer, self._terms(command_id))
        channel = self._topics.command(data.name.value)
        delivery = self._keeper.publish(
            Outgoing(
                topic=channel.topic,
                payload=payload,
                qos=channel.qos,
                content_type=CONTENT_TYPE,
                expiry_s=channel.expiry_s,
                correlation=command_id.encode("ascii"),
                response_topic=self._topics.response(data.name.value).topic,
            )
        )
        if delivery is None:
            raise BrokerError("the connection to the broker ended", hint="try again")
        deadline_ns = self._clock.monotonic_ns() + int(patience_s * 1e9)
        ack = self._next(self._acks, deadline_ns)
        if ack is None:
            raise BrokerError("the broker does not confirm the command", hint="look at the broker's log")
        if not ack.is_delivered:
            raise BrokerError(
                f"the broker does not take the command: {ack.name}",
                hint=f"let this client write {channel.topic} in the broker's access list",
            )
        if ack.is_unheard:
            raise BrokerError("the gate is not connected to the broker", hint="look at its state/availability")
        return Sent(command_id, self._answer_to(command_id, deadline_ns))

    def on_link(self, link: Link) -> None:
        """Note the end of a connection (``MqttEvents``)."""
        if link.state is not LinkState.CONNECTED:
            self._granted = 0

    def on_ack(self, ack: Ack) -> None:
        """Hand over (``MqttEvents``)."""
        _put(self._acks, ack)

    def on_message(self, message: Incoming) -> None:
        """Note the birth certificate, hand over answers and the rest (``MqttEvents``)."""
        if self._others is not None and message.topic not in self._own:
            self._others.take(message)
            return
        if message.topic != self._topics.birth.topic:
            if not message.is_retained and len(message.payload) <= MOST_BYTES:
                _put(self._answers, message)
            return
        birth = json_object(message.payload, most_bytes=_MOST_BIRTH_BYTES)
        boot_id = None if isinstance(birth, CommandProblem) else birth.get("boot_id")
        try:
            self._boot_id = checked_name(str(boot_id or ""), "boot id")
        except ConfigError:
            return  # nobody's: without a boot id nothing is sent
        self._born.set()

    def on_subscribed(self, is_granted: bool) -> None:  # noqa: FBT001 - as in MqttEvents
        """Count the subscriptions that stand (``MqttEvents``)."""
        self._granted += is_granted
        if self._granted == self._awaited:
            self._subscribed.set()

    def _wait_ready(self) -> None:
        if not self._subscribed.wait(CONNECT_S):
            fault = self._keeper.link.fault
            if fault is not None:
                raise fault
            raise BrokerError(
                "the broker does not grant the subscriptions",
                hint="let this client read the gate's rsp/# and state/birth in the broker's access list",
            )
        if not self._born.wait(CONNECT_S):
            raise BrokerError(
                f"there is no birth certificate at {self._topics.birth.topic}",
                hint="check --site and --gate, that the gate has run, and that this client may read the topic",
            )

    def _terms(self, command_id: str) -> CommandTerms:
        now = self._clock.utc()
        # Microseconds since 1970 go up by themselves, over processes too, as long as one key has one sender.
        self._sequence = max(self._sequence + 1, int(now.timestamp() * 1_000_000))
        return CommandTerms(
            boot_id=self._boot_id or "", command_id=command_id, sequence=self._sequence, issued_utc=now
        )

    def _answer_to(self, command_id: str, deadline_ns: int) -> CommandResponseV1:
        while (answer := self._next(self._answers, deadline_ns)) is not None:
            response = response_to(command_id, answer.payload, gate_key=self._gate_key)
            if response is not None:
                return response
        raise BrokerError(
            "the gate does not answer: it refuses what is not signed by a key that it knows and allows",
            hint="look at its evt/anomaly, at trust.command_keys, and at the clocks of both machines",
        )

    def _next(self, waiting: "queue.Queue[T]", deadline_ns: int) -> T | None:
        left_s = (deadline_ns - self._clock.monotonic_ns()) / 1e9
        try:
            return waiting.get(timeout=left_s) if left_s > 0 else None
        except queue.Empty:
            return None


def _put(waiting: "queue.Queue[T]", news: T) -> None:
    try:
        waiting.put_nowait(news)
    except queue.Full:
        return  # whoever floods our topics gets no memory; a missed answer is waited for in vain, no more
