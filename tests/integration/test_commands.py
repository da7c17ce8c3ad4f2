"""Commands over a real mosquitto: each that is forged, stale, repeated, misdirected or malformed is refused."""

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.domain.anomaly import Anomaly
from edge.domain.clock import SystemClock
from edge.domain.command import CommandOutcome
from edge.domain.limit_scope import LimitScope
from edge.domain.posture import Posture
from edge.messaging.commands.payloads import PostureCommandV1, UnlockCommandV1
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.link import Link, LinkState
from edge.messaging.verification import verify_event
from edge.messaging.wire import Ack, Incoming, Outgoing
from edge.trust.signing import verify
from tests.support.bus import some_options, subscriber
from tests.support.command_gate import CommandGate, command_gate, send
from tests.support.commands import CLAIM, CLAIMS_ALONE, SENDER, STRANGER, Commands, signed_again
from tests.support.hand_clock import HandClock
from tests.support.messages import IDENTITY, KEYS
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

CLOCK = SystemClock()
LOCKDOWN = PostureCommandV1(posture=Posture.LOCKDOWN)


def now(after_s: float = 0) -> dt.datetime:
    return CLOCK.utc() + dt.timedelta(seconds=after_s)


class Talker:
    """A client that publishes anything anywhere."""

    def __init__(self, port: int) -> None:
        self.acks = 0
        self.keeper = ConnectionKeeper(some_options(port, "talker"), self, CLOCK)

    def on_link(self, link: Link) -> None: ...
    def on_message(self, message: Incoming) -> None: ...
    def on_subscribed(self, is_granted: bool) -> None: ...

    def on_ack(self, ack: Ack) -> None:
        self.acks += 1

    def says(self, payload: bytes, name: str = "claim", *, is_retained: bool = False) -> None:
        topic = f"egate/v1/{IDENTITY.site}/{IDENTITY.gate}/cmd/{name}"
        message = Outgoing(topic=topic, payload=payload, is_retained=is_retained)
        wait_for(lambda: self.keeper.publish(message) is not None, "there is room")


@contextmanager
def talker(port: int) -> Iterator[Talker]:
    started = Talker(port)
    started.keeper.start()
    wait_for(lambda: started.keeper.link.state is LinkState.CONNECTED, "the talker is connected")
    try:
        yield started
    finally:
        started.keeper.stop()


@pytest.fixture
def gate(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[CommandGate]:
    with command_gate(some_options(mosquitto.port), tmp_path) as started:
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
        yield started


@pytest.fixture
def talk(mosquitto: Mosquitto) -> Iterator[Talker]:
    with talker(mosquitto.port) as started:
        yield started


def test_a_claim_reaches_the_gate_and_is_recorded_told_and_answered(gate: CommandGate, mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        sent = send(mosquitto.port, CLAIM)
        wait_for(lambda: heard.on("evt/command"), "the fleet is told")
        assert not any(m.is_retained for m in heard.on("cmd/claim", "rsp/claim", "evt/command"))
        assert all(m.expiry_s is not None and m.expiry_s <= 10 for m in heard.on("cmd/claim", "rsp/claim"))
        event = verify_event(heard.on("evt/command")[0].payload, keys=KEYS, verify=verify)
    assert sent.response.outcome is CommandOutcome.DONE
    (claim,) = gate.claims
    assert (claim.subject, claim.factor, claim.claim_id) == (CLAIM.subject, CLAIM.factor, sent.command_id)
    assert 7 * 10**9 < claim.expires_ns - CLOCK.monotonic_ns() <= 8 * 10**9
    assert (event.data["key_id"], event.data["outcome"]) == (SENDER.key_id, "accepted")
    (record,) = gate.state.ledger.records()
    assert json.loads(record.body)["data"]["terms"]["subject"] == CLAIM.subject
    assert gate.anomalies == []


def test_orders_reach_the_gate_and_what_it_declines_is_recorded(gate: CommandGate, mosquitto: Mosquitto) -> None:
    assert send(mosquitto.port, LOCKDOWN).response.outcome is CommandOutcome.DONE
    declined = send(mosquitto.port, UnlockCommandV1(scope=LimitScope.IDENTITY, target="p-7"))
    assert declined.response.outcome is CommandOutcome.DECLINED
    assert gate.orders == [Posture.LOCKDOWN, (LimitScope.IDENTITY, "p-7")]
    outcomes = [json.loads(record.body)["data"]["outcome"] for record in gate.state.ledger.records()]
    assert outcomes == ["accepted", "accepted", "declined"]


def without_signature(payload: bytes) -> bytes:
    return json.dumps({k: v for k, v in json.loads(payload).items() if k != "signature"}).encode()


def each_refusal() -> list[tuple[CommandProblem, bytes, str]]:
    """Return messages, each with the one thing that is wrong with it and the topic that it goes to."""
    made = Commands()
    good = made.make(now())
    return [
        (CommandProblem.TOO_LARGE, b"{" + b" " * 100_000 + b"}", "claim"),
        (CommandProblem.NOT_JSON, b"OPEN_DOOR", "claim"),
        (CommandProblem.NOT_JSON, good.replace(b'"gate":', b'"gate":"gate1","gate":'), "claim"),
        (CommandProblem.TOO_DEEP, b"[" * 1_000 + b"]" * 1_000, "claim"),
        (CommandProblem.MALFORMED, made.make(now(), change={"more": "x"}), "claim"),
        (CommandProblem.UNKNOWN_COMMAND, made.make(now(), change={"type": "io.egate.command.open.v1"}), "open"),
        (CommandProblem.UNSIGNED, without_signature(good), "claim"),
        (CommandProblem.UNKNOWN_KEY, made.make(now(), signer=STRANGER), "claim"),
        (CommandProblem.NOT_ALLOWED, made.make(now(), LOCKDOWN, signer=CLAIMS_ALONE), "posture"),
        (CommandProblem.FORGED, good.replace(b"p-0123", b"p-6666"), "claim"),
        (CommandProblem.OTHER_TOPIC, good, "unlock"),
        (CommandProblem.OTHER_GATE, made.make(now(), change={"gate": "gate2"}), "claim"),
        (CommandProblem.OTHER_DOOR, good, "claim"),
        (CommandProblem.OTHER_REPLY, made.make(now(), change={"replyto": "egate/v1/site1/gate1/evt/door"}), "claim"),
        (CommandProblem.OTHER_BOOT, Commands("ffff0000").make(now()), "claim"),
        (CommandProblem.TOO_LONG_LIVED, made.make(now(), change={"expirytime": "2999-01-01T00:00:00Z"}), "claim"),
        (CommandProblem.STALE, made.make(now(-11)), "claim"),
        (CommandProblem.FUTURE, made.make(now(60)), "claim"),
    ]


@pytest.mark.parametrize("place", range(18))
def test_each_refusal_is_an_anomaly_of_its_own_and_reaches_nobody(
    gate: CommandGate, talk: Talker, mosquitto: Mosquitto, place: int
) -> None:
    problem, payload, name = each_refusal()[place]
    if problem is CommandProblem.OTHER_DOOR:
        data = {**CLAIM.model_dump(mode="json"), "access_point": "back-door"}
        payload = signed_again(payload, {"data": data}, SENDER)
    talk.says(payload, name)
    wait_for(lambda: gate.anomalies, "it is told of")
    (report,) = gate.anomalies
    assert problem.value in report.detail
    assert f"cmd/{name}" in report.detail
    assert report.anomaly is not Anomaly.COMMAND_FLOOD
    assert send(mosquitto.port, CLAIM).response.outcome is CommandOutcome.DONE
    assert len(gate.claims) == 1
    assert gate.orders == []


def test_a_retained_command_is_refused_however_good_it_is(gate: CommandGate, talk: Talker) -> None:
    talk.says(Commands().make(now()), is_retained=True)
    wait_for(lambda: gate.anomalies, "it is told of")
    assert gate.kinds() == {Anomaly.RETAINED_COMMAND}
    assert gate.claims == []


def test_a_command_that_was_kept_for_the_gate_is_refused_when_it_comes_back(
    mosquitto: Mosquitto, tmp_path: Path, talk: Talker
) -> None:
    talk.says(Commands().make(now()), is_retained=True)
    with command_gate(some_options(mosquitto.port), tmp_path) as gate:
        wait_for(lambda: gate.anomalies, "it is told of")
        assert gate.kinds() == {Anomaly.RETAINED_COMMAND}
        assert gate.claims == []


def test_a_recorded_command_does_nothing_a_second_time(gate: CommandGate, talk: Talker, mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "spy")) as spied:
        send(mosquitto.port, LOCKDOWN)
        send(mosquitto.port, PostureCommandV1(posture=Posture.NORMAL))
        recorded = spied.on("cmd/posture")[0].payload
    talk.says(recorded, "posture")
    wait_for(lambda: gate.anomalies, "it is told of")
    assert gate.kinds() == {Anomaly.REPLAYED_COMMAND}
    assert CommandProblem.DUPLICATE.value in gate.anomalies[0].detail
    assert gate.orders == [Posture.LOCKDOWN, Posture.NORMAL]


def test_an_older_command_that_was_held_back_is_refused_after_a_newer_one(gate: CommandGate, talk: Talker) -> None:
    made = Commands()
    older, newer = made.make(now()), made.make(now())
    talk.says(newer)
    wait_for(lambda: gate.claims, "the newer one is taken")
    talk.says(older)
    wait_for(lambda: gate.anomalies, "it is told of")
    assert CommandProblem.REPLAYED.value in gate.anomalies[0].detail
    assert len(gate.claims) == 1


@pytest.mark.parametrize("is_set_back", [False, True], ids=["unset", "set back"])
def test_a_gate_whose_clock_cannot_be_believed_takes_no_command(
    mosquitto: Mosquitto, tmp_path: Path, talk: Talker, is_set_back: bool
) -> None:
    clock = HandClock(now(3_600) if is_set_back else dt.datetime(1970, 1, 2, tzinfo=dt.UTC))
    with command_gate(some_options(mosquitto.port), tmp_path, clock) as gate:
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
        if is_set_back:
            clock.now_utc = now()
        talk.says(Commands().make(clock.now_utc))
        wait_for(lambda: gate.anomalies, "it is told of")
        expected = CommandProblem.CLOCK_WENT_BACK if is_set_back else CommandProblem.CLOCK_UNSET
        assert expected.value in gate.anomalies[0].detail
        assert gate.claims == []


def test_a_command_that_waited_longer_than_it_lives_is_not_carried_out(
    mosquitto: Mosquitto, tmp_path: Path, talk: Talker
) -> None:
    clock = HandClock(now())
    with command_gate(some_options(mosquitto.port), tmp_path, clock) as gate:
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
        gate.pause.set()
        talk.says(Commands().make(clock.now_utc))
        wait_for(lambda: not gate.room._inbox._accepted.empty(), "it holds")
        clock.now_ns += 10 * 10**9
        gate.pause.clear()
        wait_for(lambda: gate.anomalies, "it is told of")
        assert CommandProblem.LATE.value in gate.anomalies[0].detail
        assert gate.claims == []


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_flood_costs_neither_memory_nor_the_gates_frames(
    gate: CommandGate, talk: Talker, mosquitto: Mosquitto
) -> None:
    rubbish = [b"x" * 4_000, b"{" * 3_000, b'{"signature": 1}', Commands().make(now(), signer=STRANGER)]
    talk.says(rubbish[0])
    wait_for(lambda: gate.anomalies, "the first is told of")
    before, frames = resident_bytes(), gate.frames
    for number in range(10_000):
        talk.says(rubbish[number % len(rubbish)])
    wait_for(lambda: talk.acks >= 10_001, "the broker has all", 60)
    assert resident_bytes() - before < 8 * 2**20
    assert gate.frames > frames + 20
    wait_for(gate.room._inbox._arrived.empty, "all are examined")
    assert len(gate.anomalies) < 60
    assert gate.state.outbox.depth() == 0
    assert send(mosquitto.port, CLAIM).response.outcome is CommandOutcome.DONE
    assert len(gate.claims) == 1
