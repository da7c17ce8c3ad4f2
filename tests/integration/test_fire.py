"""kill -9 at fifty moments while a gate decides, opens and drains: nothing lost, nothing invented, nobody let in.

Ten moments in the ordinary suite; ``make fire`` for as many as the figure was made with.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from edge.messaging.verification import Event, verify_event
from edge.store.state import open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import verify
from tests.support.bus import some_options, subscriber
from tests.support.messages import IDENTITY, KEYS, SIGNER
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

REPOSITORY = Path(__file__).parents[2]
RING = KeyRing(signer=SIGNER, gallery_key=bytes(32))
KILLS = int(os.environ.get("EDGE_GATE_KILLS", "10"))
SEED = 20261125


class Gates:
    """Starts gates on one state folder, one after the other, and kills them."""

    def __init__(self, process: subprocess.Popen[str], port: int, folder: Path) -> None:
        self._process = process
        self._port = port
        self._folder = folder

    def start(self, seed: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self._port} {self._folder} {seed}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def ended(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ended\n"

    def has_acted(self, *, since: int) -> bool:
        return len(self.acts()) > since

    def acts(self) -> list[list[str]]:
        file = self._folder.with_suffix(".acts")
        return [line.split() for line in file.read_text("utf-8").splitlines()] if file.exists() else []


@contextmanager
def gates(port: int, folder: Path) -> Iterator[Gates]:
    words = [sys.executable, "-m", "tests.support.acting_gate"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        yield Gates(process, port, folder)
        assert process.stdin is not None
        process.stdin.close()


def test_killed_at_random_moments_it_loses_nothing_and_invents_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    chance, folder = random.Random(SEED), tmp_path / "state"
    with subscriber(some_options(mosquitto.port, "ear")) as heard, gates(mosquitto.port, folder) as fleet:
        for number in range(KILLS):
            process, before = fleet.start(f"{SEED}-{number}"), len(fleet.acts())
            if number % 5:  # each fifth while it opens its store and connects
                wait_for(partial(fleet.has_acted, since=before), "it decides")
            time.sleep(chance.uniform(0.0, 0.25))
            os.kill(process, signal.SIGKILL)
            fleet.ended()
            assert_recorded(folder, fleet.acts())
        fleet.start("drain")
        fleet.ended()
        with open_state(folder, RING) as state:
            rows = state.ledger.head().seq
        wait_for(lambda: len(set(heard.texts("evt/decision"))) >= rows, "every event arrives")
        events = [verify_event(m.payload, keys=KEYS, verify=verify) for m in heard.on("evt/decision")]
        acts = fleet.acts()
    assert rows > KILLS
    assert_told(folder, events)
    sys.stdout.write(f"{KILLS} kills, {rows} rows, {len(acts)} acts, {len(events) - rows} events told twice\n")


def assert_recorded(folder: Path, acts: list[list[str]]) -> None:
    """Whatever the gate did or was told is on record stands in a chain that holds, once."""
    with open_state(folder, RING) as state:
        report = state.ledger.verify_chain()
        records = [(record.seq, json.loads(record.body)["data"]) for record in state.ledger.records()]
    assert report.is_whole, report
    assert [seq for seq, _ in records] == list(range(1, len(records) + 1))
    decided = {data["attempt"]: (seq, data["decision"]) for seq, data in records}
    assert len(decided) == len(records)
    opened = [attempt for word, attempt, *_ in acts if word == "open"]
    assert len(opened) == len(set(opened))
    for attempt in opened:
        assert decided[attempt][1] == "granted"
    told = {attempt: (int(seq), decision[0]) for seq, attempt, *decision in acts if seq != "open"}
    assert told.items() <= decided.items()


def assert_told(folder: Path, events: list[Event]) -> None:
    """Every row's event came, saying what the row says; no other came; by id they are in order."""
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.id, event)
    with open_state(folder, RING) as state:
        assert state.outbox.depth() == 0
        chain = state.ledger.chain_id
        rows = {f"{chain}-{r.seq}": json.loads(r.body)["data"] for r in state.ledger.records()}
    assert first.keys() == rows.keys()
    assert [event.sequence for event in first.values()] == list(range(1, len(rows) + 1))
    for id_, event in first.items():
        assert (event.data["attempt"], event.data["decision"]) == (rows[id_]["attempt"], rows[id_]["decision"])
    assert {event.source for event in events} == {IDENTITY.source}
