"""The keeper against servers that are no proper brokers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.link import Link, LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.wire import Ack, Incoming, Outgoing
from tests.support.raw_broker import CONNACK_OK, answering, server
from tests.support.waiting import wait_for

CONNACK_OLD_BROKER = b"\x20\x02\x00\x01"
DISCONNECT_TAKEN_OVER = b"\xe0\x01\x8e"
CONNACK_BUSY = b"\x20\x03\x00\x89\x00"
PUBACK_NOT_AUTHORIZED = b"\x40\x04\x00\x01\x87\x00"


class Ear:
    """Remembers everything; raises if asked to."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.acks: list[Ack] = []
        self.is_broken = False

    def on_link(self, link: Link) -> None:
        self.links.append(link)
        self._maybe_raise()

    def on_ack(self, ack: Ack) -> None:
        self.acks.append(ack)
        self._maybe_raise()

    def on_message(self, message: Incoming) -> None:
        self._maybe_raise()

    def on_subscribed(self, is_granted: bool) -> None:
        self._maybe_raise()

    def _maybe_raise(self) -> None:
        if self.is_broken:
            raise ZeroDivisionError


@contextmanager
def keeper(port: int, ear: Ear) -> Iterator[ConnectionKeeper]:
    options = BrokerOptions(
        host="127.0.0.1", port=port, client_id="gate1", least_backoff_s=0.01, most_backoff_s=60, farewell_s=0.2
    )
    keeper = ConnectionKeeper(options, ear, SystemClock(), draw=lambda: 0.5)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop(Outgoing(topic="bye", payload=b""))
        assert keeper.link.state is LinkState.STOPPED


def test_a_broker_of_an_older_protocol_is_a_refusal_with_a_hint() -> None:
    ear = Ear()
    with server(answering(CONNACK_OLD_BROKER)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.link.state is LinkState.REFUSED, "the refusal is seen")
        assert kept.link.fault is not None
        assert "MQTT 5" in kept.link.fault.hint
        assert kept.connections == 1


def test_a_busy_broker_is_tried_again() -> None:
    ear = Ear()
    with server(answering(CONNACK_BUSY)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.connections >= 3, "it is tried again")
        assert ear.links[1].state is LinkState.AWAY


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\xff\xff", b"\x20\x03\x00\x55\x00", b"\x00" * 64],
)
def test_a_server_that_speaks_something_else_does_not_end_the_thread(answer: bytes) -> None:
    def say_it_and_hang_up(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    ear = Ear()
    with server(say_it_and_hang_up) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.connections >= 3, "it is tried again")
        assert kept.link.fault is not None


def test_the_reason_of_a_disconnect_is_told() -> None:
    ear = Ear()
    with server(answering(CONNACK_OK + DISCONNECT_TAKEN_OVER)) as port, keeper(port, ear) as kept:
        wait_for(lambda: any(link.fault for link in ear.links), "it is told")
        fault = next(link.fault for link in ear.links if link.fault)
        assert "taken over" in str(fault)
        assert "client_id" in fault.hint
        assert kept.publish(Outgoing(topic="t", payload=b"")) is None


def test_a_server_that_never_answers_does_not_hold_up_a_stop() -> None:
    ear = Ear()

    def be_silent(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    with server(be_silent) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.connections == 1, "it connects")
        assert kept.publish(Outgoing(topic="t", payload=b"")) is None


def test_a_broker_that_never_confirms_does_not_hold_up_a_stop() -> None:
    ear = Ear()
    with server(answering(CONNACK_OK)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.link.state is LinkState.CONNECTED, "it connects")
        assert kept.publish(Outgoing(topic="t", payload=b"")) is not None
    assert ear.acks == []


def test_a_refused_publish_is_told_as_one() -> None:
    ear = Ear()
    with server(answering(CONNACK_OK, PUBACK_NOT_AUTHORIZED)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.link.state is LinkState.CONNECTED, "it connects")
        delivery = kept.publish(Outgoing(topic="t", payload=b""))
        wait_for(lambda: ear.acks, "the ack comes")
        assert delivery is not None
        assert ear.acks == [Ack(delivery, 0x87, "Not authorized")]
        assert not ear.acks[0].is_delivered


def test_a_listener_that_raises_does_not_end_the_thread() -> None:
    ear = Ear()
    ear.is_broken = True
    with server(answering(CONNACK_OK, PUBACK_NOT_AUTHORIZED)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.link.state is LinkState.CONNECTED, "it connects")
        kept.publish(Outgoing(topic="t", payload=b""))
        wait_for(lambda: ear.acks, "the ack comes")
        assert kept.link.state is LinkState.CONNECTED


def test_what_can_never_be_published_is_a_fault() -> None:
    ear = Ear()
    with server(answering(CONNACK_OK)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.link.state is LinkState.CONNECTED, "it connects")
        with pytest.raises(BrokerError):
            kept.publish(Outgoing(topic="a/#", payload=b""))


def test_more_than_the_queue_holds_is_not_taken() -> None:
    ear = Ear()
    with server(answering(CONNACK_OK)) as port, keeper(port, ear) as kept:
        wait_for(lambda: kept.link.state is LinkState.CONNECTED, "it connects")
        taken = [kept.publish(Outgoing(topic="t", payload=b"")) for _ in range(100)]
        assert taken[63] is not None
        assert taken[64] is None


def test_a_failure_that_goes_on_is_told_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = int(closed.getsockname()[1])
    ear = Ear()
    with keeper(port, ear) as kept:
        wait_for(lambda: kept.connections >= 4, "it is tried again")
    states = [link.state for link in ear.links]
    assert states == [LinkState.STARTING, LinkState.AWAY, LinkState.STOPPED]


def test_files_are_read_before_anything_is_tried(tmp_path: Path) -> None:
    options = BrokerOptions(host="127.0.0.1", client_id="gate1", username="gate1", password_file=tmp_path / "missing")
    kept = ConnectionKeeper(options, Ear(), SystemClock())
    with pytest.raises(BrokerError):
        kept.start()
    kept.stop()


def test_it_starts_once() -> None:
    with server(answering(CONNACK_OK)) as port, keeper(port, Ear()) as kept, pytest.raises(RuntimeError):
        kept.start()
