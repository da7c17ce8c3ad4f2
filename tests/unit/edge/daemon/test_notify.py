"""Talking to systemd over a real datagram socket."""

import socket
from pathlib import Path

import pytest

from edge.daemon.notify import Notifier


def test_messages_arrive_in_order(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        notifier = Notifier(address)
        notifier.ready()
        notifier.status("serving")
        notifier.alive()
        notifier.stopping()
        assert [receiver.recv(100) for _ in range(4)] == [b"READY=1", b"STATUS=serving", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_address() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0edge-gate-notify-test")
        receiver.settimeout(5)
        Notifier("@edge-gate-notify-test").alive()
        assert receiver.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_without_systemd_nothing_happens(address: str) -> None:
    Notifier(address).ready()
