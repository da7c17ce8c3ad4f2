"""An insider on a real broker publishes grants: with another key, an old one again, a retained one, another gate's.

None is believed by ``events follow``, and none opens the door of the reference consumer or of the install guide.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.commands.app import run_command_line
from edge.domain.clock import SystemClock
from edge.domain.errors import TrustError
from edge.domain.event import EventKind, Ticket
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.consumer.door import DoorAnswer, DoorListener
from edge.messaging.consumer.memory import ConsumerMemory
from edge.messaging.consumer.reader import EventReader
from edge.messaging.envelope import CONTENT_TYPE, decision_message
from edge.messaging.identity import GateIdentity
from edge.messaging.link import Link
from edge.messaging.options import TlsOptions
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.wire import Ack, Incoming, Outgoing
from edge.trust.signing import Signer, verify
from tests.support.bus import some_options, subscriber
from tests.support.command_gate import command_gate
from tests.support.following import following
from tests.support.messages import IDENTITY, KEYS, SIGNER, a_verdict
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

INSIDER = Signer(b"the key of an insider, 32 bytes.")
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "install.md"
TOPIC = IDENTITY.topics.event(EventKind.DECISION).topic
OLD = dt.timedelta(seconds=11)


def grant(seq: int, signer: Signer = SIGNER, *, age: dt.timedelta = dt.timedelta(0)) -> bytes:
    now = dt.datetime.now(dt.UTC) - age
    ticket = Ticket("chain1", seq)
    return decision_message(a_verdict(decided_utc=now), IDENTITY, ticket, signer, now, opens=True).payload


class Insider:
    """Somebody who may publish anything, and has no gate's key (``MqttEvents``)."""

    def __init__(self, port: int) -> None:
        self._acks = 0
        self._keeper = ConnectionKeeper(some_options(port, "insider"), self, SystemClock())
        self._published = 0

    def publish(self, payload: bytes, topic: str = TOPIC, *, is_retained: bool = False) -> None:
        message = Outgoing(topic=topic, payload=payload, is_retained=is_retained, content_type=CONTENT_TYPE)
        assert self._keeper.publish(message) is not None
        self._published += 1
        wait_for(lambda: self._acks == self._published, "the broker took it")

    def start(self) -> None:
        self._keeper.start()
        wait_for(lambda: self._keeper.link.state == "connected", "the insider is in")

    def stop(self) -> None:
        self._keeper.stop()

    def on_link(self, link: Link) -> None: ...

    def on_ack(self, ack: Ack) -> None:
        self._acks += 1

    def on_message(self, message: Incoming) -> None: ...

    def on_subscribed(self, is_granted: bool) -> None: ...


@pytest.fixture
def insider(mosquitto: Mosquitto) -> Iterator[Insider]:
    started = Insider(mosquitto.port)
    started.start()
    yield started
    started.stop()


def test_forged_grants_are_told_and_end_the_following_with_4(
    tmp_path: Path, mosquitto: Mosquitto, insider: Insider
) -> None:
    with following(tmp_path, mosquitto, "--seconds", "60") as follow:
        insider.publish(grant(7))
        genuine = grant(8)
        insider.publish(genuine)
        insider.publish(genuine)
        insider.publish(grant(9, INSIDER))
        insider.publish(grant(10).replace(b"subject-7", b"subject-8"))
        insider.publish(grant(11), TOPIC.replace("decision", "anomaly"))
        insider.publish(grant(12), is_retained=True)
        insider.publish(grant(9, age=OLD))
        wait_for(lambda: len(follow.lines) >= 8, "everything is told")
        lines = follow.lines
        assert follow.end() == 4
    assert [line["ok"] for line in lines] == [True, True, False, False, False, False, False, True]
    assert [line.get("problem") for line in lines] == [
        *(None, None, "repeated", "forged", "forged", "other_topic", "retained", None)
    ]
    assert [line["is_over"] for line in lines if line["ok"]] == [False, False, True]
    assert "4 messages on egate/v1/site1/gate1/evt/# are not the gate's" in follow.complaint
    assert "Traceback" not in follow.complaint


def test_without_a_forged_one_the_following_ends_with_0_and_tells_a_gap(
    tmp_path: Path, mosquitto: Mosquitto, insider: Insider
) -> None:
    memory = tmp_path / "seen.json"
    with following(tmp_path, mosquitto, "--most", "2", "--memory", str(memory)) as follow:
        insider.publish(grant(7))
        insider.publish(grant(8))
        assert follow.wait() == 0
    assert ConsumerMemory.load(memory).chain(IDENTITY.source, "chain1").seen.ranges == ((7, 8),)
    with following(tmp_path, mosquitto, "--seconds", "60", "--memory", str(memory)) as follow:
        insider.publish(grant(8))
        insider.publish(grant(12))
        wait_for(lambda: any(line.get("problem") == "missing" for line in follow.lines), "the gap is told", 20)
        gap = next(line for line in follow.lines if line.get("problem") == "missing")
        assert (gap["first_sequence"], gap["last_sequence"]) == (9, 11)
        assert [line["ok"] for line in follow.lines] == [False, True, False]
        assert follow.end() == 0


def test_the_first_forged_one_ends_it_where_that_is_asked_for(
    tmp_path: Path, mosquitto: Mosquitto, insider: Insider
) -> None:
    with following(tmp_path, mosquitto, "--stop-at-refused") as follow:
        insider.publish(grant(9, INSIDER))
        assert follow.wait() == 4


def doors() -> dict[str, Any]:
    """Return the two door controllers that an integrator may begin with, each with what it opened."""
    opened: dict[str, list[str]] = {"consumer": [], "guide": []}
    listener = DoorListener(
        EventReader(KEYS, verify, ConsumerMemory()),
        SystemClock(),
        access_point=IDENTITY.access_point,
        remember=lambda: None,
        release=lambda: opened["consumer"].append("open"),
    )
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102 - our own documentation
    space["PUBLIC_KEYS"][IDENTITY.source] = [SIGNER.public_key]

    def take(message: Incoming) -> None:
        listener.take(message)
        try:
            space["on_decision"](message.payload, message.is_retained, lambda: opened["guide"].append("open"))
        except TrustError:
            return

    return {"opened": opened, "take": take}


def test_no_forged_grant_opens_a_door(mosquitto: Mosquitto, insider: Insider) -> None:
    stranger = GateIdentity("site1", "gate2", IDENTITY.access_point, "0123abcd")
    now = dt.datetime.now(dt.UTC)
    verdict = a_verdict(decided_utc=now)
    others = decision_message(verdict, stranger, Ticket("chain9", 9), INSIDER, now, opens=True).payload
    replayed = grant(3, age=OLD)
    insider.publish(grant(5), is_retained=True)
    both = doors()
    with subscriber(some_options(mosquitto.port, "door"), IDENTITY.topics.event(EventKind.DECISION).topic) as heard:
        insider.publish(grant(9, INSIDER))
        insider.publish(replayed)
        insider.publish(replayed)
        insider.publish(others)
        insider.publish(grant(9).replace(b"front-door", b"vault-door"))
        insider.publish(grant(6), is_retained=True)
        wait_for(lambda: len(heard.on("evt/decision")) == 7, "all arrive")
        for message in heard.on("evt/decision"):
            both["take"](message)
        assert both["opened"] == {"consumer": [], "guide": []}
        genuine = grant(10)
        insider.publish(genuine)
        insider.publish(genuine)
        wait_for(lambda: len(heard.on("evt/decision")) == 9, "all arrive")
        for message in heard.on("evt/decision")[-2:]:
            both["take"](message)
    assert both["opened"] == {"consumer": ["open"], "guide": ["open"]}, "and a genuine one opens once"


def test_a_grant_played_back_after_its_time_opens_nothing(mosquitto: Mosquitto, insider: Insider) -> None:
    short = some_options(mosquitto.port, "door")
    taken: list[DoorAnswer] = []
    listener = DoorListener(
        EventReader(KEYS, verify, ConsumerMemory()),
        SystemClock(),
        access_point=IDENTITY.access_point,
        remember=lambda: None,
        release=lambda: pytest.fail("it opened"),
    )
    with subscriber(short, TOPIC) as heard:
        insider.publish(grant(7, age=OLD))
        wait_for(lambda: heard.on("evt/decision"), "it arrives")
        taken.append(listener.take(heard.on("evt/decision")[0]))
    assert taken == [DoorAnswer.DOES_NOT_OPEN]


def test_with_a_replay_key_one_connection_follows_and_asks(tmp_path: Path, mosquitto: Mosquitto) -> None:
    key = tmp_path / "sender.key"
    key.write_bytes(b"a badge reader's key of 32 bytes")
    key.chmod(0o600)
    with command_gate(some_options(mosquitto.port), tmp_path) as gate:
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "the gate subscribes")
        with following(tmp_path, mosquitto, "--seconds", "60", "--replay-key", str(key)) as follow:
            gate.actor.record_lifecycle(LifecyclePhase.STARTING, "0.1.0")
            wait_for(lambda: follow.lines, "the event is told")
            assert follow.lines[0]["ok"]
            assert follow.end() == 0
    assert mosquitto.log.count("as follow-") == 1


def test_a_gates_own_certificate_is_not_used_to_follow_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tls = TlsOptions(ca_file=tmp_path / "ca", cert_file=tmp_path / "cert", key_file=tmp_path / "key")
    options = dataclasses.replace(some_options(1, IDENTITY.gate), tls=tls)
    monkeypatch.setattr("edge.commands.events.broker_options", lambda _: options)
    names = ["--site", IDENTITY.site, "--gate", IDENTITY.gate, "--gate-key", SIGNER.public_key.hex()]
    assert run_command_line(["events", "follow", *names]) == 2
