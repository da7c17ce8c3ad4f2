"""A gate whose broker means harm loses its connection and nothing else: what it owes goes to the next honest one."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge.domain.event import EventKind
from edge.messaging.client import ConnectionPlan, UnfitPacketError, _configured
from edge.messaging.link import LinkState
from edge.messaging.options import BrokerOptions
from tests.support.bus import Gate, gate, some_options
from tests.support.messages import IDENTITY, a_plain_message
from tests.support.raw_broker import CONNACK_OK, Answer, honest, packet, publish, server
from tests.support.waiting import wait_for

COMMAND = IDENTITY.topics.command("unlock").topic.encode()

ENDS_IT = {
    "256 MiB announced": b"\x30\xff\xff\xff\x7f" + b"x" * 200_000,
    "a length without end": b"\x30\xff\xff\xff\xff\xff\xff",
    "a kind that there is not": b"\x00\x00",
    "a login to us": packet(0x10, b"\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x01x"),
    "a subscription to us": packet(0x82, b"\x00\x01\x00\x00\x01#\x01"),
    "a ping to us": b"\xc0\x00",
    "an authentication that nobody began": packet(0xF0, b"\x18\x00"),
    "a second login answer": CONNACK_OK,
    "an answer to no subscription": packet(0x90, b"\x7f\xff\x00\x87"),
    "QoS 2": publish(COMMAND, b"{}", qos=2),
    "QoS 3": publish(COMMAND, b"{}", qos=3),
    "a topic that is not UTF-8": publish(b"egate/\xff\xfe", b"{}"),
    "a topic longer than its packet": packet(0x30, b"\xff\xffegate"),
    "properties longer than their packet": packet(0x30, b"\x00\x01t\xff\x7f"),
    "a property that there is not": packet(0x30, b"\x00\x01t\x03\x7f\x00\x00"),
    "nothing where an id must be": packet(0x40, b""),
}
GOES_ON = {
    "acks of ids that nobody used": packet(0x40, b"\x12\x34") * 500,
    "the second half of a QoS 2 that nobody began": packet(0x62, b"\x12\x34") + packet(0x70, b"\x12\x34"),
    "answers to pings that nobody sent": b"\xd0\x00" * 500,
    "a packet that is cut short": b"\x30\x20\x00\x05egate",
}


class Broker:
    """Says ``harm`` after the login, to the first ``times`` connections; is honest with the later ones.

    Attributes:
        is_over: set once all the harm is done.
        left: how often the gate hung up for it.
    """

    def __init__(self, harm: bytes, times: int) -> None:
        self._harm = harm
        self._left = times
        self.is_over = threading.Event()
        self.left = 0

    def __call__(self, connection: socket.socket) -> None:
        if not self._left:
            self.is_over.set()
            honest(connection)
            return
        self._left -= 1
        connection.recv(4096)
        connection.sendall(CONNACK_OK + self._harm)
        connection.settimeout(0.3)  # then hang up
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(4096):
                pass
        self.left += 1


@contextmanager
def gate_on(answer: Answer) -> Iterator[Gate]:
    with server(answer) as port, gate(some_options(port, most_backoff_s=0.1)) as started:
        yield started


def owe(started: Gate, count: int) -> None:
    for number in range(count):
        started.outbox.add(a_plain_message(str(number)))
    started.messenger.wake()


@pytest.mark.parametrize("case", [*ENDS_IT, *GOES_ON])
def test_harm_costs_the_connection_and_no_event(case: str) -> None:
    broker = Broker({**ENDS_IT, **GOES_ON}[case], times=2)
    with gate_on(broker) as started:
        owe(started, 3)
        while not broker.is_over.wait(0.01):
            assert started.outbox.deleted == []
            assert started.messenger.is_alive
        assert broker.left == (2 if case in ENDS_IT else 0)
        wait_for(lambda: started.outbox.deleted == [1, 2, 3], "an honest broker takes everything, in order")
        assert started.messenger.link.state is LinkState.CONNECTED
    assert started.anomalies == []
    assert all(link.fault for link in started.links if link.state is LinkState.AWAY)


def test_a_flood_of_commands_keeps_nobody_from_being_told() -> None:
    flood = publish(COMMAND, b"x" * 900) * 100
    is_read = threading.Event()

    def drown(connection: socket.socket) -> None:
        sending = threading.Lock()

        def pour() -> None:
            for _ in range(50):
                with sending:
                    connection.sendall(flood)
            is_read.set()

        connection.settimeout(30)
        honest(connection, sending, after_login=threading.Thread(target=pour, daemon=True).start)

    with gate_on(drown) as started:
        owe(started, 40)
        wait_for(lambda: len(started.outbox.deleted) == 40, "everything is told in the middle of it", 30)
        assert is_read.wait(30), "the gate reads on"
        assert [link.state for link in started.links] == [LinkState.STARTING, LinkState.CONNECTED]
    counts = started.messenger.traffic.counts()
    assert counts == {(EventKind.DECISION, "delivered"): 40}


def test_answers_that_the_broker_does_not_take_are_bounded() -> None:
    options = BrokerOptions(host="127.0.0.1", client_id="lobby")
    client = _configured(ConnectionPlan(options=options, password=None, context=None, will=None, subscriptions=()))
    for _ in range(1_000):
        client._send_puback(1)
    client._in_packet["command"] = 0x30
    client._in_packet["packet"] = bytearray(publish(COMMAND, b"{}")[2:])
    client._packet_handle()
    client._send_puback(1)
    with pytest.raises(UnfitPacketError):
        client._packet_handle()
