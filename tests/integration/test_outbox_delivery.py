"""The outbox and the audit chain on a real mosquitto: killed, denied, told again, and proven from outside."""

import itertools
import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.daemon.audit_keeper import AuditKeeper, AuditMouth
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import SystemClock
from edge.domain.command import CommandOutcome
from edge.domain.event import EventKind
from edge.messaging.commands.payloads import ReplayCommandV1
from edge.messaging.envelope import decision_message
from edge.messaging.link import LinkState
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.verification import Event, may_open, verify_event
from edge.settings.record_sections import AuditSection
from edge.store.audit_chain import Anchor
from edge.store.state import open_state
from edge.trust.checkpoint import read_checkpoints
from edge.trust.keys import KeyRing
from edge.trust.signing import verify
from tests.support.audit_chains import seal
from tests.support.bus import some_options, subscriber
from tests.support.command_gate import CommandGate, command_gate, send
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_verdict
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

REPOSITORY = Path(__file__).parents[2]
DECISIONS = "evt/decision"


@contextmanager
def listening_gate(broker: Mosquitto, folder: Path) -> Iterator[CommandGate]:
    with command_gate(some_options(broker.port), folder) as gate:
        wait_for(lambda: "SUBSCRIBE from gate1" in broker.log, "it subscribes")
        yield gate


def replay(port: int, first: int, last: int, chain: str | None = None) -> tuple[CommandOutcome, str]:
    response = send(port, ReplayCommandV1(first=str(first), last=str(last), chain=chain)).response
    return response.outcome, response.detail


def test_events_are_told_again_under_their_old_ids_and_open_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with (
        subscriber(some_options(mosquitto.port, "ear")) as heard,
        listening_gate(mosquitto, tmp_path) as gate,
    ):
        gate.actor.record_lifecycle(LifecyclePhase.STARTING, "1")
        for _ in range(30):
            gate.actor.record_verdict(a_verdict())
        wait_for(lambda: len(heard.on(DECISIONS)) == 30, "all decisions arrive")
        first = {event.id: event for event in map(genuine, (m.payload for m in heard.on(DECISIONS)))}
        assert replay(mosquitto.port, 1, 31, gate.state.ledger.chain_id)[0] is CommandOutcome.DONE
        wait_for(lambda: len(heard.on(DECISIONS)) == 60, "they arrive again")
        wait_for(lambda: len(heard.on("evt/lifecycle")) == 2, "the start too")
        again = [genuine(m.payload) for m in heard.on(DECISIONS)[30:]]
    assert [event.sequence for event in again] == list(range(2, 32))
    for event in again:
        assert event.replay
        assert event.data == first[event.id].data
        assert event.occurred_utc == first[event.id].occurred_utc
        assert not may_open(event, access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0)


def genuine(payload: bytes) -> Event:
    return verify_event(payload, keys=KEYS, verify=verify)


def test_what_is_not_at_hand_is_declined_with_why_and_recorded(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with listening_gate(mosquitto, tmp_path) as gate:
        for _ in range(75):
            gate.actor.record_verdict(a_verdict())
        wait_for(lambda: gate.state.outbox.depth() == 0, "all are sent")
        assert gate.state.segments.close(20, seal) is not None
        for first, last, why in (
            (21, 600, "the chain ends at"),
            (5, 30, "before 21"),
            (21, 71, "at most 50"),
            (21, 30, ""),
        ):
            outcome, detail = replay(mosquitto.port, first, last)
            assert outcome is (CommandOutcome.DECLINED if why else CommandOutcome.DONE), detail
            assert why in detail
        assert replay(mosquitto.port, 21, 30, "d" * 32)[0] is CommandOutcome.DECLINED
        body = json.loads([*gate.state.ledger.records()][-1].body)
    assert body["data"]["outcome"] == "declined"
    assert body["data"]["what"] == "replay of events 21 to 30"


def test_a_denied_topic_loses_nothing_and_goes_on_in_order(tmp_path: Path) -> None:
    access = tmp_path / "acl"
    everything = "topic readwrite egate/#\n"
    access.write_text(f"topic deny egate/v1/site1/gate1/{DECISIONS}\n{everything}", encoding="utf-8")
    with (
        Mosquitto(tmp_path, f"acl_file {access}") as broker,
        subscriber(some_options(broker.port, "ear")) as heard,
        listening_gate(broker, tmp_path) as gate,
    ):
        for _ in range(12):
            gate.actor.record_verdict(a_verdict())
        gate.actor.record_lifecycle(LifecyclePhase.STARTING, "1")
        wait_for(lambda: heard.on("evt/lifecycle"), "another topic goes past")
        wait_for(gate.state.outbox.aside, "the first decision is set aside")
        wait_for(lambda: heard.on("evt/anomaly"), "one anomaly tells")
        kept = {message.seq for message in (*gate.state.outbox.pending(100), *gate.state.outbox.aside())}
        assert set(range(1, 13)) <= kept
        assert heard.on(DECISIONS) == []
        access.write_text(everything, encoding="utf-8")
        broker.reload()
        wait_for(lambda: gate.state.outbox.depth() == 0, "the others leave", 30)
        aside = [message.seq for message in gate.state.outbox.aside()]
        gate.state.upkeep.retry(None, lambda _: None)
        gate.messenger.wake()
        wait_for(lambda: len(once(heard.texts(DECISIONS))) == 12, "those that were aside too")
        # This mosquitto ends the connection after a denied publish: what was in flight beside it comes again.
        anomalies = once(heard.texts("evt/anomaly"))
        sequences = [int(event["sequence"]) for event in once(heard.texts(DECISIONS))]
    assert [event["data"]["anomaly"] for event in anomalies] == [Anomaly.OUTBOX_REFUSED.value]
    assert "Not authorized" in anomalies[0]["data"]["detail"]
    others = [seq for seq in range(1, 13) if seq not in aside]
    assert sequences == others + aside


def once(texts: list[str]) -> list[dict[str, Any]]:
    """Return events as a consumer takes them: each id once, at its first coming."""
    events: dict[str, dict[str, Any]] = {}
    for event in map(json.loads, texts):
        events.setdefault(event["id"], event)
    return list(events.values())


def test_the_chains_end_is_on_the_broker_and_proves_a_cut(mosquitto: Mosquitto, tmp_path: Path) -> None:
    told: list[AnomalyReport] = []
    with listening_gate(mosquitto, tmp_path) as gate:
        keeper = AuditKeeper(
            gate.state.ledger,
            gate.state.segments,
            AuditSection(checkpoint_rows=5),
            SIGNER,
            IDENTITY.source,
            SystemClock(),
            AuditMouth(
                publish=gate.messenger.show_audit_head,
                is_connected=lambda: gate.messenger.link.state is LinkState.CONNECTED,
                tell=told.append,
            ),
        )
        keeper.start()
        for _ in range(7):
            gate.actor.record_verdict(a_verdict())
        keeper.stop()
        wait_for(lambda: gate.state.outbox.depth() == 0, "all are sent")
    with subscriber(some_options(mosquitto.port, "late")) as heard:
        wait_for(lambda: heard.on("state/audit-head"), "the broker kept it")
        (message,) = heard.on("state/audit-head")
    (checkpoint,) = read_checkpoints(message.payload.decode())
    checkpoint.refuse_unsigned([SIGNER.public_key])
    anchor = Anchor(chain_id=checkpoint.chain, seq=checkpoint.sequence, hash=checkpoint.hash, said_by="the broker")
    with open_state(tmp_path / "state", KeyRing(signer=SIGNER, gallery_key=bytes(32))) as state:
        assert checkpoint.sequence == state.ledger.head().seq
        assert state.ledger.verify_chain([anchor]).is_whole
    assert told == []


# Drains a store until it is killed; says so when the outbox is empty.
DRAINER = """
import os, sys, time
from pathlib import Path
from edge.domain.clock import SystemClock
from edge.messaging.messenger import Messenger
from edge.store.state import open_state
from edge.trust.keys import KeyRing
from tests.support.bus import some_options
from tests.support.messages import IDENTITY, SIGNER, a_birth
from edge.messaging.payloads import HealthV1

class Listener:
    def on_link(self, link): os.write(1, b"up\\n")
    def on_anomaly(self, report): pass
    def health(self): return HealthV1(boot_id="b", uptime_s=1, outbox_rows=0, fault=None)

state = open_state(Path(sys.argv[1]), KeyRing(signer=SIGNER, gallery_key=bytes(32)))
Messenger(some_options(int(sys.argv[2])), IDENTITY.topics, a_birth(), state.outbox, SystemClock(), Listener()).start()
while state.outbox.depth():
    time.sleep(0.005)
os.write(1, b"empty\\n")
time.sleep(60)
"""


def test_killed_while_it_drains_it_loses_nothing_and_keeps_order(mosquitto: Mosquitto, tmp_path: Path) -> None:
    rows, chance, runs = 1_200, random.Random(20261103), 0
    fill(tmp_path / "state", rows)
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        for runs in itertools.count(1):
            words = [sys.executable, "-c", DRAINER, str(tmp_path / "state"), str(mosquitto.port)]
            with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=REPOSITORY) as drainer:
                assert drainer.stdout is not None
                while drainer.stdout.readline() != b"up\n":
                    pass
                try:
                    drainer.wait(chance.uniform(0.02, 0.2))
                except subprocess.TimeoutExpired:
                    drainer.send_signal(signal.SIGKILL)
                is_over = b"empty" in drainer.stdout.read()
            if is_over or runs > 60:
                break
        wait_for(lambda: len({sequence(text) for text in heard.texts(DECISIONS)}) == rows, "all arrive")
        sequences = [sequence(text) for text in heard.texts(DECISIONS)]
    assert runs > 2
    assert set(sequences) == set(range(1, rows + 1))
    first_seen = list(dict.fromkeys(sequences))
    assert first_seen == sorted(first_seen)  # without repetitions, as a consumer drops them, they are in order


def sequence(text: str) -> int:
    return int(json.loads(text)["sequence"])


def fill(folder: Path, rows: int) -> None:
    verdict = a_verdict()
    with open_state(folder, KeyRing(signer=SIGNER, gallery_key=bytes(32))) as state:
        for _ in range(rows):
            state.ledger.commit(
                EventKind.DECISION, {}, lambda ticket: decision_message(verdict, IDENTITY, ticket, SIGNER, NOON)
            )
