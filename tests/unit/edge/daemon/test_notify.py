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
        notifier.status("serving,\nWATCHDOG=1")
        notifier.alive()
        notifier.extend(1.5)
        notifier.stopping()
        assert [receiver.recv(100).decode() for _ in range(5)] == [
            "READY=1",
            "STATUS=serving, WATCHDOG=1",  # a line break would begin another message
            "WATCHDOG=1",
            "EXTEND_TIMEOUT_USEC=1500000",
            "STOPPING=1",
        ]


def test_an_abstract_address() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0edge-gate-notify-test")
        receiver.settimeout(5)
        Notifier("@edge-gate-notify-test").alive()
        assert receiver.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_without_systemd_nothing_happens(address: str) -> None:
    Notifier(address).ready()


def test_a_reader_that_does_not_read_holds_nothing_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        notifier = Notifier(str(tmp_path / "notify"))
        for _ in range(12):  # the kernel keeps some ten
            notifier.alive()
