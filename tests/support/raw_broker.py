"""Servers that speak MQTT 5 by the byte: what no library would send can be sent here."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

CONNACK_OK: Final = b"\x20\x03\x00\x00\x00"
_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ = 1, 3, 8, 12

Answer = Callable[[socket.socket], None]


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """Accept connections on loopback and let ``answer`` deal with each; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    is_over = threading.Event()

    def accept() -> None:
        while not is_over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                with contextlib.suppress(OSError):
                    answer(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        is_over.set()
        thread.join()
        listener.close()


def answering(*packets: bytes) -> Answer:
    """Send a packet after each that is received, then wait for the end."""

    def answer(connection: socket.socket) -> None:
        for packet in packets:
            if not connection.recv(4096):
                return
            connection.sendall(packet)
        while connection.recv(4096):
            pass

    return answer


def honest(
    connection: socket.socket,
    sending: contextlib.AbstractContextManager[object] | None = None,
    after_login: Callable[[], None] = lambda: None,
) -> None:
    """Do what a broker does that nobody else uses: take the login, subscriptions and events, until the end.

    Args:
        connection: of one client.
        sending: held while a packet is sent, for whoever sends others meanwhile.
        after_login: called when the login was answered.
    """
    with connection.makefile("rb") as stream:
        while head := stream.read(1):
            body = stream.read(_length(stream.read))
            with sending or contextlib.nullcontext():
                connection.sendall(_honest_answer(head[0], body))
            if head[0] >> 4 == _CONNECT:
                after_login()


def publish(topic: bytes, payload: bytes, *, qos: int = 0, packet_id: int = 7) -> bytes:
    """Return a PUBLISH without properties."""
    ids = packet_id.to_bytes(2, "big") if qos else b""
    return packet(0x30 | qos << 1, len(topic).to_bytes(2, "big") + topic + ids + b"\x00" + payload)


def packet(head: int, body: bytes) -> bytes:
    """Return a packet of any kind."""
    left, length = len(body), b""
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            return bytes([head]) + length + body


def _length(read: Callable[[int], bytes]) -> int:
    length = shift = 0
    while True:
        (digit,) = read(1)
        length |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            return length


def _honest_answer(head: int, body: bytes) -> bytes:
    kind = head >> 4
    if kind == _CONNECT:
        return CONNACK_OK
    if kind == _SUBSCRIBE:
        return packet(0x90, body[:2] + b"\x00\x01")
    if kind == _PINGREQ:
        return b"\xd0\x00"
    if kind == _PUBLISH and head & 0x06:
        end = 2 + int.from_bytes(body[:2], "big")
        return packet(0x40, body[end : end + 2])
    return b""
