"""The daemon as systemd sees it: what it tells from its start to its end, over a real socket."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gate_command import ENROLLED, command, environment
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e")]

NOBODY = f"synthetic:{ENROLLED}?gap_s=600&seed=3"


class Systemd:
    """The other end of ``$NOTIFY_SOCKET``."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(self.address)

    def has_heard(self, message: str, times: int = 1) -> bool:
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard.append(self._socket.recv(4096).decode())
        return sum(text.startswith(message) for text in self.heard) >= times

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.close()


def test_it_asks_for_time_serves_feeds_the_watchdog_and_says_that_it_stops(tmp_path: Path, systemd: Systemd) -> None:
    env = environment(
        EDGE__ENVIRONMENT="development",
        EDGE__CAMERA__SOURCE=NOBODY,
        EDGE__BROKER__PORT="1",
        EDGE__ENGINE__PROBE_EVERY_S="1",
        NOTIFY_SOCKET=systemd.address,
    )
    log = (tmp_path / "log").open("wb")
    with log, subprocess.Popen(command("run", "--state", tmp_path / "state"), stderr=log, env=env) as process:
        try:
            wait_for(lambda: systemd.has_heard("READY=1"), "it is ready", within_s=100)
            wait_for(lambda: systemd.has_heard("WATCHDOG=1", times=3), "it feeds the watchdog", within_s=30)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()
    assert systemd.has_heard("STOPPING=1")
    ready = systemd.heard.index("READY=1")
    before, after = systemd.heard[:ready], systemd.heard[ready:]
    assert sum(text.startswith("EXTEND_TIMEOUT_USEC=") for text in before) >= 3
    assert any(text.startswith("STATUS=shut: loading facenet") for text in before)
    assert "WATCHDOG=1" not in before
    assert after[1] == "STATUS=serves"


def test_a_camera_that_hangs_starves_it_though_the_gate_goes_on(tmp_path: Path, systemd: Systemd) -> None:
    stub = tmp_path / "bin" / "gst-launch-1.0"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\nexec sleep 600\n")
    stub.chmod(0o755)
    env = environment(
        EDGE__ENVIRONMENT="development",
        EDGE__CAMERA__SOURCE="csi:0",
        EDGE__CAMERA__STALL_AFTER_MS="500",
        EDGE__BROKER__PORT="1",
        NOTIFY_SOCKET=systemd.address,
        PATH=f"{stub.parent}:{os.environ['PATH']}",
    )
    log = (tmp_path / "log").open("wb")
    with log, subprocess.Popen(command("run", "--state", tmp_path / "state"), stderr=log, env=env) as process:
        try:
            wait_for(lambda: systemd.has_heard("READY=1"), "it is ready", within_s=100)
            wait_for(lambda: "fault_camera" in (tmp_path / "log").read_text(), "the fault is told", within_s=60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()
    assert systemd.has_heard("STOPPING=1")
    assert not systemd.has_heard("WATCHDOG=1")
