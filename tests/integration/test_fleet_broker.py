"""The broker that ``deploy/`` ships, with certificates of ``scripts/pki.sh``: who gets in, and who may what."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.errors import BrokerError
from edge.domain.event import EventKind, OutboxMessage
from edge.messaging.identity import GateIdentity
from edge.messaging.link import LinkState
from edge.messaging.login import try_login
from edge.messaging.options import BrokerOptions, TlsOptions
from tests.support.bus import Gate, gate, subscriber, talker
from tests.support.fleet_broker import SITE, FleetBroker, Pki, fleet_options, signed_by
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("fleet-broker")]

LOBBY = GateIdentity(SITE, "lobby", "front-door", "b00t1")
EVENTS = f"egate/v1/{SITE}/lobby/evt/decision"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("fleet")
    made = Pki(folder / "certs")
    made.run("broker", "broker", "localhost")
    for name in ("lobby", "yard"):
        made.run("gate", name)
    for name in ("backend", "backend-2", "lobby-reader"):
        made.run("client", name)
    return made


@pytest.fixture
def broker(pki: Pki) -> Iterator[FleetBroker]:
    """Return a broker without the sessions of earlier tests: 2.0.11 crashes now and then when many are taken over."""
    shutil.rmtree(pki.folder.parent / "lib", ignore_errors=True)
    with FleetBroker(pki.folder.parent) as started:
        yield started


def consumer(broker: FleetBroker, pki: Pki, name: str) -> BrokerOptions:
    """Return the options of a consumer that leaves no session behind for the next test."""
    return replace(fleet_options(broker, pki.tls(name), name), session_expiry_s=0)


@contextmanager
def lobby(broker: FleetBroker, pki: Pki) -> Iterator[Gate]:
    with gate(fleet_options(broker, pki.tls("lobby"), "lobby"), identity=LOBBY) as started:
        wait_for(lambda: started.messenger.link.state is LinkState.CONNECTED, "the gate is connected")
        yield started


def owed(topic: str, text: str, kind: EventKind = EventKind.DECISION) -> OutboxMessage:
    return OutboxMessage(kind=kind, topic=topic, payload=text.encode(), priority=1)


def refusal(broker: FleetBroker, tls: TlsOptions, *, host: str = "localhost") -> BrokerError:
    """Return why a gate with a longest wait of an hour does not get in; it tries once."""
    options = replace(fleet_options(broker, tls, "lobby", host=host), most_backoff_s=3600)
    with gate(options, identity=LOBBY) as started:
        started.outbox.add(owed(EVENTS, "kept"))
        wait_for(lambda: started.messenger.link.state is LinkState.REFUSED, "it is refused")
        fault = started.messenger.link.fault
        assert len(started.outbox.rows()) == 1
    assert [link.state for link in started.links] == [LinkState.STARTING, LinkState.REFUSED, LinkState.STOPPED]
    assert fault is not None
    return fault


def test_a_gate_with_its_certificate_tells_what_it_owes(broker: FleetBroker, pki: Pki) -> None:
    backend = consumer(broker, pki, "backend")
    with subscriber(backend) as heard, lobby(broker, pki) as started:
        started.outbox.add(owed(EVENTS, "granted"))
        started.messenger.wake()
        wait_for(lambda: heard.texts("evt/decision") == ["granted"], "the event arrives")
        wait_for(lambda: heard.texts("state/availability") == ["online"], "the gate is online")
    assert "as lobby (p5, c0, k20, u'lobby')" in broker.log


def test_who_cannot_prove_itself_is_not_let_in(broker: FleetBroker, pki: Pki, tmp_path: Path) -> None:
    stranger = Pki(tmp_path / "stranger")
    stranger.run("gate", "lobby")
    foreign = replace(stranger.tls("lobby"), ca_file=pki.folder / "gate-ca.crt")
    signed_by(pki, "ended", days=-1, cn="lobby")
    signed_by(pki, "a-server", is_server=True, hosts=("localhost",), cn="lobby")
    said = {
        "nobody": refusal(broker, pki.tls(None)),
        "of another CA": refusal(broker, foreign),
        "ended": refusal(broker, pki.tls("ended")),
        "of a server": refusal(broker, pki.tls("a-server")),
    }
    assert "certificate required" in str(said["nobody"])
    assert "cert_file" in said["nobody"].hint
    assert "unknown ca" in str(said["of another CA"])
    assert "certificate expired" in str(said["ended"])
    assert "renew" in said["ended"].hint
    assert "refused our certificate" in str(said["of a server"])


def test_a_revoked_gate_is_out_as_soon_as_the_broker_reads_the_list(broker: FleetBroker, pki: Pki) -> None:
    pki.run("gate", "stolen")
    options = fleet_options(broker, pki.tls("stolen"), "stolen")
    try_login(options)
    pki.run("revoke", "stolen")
    broker.reload()
    wait_for(lambda: "Reloading config" in broker.log, "the broker reads its files")
    with pytest.raises(BrokerError) as caught:
        wait_for(lambda: try_login(options), "it is refused")
    assert "certificate revoked" in str(caught.value)
    try_login(fleet_options(broker, pki.tls("yard"), "yard"))


@pytest.mark.parametrize("case", ["wrong name", "wrong CA", "ended", "a gate's certificate"])
def test_a_broker_that_is_not_the_right_one_hears_nothing(pki: Pki, tmp_path: Path, case: str) -> None:
    server, host, tls = "broker", "localhost", pki.tls("lobby")
    if case == "wrong name":
        host = "127.0.0.1"
    elif case == "wrong CA":
        tls = pki.tls("lobby", Pki(tmp_path / "stranger").folder / "gate-ca.crt")
    else:
        server = "not-the-broker"
        signed_by(pki, server, hosts=("localhost",), is_server=case == "ended", days=-1 if case == "ended" else 1)
    (tmp_path / "certs").symlink_to(pki.folder)
    with FleetBroker(tmp_path, server=server) as other:
        fault = refusal(other, tls, host=host)
        assert "the certificate of the broker" in str(fault)
        assert "ca_file" in fault.hint
        assert "New client connected" not in other.log


def test_a_gate_cannot_speak_for_another_one(broker: FleetBroker, pki: Pki) -> None:
    with (
        subscriber(consumer(broker, pki, "backend"), f"egate/v1/{SITE}/yard/#") as heard,
        lobby(broker, pki) as started,
    ):
        started.outbox.add(owed(f"egate/v1/{SITE}/yard/evt/decision", "forged"))
        started.outbox.add(owed(EVENTS, "own"))
        started.messenger.wake()
        wait_for(lambda: started.outbox.rows() and started.outbox.rows()[0].attempts >= 1, "the refusal is counted")
        wait_for(lambda: started.outbox.deleted == [2], "its own event leaves")
        (row,) = started.outbox.rows()
        assert row.message.payload == b"forged"
        assert heard.on("evt/decision") == []
    with talker(consumer(broker, pki, "lobby")) as client:
        for topic in ("yard/evt/decision", "yard/state/availability", "yard/rsp/claim", "yard/cmd/unlock"):
            answer = client.say(f"egate/v1/{SITE}/{topic}")
            assert (answer.is_delivered, answer.name) == (False, "Not authorized"), topic
        assert not client.say(f"egate/v1/{SITE}/lobby/cmd/unlock").is_delivered  # nor command itself
        assert not client.say("egate/v1/south/lobby/evt/decision").is_delivered
        assert client.say(f"egate/v1/{SITE}/lobby/evt/decision").is_delivered


def test_a_gate_hears_its_own_commands_alone(broker: FleetBroker, pki: Pki) -> None:
    with (
        talker(consumer(broker, pki, "lobby"), f"egate/v1/{SITE}/+/cmd/#", "egate/v1/#") as curious,
        talker(consumer(broker, pki, "backend")) as backend,
    ):
        wait_for(lambda: broker.log.count("SUBSCRIBE from lobby") >= 2, "it asks for everything")
        assert backend.say(f"egate/v1/{SITE}/yard/cmd/posture").is_delivered
        assert curious.say(f"egate/v1/{SITE}/lobby/evt/decision").is_delivered
        assert backend.say(f"egate/v1/{SITE}/lobby/cmd/posture").code == 0
        wait_for(lambda: curious.messages, "its own arrives")
    assert {message.topic for message in curious.messages} == {f"egate/v1/{SITE}/lobby/cmd/posture"}


def test_the_backend_commands_and_says_nothing_else(broker: FleetBroker, pki: Pki) -> None:
    with talker(consumer(broker, pki, "backend")) as backend:
        assert backend.say(f"egate/v1/{SITE}/lobby/cmd/posture").is_delivered
        for topic in ("lobby/evt/decision", "lobby/state/availability", "lobby/rsp/claim", "backend/evt/decision"):
            assert backend.say(f"egate/v1/{SITE}/{topic}").name == "Not authorized", topic


def test_a_badge_reader_claims_at_its_own_gate_alone(broker: FleetBroker, pki: Pki) -> None:
    with talker(consumer(broker, pki, "lobby-reader"), f"egate/v1/{SITE}/+/evt/#") as reader:
        assert reader.say(f"egate/v1/{SITE}/lobby/cmd/claim").is_delivered
        for topic in ("lobby/cmd/unlock", "yard/cmd/claim", "lobby-reader/evt/decision"):
            assert not reader.say(f"egate/v1/{SITE}/{topic}").is_delivered, topic


def test_nobody_throws_a_gate_out_by_its_client_id(broker: FleetBroker, pki: Pki) -> None:
    with lobby(broker, pki) as started:
        try_login(fleet_options(broker, pki.tls("yard"), "lobby"))
        with subscriber(fleet_options(broker, pki.tls("yard"), "lobby"), f"egate/v1/{SITE}/yard/cmd/#"):
            started.outbox.add(owed(EVENTS, "still there"))
            started.messenger.wake()
            wait_for(lambda: not started.outbox.rows(), "the gate goes on")
        assert [link.state for link in started.links] == [LinkState.STARTING, LinkState.CONNECTED]


def test_a_gate_that_its_own_check_throws_out_is_back_and_lost_nothing(broker: FleetBroker, pki: Pki) -> None:
    with subscriber(consumer(broker, pki, "backend")) as heard, lobby(broker, pki) as started:
        try_login(fleet_options(broker, pki.tls("lobby"), "lobby"))
        started.outbox.add(owed(EVENTS, "afterwards"))
        started.messenger.wake()
        wait_for(lambda: heard.texts("evt/decision") == ["afterwards"], "it goes on")
        states = [link.state for link in started.links]
        assert states == [LinkState.STARTING, LinkState.CONNECTED, LinkState.AWAY, LinkState.CONNECTED]
        wait_for(lambda: heard.texts("state/availability")[-1:] == ["online"], "it says so")


def test_a_shared_subscription_splits_what_comes(broker: FleetBroker, pki: Pki) -> None:
    group = "$share/stock/egate/v1/+/+/evt/#"
    with (
        subscriber(consumer(broker, pki, "backend"), group) as first,
        subscriber(consumer(broker, pki, "backend-2"), group) as second,
        lobby(broker, pki) as started,
    ):
        for number in range(40):
            started.outbox.add(owed(EVENTS, str(number)))
        started.messenger.wake()
        wait_for(lambda: len(first.on("decision")) + len(second.on("decision")) == 40, "every event arrives once")
        heard = first.texts("decision") + second.texts("decision")
        assert sorted(map(int, heard)) == list(range(40))
        assert min(len(first.on("decision")), len(second.on("decision"))) >= 10


def test_a_renewed_certificate_needs_no_restart(pki: Pki, tmp_path: Path) -> None:
    (tmp_path / "certs").symlink_to(pki.folder)
    own = tmp_path / "own"
    own.mkdir()
    signed_by(pki, "old-yard", days=-1, cn="yard")
    for end in ("crt", "key"):
        (own / f"yard.{end}").write_bytes((pki.folder / f"old-yard.{end}").read_bytes())
    (own / "yard.key").chmod(0o600)
    tls = TlsOptions(ca_file=pki.folder / "gate-ca.crt", cert_file=own / "yard.crt", key_file=own / "yard.key")
    identity = GateIdentity(SITE, "yard", "gate", "b00t2")
    with FleetBroker(tmp_path) as other, gate(fleet_options(other, tls, "yard"), identity=identity) as started:
        wait_for(lambda: started.messenger.link.state is LinkState.REFUSED, "the old one has ended")
        (own / "yard.key").write_bytes((pki.folder / "yard.key").read_bytes())  # half renewed
        wait_for(lambda: "set up" in str(started.messenger.link.fault), "the halves do not fit")
        (own / "yard.crt").write_bytes((pki.folder / "yard.crt").read_bytes())
        wait_for(lambda: started.messenger.link.state is LinkState.CONNECTED, "the new one is taken")
