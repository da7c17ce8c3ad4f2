"""A gate that decides while somebody floods its commands: it goes on deciding, and its events leave in order."""

import datetime as dt
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from edge.domain.clock import SystemClock
from edge.messaging.verification import verify_event
from edge.messaging.wire import Outgoing
from edge.trust.signing import verify
from tests.support.bus import Talker, some_options, subscriber, talker
from tests.support.command_gate import CommandGate, command_gate
from tests.support.commands import SENDER, STRANGER, Commands
from tests.support.messages import IDENTITY, KEYS, a_verdict
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

MESSAGES = 4_000
PACE_S = 0.01
CLAIM_TOPIC = f"egate/v1/{IDENTITY.site}/{IDENTITY.gate}/cmd/claim"


@contextmanager
def deciding(gate: CommandGate) -> Iterator[list[int]]:
    """Decide all the time; the list has the sequence of every decision that is on record."""
    told: list[int] = []
    is_over = threading.Event()

    def decide() -> None:
        while not is_over.wait(PACE_S):
            told.append(gate.actor.record_verdict(a_verdict(decided_utc=dt.datetime.now(dt.UTC))).seq)

    thread = threading.Thread(target=decide)
    thread.start()
    try:
        yield told
    finally:
        is_over.set()
        thread.join(10)


def flood(talk: Talker) -> None:
    """Say what is unsigned, signed by a stranger, malformed or huge, and one good command over and over."""
    now = dt.datetime.now(dt.UTC)
    commands = Commands()
    repeated = commands.make(now)
    each = itertools.cycle(
        [repeated, commands.make(now, signer=STRANGER), b"{" * 3_000, b'{"signature": 1}', b"x" * 70_000, repeated]
    )
    for payload in itertools.islice(each, MESSAGES):
        publish = partial(talk.client.publish, Outgoing(topic=CLAIM_TOPIC, payload=payload))
        wait_for(lambda: publish() is not None, "there is room")  # noqa: B023 - called at once
    wait_for(lambda: len(talk.acks) >= MESSAGES, "the broker has all", 60)


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * 4096


def test_it_goes_on_deciding_under_a_flood(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with (
        subscriber(some_options(mosquitto.port, "ear"), "egate/v1/+/+/evt/#") as heard,
        command_gate(some_options(mosquitto.port), tmp_path) as gate,
    ):
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
        with talker(some_options(mosquitto.port, "flood")) as talk, deciding(gate) as told:
            wait_for(lambda: len(told) > 5, "it decides")
            before, memory = len(told), resident_bytes()
            flood(talk)
            during, grown = len(told) - before, resident_bytes() - memory
            wait_for(gate.room._inbox._arrived.empty, "all are examined")
        wait_for(lambda: gate.state.outbox.depth() == 0, "all events leave")
        rows = gate.state.ledger.head().seq
        wait_for(lambda: len(heard.on("evt/decision", "evt/command")) >= rows, "all events arrive")
        report = gate.state.ledger.verify_chain()
        records = [json.loads(record.body) for record in gate.state.ledger.records()]
    assert during > 5
    assert grown < 16 * 2**20
    assert report.is_whole, report
    assert len(gate.claims) == 1, "the repeated command counted once"
    assert {record["data"].get("key_id") for record in records} <= {None, SENDER.key_id}
    assert 2 <= len({report.anomaly for report in gate.anomalies}) <= len(gate.anomalies) < 60
    events = [verify_event(m.payload, keys=KEYS, verify=verify) for m in heard.on("evt/decision")]
    assert [event.sequence for event in events] == told


def test_a_clock_that_jumps_drops_nothing_and_keeps_the_order(mosquitto: Mosquitto, tmp_path: Path) -> None:
    clock = JumpingClock()
    with (
        subscriber(some_options(mosquitto.port, "ear"), "egate/v1/+/+/evt/#") as heard,
        command_gate(some_options(mosquitto.port), tmp_path, clock) as gate,
    ):
        for days in (0, 4_000, -9_000, 1, 0):
            clock.ahead = dt.timedelta(days=days)
            for _ in range(5):
                gate.actor.record_verdict(a_verdict(decided_utc=clock.utc()))
        wait_for(lambda: len(heard.on("evt/decision")) == 25, "all arrive")
        assert gate.state.ledger.verify_chain().is_whole
        assert heard.on("evt/anomaly") == []
    events = [verify_event(m.payload, keys=KEYS, verify=verify) for m in heard.on("evt/decision")]
    assert [event.sequence for event in events] == list(range(1, 26))


class JumpingClock(SystemClock):
    """The machine's, with a time of day that a test moves."""

    ahead = dt.timedelta()

    def utc(self) -> dt.datetime:
        return super().utc() + self.ahead
