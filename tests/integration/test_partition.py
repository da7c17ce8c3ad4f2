"""Decisions go on while the network or the broker is gone, in every way that they go: nothing is lost, order is kept.

The gate is a process with a real store; the broker a real mosquitto. A consumer removes duplicates by source and id.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.store.state import open_state
from edge.trust.keys import KeyRing
from tests.support.bus import Heard, some_options, subscriber
from tests.support.mosquitto import HOST, Mosquitto, free_port, password_file
from tests.support.partition import Wire, wire
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("partition")]

DECISIONS = "evt/decision"
ROOT = Path(__file__).parents[2]


class Deciding:
    """The gate's process, and what it said."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(line.strip() for line in self._process.stdout)

    @property
    def decided(self) -> int:
        """Sequence number of the latest decision."""
        return max((int(line.split()[0]) for line in list(self._lines) if line[0].isdigit()), default=0)

    @property
    def link(self) -> str:
        """The link as the gate saw it at its latest decision."""
        return next((line.split()[1] for line in reversed(list(self._lines)) if line[0].isdigit()), "")

    def goes_on_deciding(self, so_many: int) -> None:
        """Wait for further decisions."""
        until = self.decided + so_many
        wait_for(lambda: self.decided >= until, "decisions go on")

    def finish(self) -> int:
        """Let it stop deciding and send what it owes; return how many decisions there were."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        wait_for(lambda: "empty" in self._lines, "the outbox is empty", 30)
        assert self._process.wait(10) == 0
        return self.decided


@contextmanager
def deciding(host: str, port: int, folder: Path, where: Wire | None = None) -> Iterator[Deciding]:
    command = [sys.executable, "-m", "tests.support.deciding_gate", host, str(port), str(folder)]
    with (
        (folder.parent / "gate.log").open("ab") as log,
        subprocess.Popen(
            command if where is None else where.inside(*command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process,
    ):
        try:
            yield Deciding(process)
        finally:
            process.kill()


def all_arrived(heard: Heard, decided: int, state: Path) -> None:
    """Check that every decision arrived, in order once duplicates are gone, and that nothing is owed any more."""
    wait_for(lambda: len(ids(heard)) >= decided, "everything arrives")
    first_seen = ids(heard)
    assert [int(id_.rpartition("-")[2]) for id_ in first_seen] == list(range(1, decided + 1))
    with open_state(state, KeyRing.open(state)) as opened:
        assert opened.outbox.depth() == 0
        report = opened.ledger.verify_chain()
    assert (report.is_whole, report.records) == (True, decided)


def ids(heard: Heard) -> list[str]:
    """Return what a consumer keeps: each event once, in the order of first arrival."""
    events = [json.loads(message.payload) for message in heard.on(DECISIONS)]
    return list(dict.fromkeys(event["id"] for event in events))


@pytest.mark.parametrize("cut", ["unplugged", "silent"])
def test_a_network_that_goes_away_costs_nothing(tmp_path: Path, cut: str) -> None:
    with wire() as line:
        port = free_port()
        with (
            Mosquitto(tmp_path, f"listener {port} {line.here}") as broker,
            subscriber(some_options(broker.port, "ear")) as heard,
            deciding(line.here, port, tmp_path / "state", line) as gate,
        ):
            wait_for(lambda: len(ids(heard)) >= 10, "decisions arrive", 30)
            (line.unplug if cut == "unplugged" else line.silence)()
            wait_for(lambda: gate.link == "away", "the gate notices", 30)
            before = len(ids(heard))
            gate.goes_on_deciding(30)
            assert len(ids(heard)) <= before + 1, "nothing passes a cut line"
            (line.plug_in if cut == "unplugged" else line.let_speak)()
            wait_for(lambda: gate.link == "connected", "the gate is back", 30)
            gate.goes_on_deciding(5)
            all_arrived(heard, gate.finish(), tmp_path / "state")


def test_a_line_that_flaps_costs_nothing(tmp_path: Path) -> None:
    with wire() as line:
        port = free_port()
        with (
            Mosquitto(tmp_path, f"listener {port} {line.here}") as broker,
            subscriber(some_options(broker.port, "ear")) as heard,
            deciding(line.here, port, tmp_path / "state", line) as gate,
        ):
            wait_for(lambda: len(ids(heard)) >= 10, "decisions arrive", 30)
            for _ in range(4):
                line.silence()
                gate.goes_on_deciding(10)
                line.let_speak()
                line.unplug()
                gate.goes_on_deciding(5)
                line.plug_in()
                gate.goes_on_deciding(5)
            all_arrived(heard, gate.finish(), tmp_path / "state")


def test_a_broker_that_is_killed_in_the_middle_costs_nothing(tmp_path: Path) -> None:
    database = tmp_path / "database"
    database.mkdir()
    with (
        Mosquitto(tmp_path, "persistence true", f"persistence_location {database}/") as broker,
        subscriber(some_options(broker.port, "ear")) as heard,
    ):
        broker.stop()  # writes the subscription to disk, so that SIGKILL cannot take it away
        broker.start()
        with deciding(HOST, broker.port, tmp_path / "state") as gate:
            for _ in range(3):
                wait_for(lambda: gate.link == "connected", "the gate is connected", 30)
                gate.goes_on_deciding(20)
                arrived = len(ids(heard))
                broker.kill()
                gate.goes_on_deciding(10)
                broker.start()
                wait_for(lambda: len(ids(heard)) > arrived, "decisions arrive again", 30)  # noqa: B023
            decided = gate.finish()
        # What the dead broker had acknowledged and not yet passed on is lost with it: a gap that a consumer sees.
        wait_for(lambda: ids(heard) and ids(heard)[-1].endswith(f"-{decided}"), "the last one arrives")
    arrived_seq = [int(id_.rpartition("-")[2]) for id_ in ids(heard)]
    assert arrived_seq == sorted(arrived_seq)
    with open_state(tmp_path / "state", KeyRing.open(tmp_path / "state")) as opened:
        assert opened.outbox.depth() == 0
        assert opened.ledger.verify_chain().records == decided


@contextmanager
def mute_server(port: int) -> Iterator[None]:
    """Take every connection and say nothing."""
    listener = socket.create_server((HOST, port))
    listener.settimeout(0.05)
    is_over = threading.Event()

    def accept() -> None:
        taken: list[socket.socket] = []
        while not is_over.is_set():
            with contextlib.suppress(TimeoutError):
                taken.append(listener.accept()[0])
        for connection in taken:
            connection.close()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        listener.close()


@pytest.mark.parametrize("before", ["mute", "refusing"])
def test_a_broker_that_says_nothing_or_no_costs_nothing(tmp_path: Path, before: str) -> None:
    broker = Mosquitto(tmp_path)
    state = tmp_path / "state"
    with deciding(HOST, broker.port, state) as gate:
        if before == "mute":
            with mute_server(broker.port):
                wait_for(lambda: gate.decided >= 20, "decisions go on", 30)
                wait_for(lambda: gate.link == "away", "the gate gives the mute one up", 30)
        else:
            users = password_file(tmp_path, "gate1", "secret")
            refusing = tmp_path / "refusing"
            refusing.mkdir()
            strict = Mosquitto(refusing, f"password_file {users}", is_anonymous=False, port=broker.port)
            with strict:
                wait_for(lambda: gate.link == "refused", "it is refused", 30)
                gate.goes_on_deciding(20)
        with broker, subscriber(some_options(broker.port, "ear")) as heard:
            wait_for(lambda: gate.link == "connected", "the gate is connected", 30)
            decided = gate.finish()
            wait_for(lambda: ids(heard) and ids(heard)[-1].endswith(f"-{decided}"), "the last one arrives")
            arrived = [int(id_.rpartition("-")[2]) for id_ in ids(heard)]
            assert arrived == list(range(arrived[0], decided + 1))
            with open_state(state, KeyRing.open(state)) as opened:
                assert opened.outbox.depth() == 0
