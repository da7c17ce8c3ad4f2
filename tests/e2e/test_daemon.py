"""The daemon as a process: real models, a synthetic camera, a real mosquitto, a subscriber that checks signatures."""

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.domain.clock import SystemClock
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.follower import Follower
from edge.messaging.link import Link
from edge.messaging.options import BrokerOptions
from edge.messaging.verification import Event, may_open, verify_event
from edge.messaging.wire import Ack, Incoming, Outgoing
from edge.store.state import open_state
from edge.trust.checkpoint import read_checkpoints
from edge.trust.keys import KeyRing
from edge.trust.signing import Signer, verify
from tests.support.gallery_attacks import copy_database, put_back
from tests.support.gate_command import ENROLLED, command, edge_gate, environment
from tests.support.mosquitto import HOST, Mosquitto, free_port
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.models, pytest.mark.broker, pytest.mark.xdist_group("e2e")]
SOURCE_OF_EVENTS = "/egate/site1/gate1"
VISITS = f"synthetic:{ENROLLED}?gap_s=0.3&enter_s=1&stay_s=3&leave_s=0.3&seed=2"


def settings_of(port: int, source: str) -> dict[str, str]:
    return {
        "EDGE__ENVIRONMENT": "development",
        "EDGE__GATE__SITE": "site1",
        "EDGE__GATE__GATE": "gate1",
        "EDGE__CAMERA__SOURCE": source,
        "EDGE__CAMERA__UNSAFE_SOURCE": "true",
        "EDGE__CAMERA__STALE_AFTER_MS": "5000",
        "EDGE__ENGINE__ANSWER_WITHIN_MS": "10000",
        "EDGE__BROKER__PORT": str(port),
        "EDGE__DOOR__KIND": "mqtt-only",
    }


@contextmanager
def daemon(
    state: Path, port: int, log: Path, *, source: str = VISITS, more: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    env = environment(**settings_of(port, source), **(more or {}))
    with log.open("wb") as out, subprocess.Popen(command("run", "--state", state), stderr=out, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def heard(port: int) -> Iterator[list[Incoming]]:
    messages: list[Incoming] = []
    options = BrokerOptions(host=HOST, port=port, client_id="listener", session_expiry_s=0, least_backoff_s=0.1)
    follower = Follower(options, ("egate/v1/#",), messages.append, SystemClock())
    follower.start()
    assert follower.wait_ready(10)
    try:
        yield messages
    finally:
        follower.stop()


def events(messages: list[Incoming], state: Path) -> list[Event]:
    keys = KeyRing.open(state)
    return [
        verify_event(m.payload, keys={SOURCE_OF_EVENTS: (keys.signer.public_key,)}, verify=verify)
        for m in list(messages)
        if "/evt/" in m.topic
    ]


def some(what: str, found: Callable[[], Any]) -> Any:
    wait_for(found, what, within_s=60)
    return found()


def copy_of(state: Path, folder: Path) -> Path:
    return Path(shutil.copytree(state, folder / "state"))


def test_a_visit_becomes_a_signed_fresh_decision_and_an_audit_row(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    with Mosquitto(tmp_path) as broker, heard(broker.port) as messages:
        with daemon(mine, broker.port, tmp_path / "log") as process:

            def granted() -> list[Event]:
                return [e for e in events(messages, mine) if e.data.get("decision") == "granted"]

            decision = some("a grant arrives", granted)[0]
            assert decision.data["reason"] == "match"
            assert decision.data["subject"].startswith("p-")
            assert "Eileen" not in str(decision.data)
            assert may_open(decision, access_point="door", now_utc=SystemClock().utc(), after_sequence=0)
            assert not any(m.is_retained for m in messages if "/evt/" in m.topic)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (tmp_path / "log").read_text()
        said = [m.payload.decode() for m in messages if m.topic.endswith("state/availability")]
        assert said[-1] == "offline"
        (*_, checkpoint) = read_checkpoints(
            "\n".join(m.payload.decode() for m in messages if m.topic.endswith("state/audit-head"))
        )
        phases = [e.data["phase"] for e in events(messages, mine) if "phase" in e.data]
        assert phases == ["starting", "stopping"]
        sequence = [e.sequence for e in events(messages, mine)]
        assert sequence == sorted(sequence)
    with open_state(mine, KeyRing.open(mine)) as opened:
        checkpoint.refuse_unsigned([KeyRing.open(mine).signer.public_key])
        assert (checkpoint.sequence, checkpoint.hash) == (opened.ledger.head().seq, opened.ledger.head().hash)
        assert opened.ledger.verify_chain().is_whole
        assert opened.outbox.depth() == 0


def test_decisions_made_without_a_broker_arrive_when_it_comes(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    broker = Mosquitto(tmp_path)
    with daemon(mine, broker.port, tmp_path / "log") as process:
        keys = KeyRing.open(mine)

        def decided() -> bool:
            with open_state(mine, keys) as opened:
                return any(b'"granted"' in r.body for r in opened.ledger.records())

        some("a grant is recorded without a broker", decided)
        with open_state(mine, keys) as opened:
            assert any(b'"fault_broker"' in r.body for r in opened.ledger.records())
        with open_state(mine, keys) as opened:
            owed = opened.outbox.depth()
            assert owed >= 2
        with broker:
            some("the broker has taken all", lambda: _depth(mine, keys) == 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()


def test_every_decision_is_one_line_and_one_count_and_names_nobody(state: Path, tmp_path: Path) -> None:
    mine, log, port = copy_of(state, tmp_path), tmp_path / "log", free_port()
    more = {"EDGE__METRICS__PORT": str(port), "EDGE__LOG__LEVEL": "debug"}
    with Mosquitto(tmp_path) as broker, daemon(mine, broker.port, log, more=more) as process:
        counted = some("a grant is counted", lambda: granted_in(scraped(port)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    decided = [line for line in lines if line["event"] == "attempt.decided"]
    with open_state(mine, KeyRing.open(mine)) as opened:
        bodies = [json.loads(record.body) for record in opened.ledger.records()]
    recorded = [(body["data"]["decision"], body["data"]["reason"]) for body in bodies if body["kind"] == "decision"]
    assert [(line["decision"], line["reason"]) for line in decided] == recorded
    assert counted <= sum(decision == "granted" for decision, _ in recorded)
    assert len({line["correlation_id"] for line in decided}) == len(decided)
    granted = [line for line in decided if line["decision"] == "granted"]
    assert all(line["stages_ms"].keys() >= {"quality", "screen", "verify"} for line in granted)
    assert {line["boot_id"] for line in decided} == {lines[-1]["boot_id"]}
    assert "Eileen" not in log.read_text()


def scraped(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except OSError:  # it does not listen yet
        return ""


def granted_in(text: str) -> int:
    found = re.search(r'^edge_gate_decisions_total\{decision="granted",reason="match"\} (\d+)', text, re.MULTILINE)
    return int(found[1]) if found else 0


def _depth(state: Path, keys: KeyRing) -> int:
    with open_state(state, keys) as opened:
        return opened.outbox.depth()


def test_a_camera_that_vanishes_is_an_anomaly_and_not_the_end(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    with (
        Mosquitto(tmp_path) as broker,
        heard(broker.port) as messages,
        daemon(mine, broker.port, tmp_path / "log", source="/dev/video-unplugged") as process,
    ):
        some(
            "the anomaly arrives",
            lambda: [e for e in events(messages, mine) if e.data.get("anomaly") == "fault_camera"],
        )
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
    with open_state(mine, KeyRing.open(mine)) as opened:
        assert not [r for r in opened.ledger.records() if b'"decision"' in r.body]


def test_one_daemon_a_state_folder_and_other_commands_beside_it(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    with Mosquitto(tmp_path) as broker, daemon(mine, broker.port, tmp_path / "log") as first:
        some("the first serves", lambda: "gate.started" in (tmp_path / "log").read_text())
        with daemon(mine, broker.port, tmp_path / "second") as second:
            assert second.wait(60) == 5, (tmp_path / "second").read_text()
        said = (tmp_path / "second").read_text()
        assert "another 'edge-gate run' holds the state folder" in said
        assert "hint: stop it" in said
        assert edge_gate("people", "list", "--state", mine).code == 0
        assert edge_gate("watch", ENROLLED, "--state", mine).code == 0
        assert edge_gate("check", "--state", mine, env=settings_of(broker.port, VISITS)).code == 0
        assert '"state": "away"' not in (tmp_path / "log").read_text()
        assert first.poll() is None
        first.kill()
        first.wait(20)
        with daemon(mine, broker.port, tmp_path / "third") as third:
            some("the next one serves", lambda: "gate.started" in (tmp_path / "third").read_text())
            assert third.poll() is None


def test_an_orderly_stop_is_no_loss_of_the_broker(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    with Mosquitto(tmp_path) as broker, daemon(mine, broker.port, tmp_path / "log") as process:
        some("the gate is connected", lambda: '"state": "connected"' in (tmp_path / "log").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
    said = (tmp_path / "log").read_text()
    assert '"state": "away"' not in said
    assert "Traceback" not in said
    with open_state(mine, KeyRing.open(mine)) as opened:
        assert not any(b'"fault_broker"' in r.body for r in opened.ledger.records())


SENDER_KEY = b"a badge reader's key of 32 bytes"


def command_settings() -> dict[str, str]:
    key = {"public_key": Signer(SENDER_KEY).public_key.hex(), "name": "reader", "commands": ["claim", "posture"]}
    return {"EDGE__TRUST__COMMAND_KEYS": json.dumps([key])}


def test_a_badge_is_claimed_over_the_bus_and_recorded_before_it_counts(state: Path, tmp_path: Path) -> None:
    mine, key = copy_of(state, tmp_path), tmp_path / "sender.key"
    key.write_bytes(SENDER_KEY)
    key.chmod(0o600)
    to_gate = ("--site", "site1", "--gate", "gate1", "--key", key, "--json")
    claim = ("--set", "subject=p-0123", "--set", "factor=badge", "--set", "access_point=door")
    gate_key = KeyRing.open(mine).signer.public_key.hex()
    log = tmp_path / "log"
    with Mosquitto(tmp_path) as broker, daemon(mine, broker.port, log, more=command_settings()) as process:
        port = {"EDGE__BROKER__PORT": str(broker.port)}
        some("the gate serves", lambda: "gate.started" in log.read_text())
        claimed = edge_gate("command", "send", "claim", *claim, *to_gate, "--gate-key", gate_key, env=port)
        assert (claimed.code, claimed.records[0]["outcome"]) == (0, "done"), claimed.err
        forbidden = edge_gate("command", "send", "unlock", "--set", "scope=gate", *to_gate, env=port)
        assert forbidden.code == 5, forbidden.out
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    with open_state(mine, KeyRing.open(mine)) as opened:
        assert opened.ledger.verify_chain().is_whole
        bodies = [json.loads(record.body) for record in opened.ledger.records()]
    (command_row,) = [body["data"] for body in bodies if body["kind"] == "command"]
    assert command_row["terms"]["subject"] == "p-0123"
    told = [b["data"]["anomaly"] for b in bodies if b["kind"] == "anomaly"]
    assert [anomaly for anomaly in told if anomaly != "claim_mismatch"] == ["forbidden_command"]  # another's badge


def test_a_flood_of_rubbish_costs_the_gate_neither_memory_nor_decisions(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    topic = "egate/v1/site1/gate1/cmd/claim"
    with (
        Mosquitto(tmp_path) as broker,
        heard(broker.port) as messages,
        daemon(mine, broker.port, tmp_path / "log") as process,
        flooder(broker.port) as flood,
    ):

        def decisions() -> int:
            return sum(m.topic.endswith("evt/decision") for m in list(messages))

        some("a decision arrives", decisions)
        before_bytes, before = resident_bytes(process.pid), decisions()
        for number in range(10_000):
            flood(Outgoing(topic=topic, payload=(b"x" * 4_000, b'{"signature":1}', b"[" * 900)[number % 3]))
        some("the gate goes on deciding", lambda: decisions() > before)
        assert resident_bytes(process.pid) - before_bytes < 48 * 2**20
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (tmp_path / "log").read_text()[-2_000:]
    assert (tmp_path / "log").read_text().count("command.refused") < 60
    with open_state(mine, KeyRing.open(mine)) as opened:
        refused = [r for r in opened.ledger.records() if b"_command" in r.body]
    assert 1 <= len(refused) < 60


@contextmanager
def flooder(port: int) -> Iterator[Callable[[Outgoing], None]]:
    """A client whose messages all go out, one after the other."""

    class Deaf:
        def on_link(self, link: Link) -> None: ...
        def on_ack(self, ack: Ack) -> None: ...
        def on_message(self, message: Incoming) -> None: ...
        def on_subscribed(self, is_granted: bool) -> None: ...

    options = BrokerOptions(host=HOST, port=port, client_id="flooder", session_expiry_s=0, least_backoff_s=0.1)
    keeper = ConnectionKeeper(options, Deaf(), SystemClock())
    keeper.start()
    try:
        yield lambda message: wait_for(lambda: keeper.publish(message) is not None, "there is room", within_s=60)
    finally:
        keeper.stop()


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_revoked_person_put_back_while_the_gate_was_stopped_keeps_it_shut(state: Path, tmp_path: Path) -> None:
    mine = copy_of(state, tmp_path)
    old = copy_database(mine, tmp_path / "old")
    (eileen,) = edge_gate("people", "list", "--state", mine, "--json").records
    assert edge_gate("people", "erase", "Eileen", "--state", mine, "--json").code == 0
    put_back(old, mine)
    with daemon(mine, 1, tmp_path / "log") as process:
        assert process.wait(60) == 4, (tmp_path / "log").read_text()
    said = (tmp_path / "log").read_text()
    assert "the gallery was altered: it is an older one" in said
    assert eileen["reference"] in said
    assert "Traceback" not in said
