"""The shipped example of a bridge, between a site's broker and a center's, each with a CA of its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.clock import SystemClock
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.envelope import CONTENT_TYPE
from edge.messaging.identity import GateIdentity
from edge.messaging.messenger import Messenger
from edge.messaging.wire import Incoming
from tests.support.bus import Gate, subscriber, talker
from tests.support.fleet_broker import SHIPPED, SITE, FleetBroker, Pki, fleet_options
from tests.support.memory_outbox import MemoryOutbox
from tests.support.messages import a_birth
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("fleet-broker")]

LOBBY = GateIdentity(SITE, "lobby", "front-door", "b00t1")


@pytest.fixture
def center(tmp_path: Path) -> Iterator[FleetBroker]:
    folder = tmp_path / "center"
    folder.mkdir()
    pki = Pki(folder / "certs")
    pki.run("broker", "broker", "localhost")
    pki.run("client", "backend")
    pki.run("client", "north-bridge")
    with FleetBroker(folder, acl="acl-center") as started:
        yield started


@pytest.fixture
def site(tmp_path: Path, center: FleetBroker) -> Iterator[FleetBroker]:
    folder = tmp_path / "site"
    folder.mkdir()
    pki = Pki(folder / "certs")
    pki.run("broker", "broker", "localhost")
    pki.run("gate", "lobby")
    for name, copied in (
        ("center-ca.crt", "gate-ca.crt"),
        ("bridge.crt", "north-bridge.crt"),
        ("bridge.key", "north-bridge.key"),
    ):
        (pki.folder / name).write_bytes((center.folder / "certs" / copied).read_bytes())
    shipped = (SHIPPED / "bridge.conf").read_text("utf-8").replace("/etc/mosquitto/", f"{folder}/")
    assert "address center.example:8883" in shipped
    here = shipped.replace("center.example:8883", f"localhost:{center.port}").replace(
        "restart_timeout 5 60", "restart_timeout 1"
    )
    with FleetBroker(folder, *here.splitlines()) as started:
        yield started


def test_events_go_up_and_commands_come_down_over_a_line_that_breaks(site: FleetBroker, center: FleetBroker) -> None:
    at_site, at_center = Pki(site.folder / "certs"), Pki(center.folder / "certs")
    heard_by_gate: list[Incoming] = []
    outbox = MemoryOutbox()
    listener = Gate(fleet_options(site, at_site.tls("lobby"), "lobby"), outbox, LOBBY)
    messenger = Messenger(
        fleet_options(site, at_site.tls("lobby"), "lobby"),
        LOBBY.topics,
        a_birth(),
        outbox,
        SystemClock(),
        listener,
        heard_by_gate.append,
    )
    backend = fleet_options(center, at_center.tls("backend"), "backend")
    topic = LOBBY.topics.event(EventKind.DECISION).topic
    messenger.start()
    try:
        with subscriber(backend, "egate/v1/#") as heard:
            wait_for(lambda: "online" in heard.texts("state/availability"), "the state goes up")
            outbox.add(OutboxMessage(kind=EventKind.DECISION, topic=topic, payload=b"1", priority=1))
            messenger.wake()
            wait_for(lambda: heard.texts("evt/decision") == ["1"], "the event goes up")
            (event,) = heard.on("evt/decision")
            assert (event.content_type, event.is_retained) == (CONTENT_TYPE, False)
            assert event.expiry_s is not None
            center.kill()
            outbox.add(OutboxMessage(kind=EventKind.DECISION, topic=topic, payload=b"2", priority=1))
            messenger.wake()
            wait_for(lambda: not outbox.rows(), "the site's broker takes it meanwhile")
            center.start()
            wait_for(lambda: "2" in heard.texts("evt/decision"), "the bridge brings it", within_s=30)
        with talker(replace(backend, session_expiry_s=0)) as sender:
            assert sender.say(LOBBY.topics.command("posture").topic).is_delivered
            wait_for(lambda: heard_by_gate, "the command comes down")
        (command_heard,) = heard_by_gate
        assert not command_heard.is_retained
        assert command_heard.expiry_s is not None
        assert command_heard.expiry_s <= 10
    finally:
        messenger.stop()
