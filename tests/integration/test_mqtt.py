"""The messaging room on a real mosquitto, over loopback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.domain.anomaly import Anomaly
from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError
from edge.domain.event import EventKind
from edge.messaging.connection_keeper import ConnectionKeeper
from edge.messaging.link import Link, LinkState
from edge.messaging.options import TlsOptions
from edge.messaging.payloads import BirthV1, HealthV1
from edge.messaging.verification import verify_event
from edge.messaging.wire import Ack, Incoming, Outgoing
from edge.trust.signing import verify
from tests.support.bus import Gate, gate, some_options, subscriber
from tests.support.certificates import TestAuthority
from tests.support.messages import IDENTITY, KEYS, a_decision, a_plain_message
from tests.support.mosquitto import Mosquitto, free_port, password_file
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

AVAILABILITY = "state/availability"
DECISIONS = "evt/decision"


@contextmanager
def talker(port: int) -> Iterator[ConnectionKeeper]:
    """A client that publishes what a test wants, and is confirmed before it leaves."""

    class Deaf:
        def on_link(self, link: Link) -> None: ...
        def on_ack(self, ack: Ack) -> None: ...
        def on_message(self, message: Incoming) -> None: ...
        def on_subscribed(self, is_granted: bool) -> None: ...

    client = ConnectionKeeper(some_options(port, "talker"), Deaf(), SystemClock())
    client.start()
    wait_for(lambda: client.link.state is LinkState.CONNECTED, "the talker is connected")
    try:
        yield client
    finally:
        client.stop(Outgoing(topic="test/bye", payload=b""))


def fault_of(a_gate: Gate, state: LinkState) -> BrokerError:
    """Wait until the gate's link is in ``state``; return why."""
    wait_for(lambda: a_gate.messenger.link.state is state, f"the link is {state}")
    fault = a_gate.messenger.link.fault
    assert fault is not None
    return fault


def is_connected(a_gate: Gate) -> bool:
    return a_gate.messenger.link.state is LinkState.CONNECTED


def test_a_decision_arrives_signed_and_leaves_the_outbox(mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard, gate(some_options(mosquitto.port)) as a_gate:
        message = a_decision(1)
        a_gate.outbox.add(message)
        a_gate.messenger.wake()
        wait_for(lambda: heard.on(DECISIONS), "the decision arrives")
        wait_for(lambda: not a_gate.outbox.rows(), "it leaves the outbox")
        (received,) = heard.on(DECISIONS)
    assert received.topic == "egate/v1/site1/gate1/evt/decision"
    assert received.payload == message.payload
    assert not received.is_retained
    event = verify_event(received.payload, keys=KEYS, verify=verify)
    assert event.data["decision"] == "granted"


def test_events_are_not_retained_and_state_is(mosquitto: Mosquitto) -> None:
    with gate(some_options(mosquitto.port)) as a_gate:
        a_gate.outbox.add(a_decision(1))
        a_gate.messenger.wake()
        wait_for(lambda: not a_gate.outbox.rows(), "it leaves the outbox")
        with subscriber(some_options(mosquitto.port, "late")) as heard:
            wait_for(lambda: heard.on("state/health"), "the state is replayed")
            wait_for(lambda: heard.on("state/birth"), "the state is replayed")
            assert all(message.is_retained for message in heard.on("state/birth", AVAILABILITY))
            assert heard.texts(AVAILABILITY) == ["online"]
            assert heard.on(DECISIONS) == []


def test_birth_comes_before_online_before_health(mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard, gate(some_options(mosquitto.port)):
        wait_for(lambda: heard.on("state/health"), "the health arrives")
        topics = [message.topic.rpartition("/")[2] for message in heard.on("")]
        assert topics == ["birth", "availability", "health"]
        birth = BirthV1.model_validate_json(heard.on("state/birth")[0].payload)
        assert birth.boot_id == IDENTITY.boot_id
        assert "urn:egate:schema:decision:1.0" in birth.schemas
        assert HealthV1.model_validate_json(heard.on("state/health")[0].payload).fault is None


def test_a_clean_stop_says_offline_once_and_cancels_the_will(mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        with gate(some_options(mosquitto.port)) as a_gate:
            wait_for(lambda: heard.texts(AVAILABILITY) == ["online"], "the gate is online")
        assert a_gate.messenger.link.state is LinkState.STOPPED
        wait_for(lambda: heard.texts(AVAILABILITY) == ["online", "offline"], "the gate is offline")
    assert "Received DISCONNECT from gate1" in mosquitto.log
    assert "Sending Will" not in mosquitto.log
    with subscriber(some_options(mosquitto.port, "late")) as heard:
        wait_for(lambda: heard.texts(AVAILABILITY) == ["offline"], "offline is retained")


CLIENT_PROCESS = """
import sys
from edge.domain.clock import SystemClock
from edge.messaging.gate_client import GateClient
from edge.messaging.options import BrokerOptions
from tests.support.messages import IDENTITY, a_birth

options = BrokerOptions(host="127.0.0.1", port=int(sys.argv[1]), client_id="gate1", will_delay_s=0)
GateClient(options, IDENTITY.topics, a_birth(), SystemClock()).start()
sys.stdin.read()
"""


def test_the_last_will_speaks_for_a_killed_process(mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        command = [sys.executable, "-c", CLIENT_PROCESS, str(mosquitto.port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(lambda: heard.texts(AVAILABILITY) == ["online"], "the gate is online", 30)
            finally:
                process.kill()
        wait_for(lambda: heard.texts(AVAILABILITY) == ["online", "offline"], "the will is published")


def test_stopping_publishes_what_was_committed_last(mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        with gate(some_options(mosquitto.port)) as a_gate:
            wait_for(lambda: is_connected(a_gate), "the gate is connected")
            a_gate.outbox.add(a_plain_message("stopping", EventKind.LIFECYCLE))
        wait_for(lambda: heard.texts(AVAILABILITY)[-1:] == ["offline"], "the gate is offline")
        assert heard.texts("evt/lifecycle") == ["stopping"]
    assert a_gate.outbox.rows() == ()


def test_a_publish_that_the_access_list_denies_stays_in_the_outbox(tmp_path: Path) -> None:
    access = tmp_path / "acl"
    access.write_text(
        "topic readwrite egate/v1/site1/gate1/state/#\ntopic read egate/v1/site1/gate1/cmd/#\n"
        "topic write egate/v1/site1/gate1/evt/anomaly\n",
        encoding="utf-8",
    )
    with Mosquitto(tmp_path, f"acl_file {access}") as broker, gate(some_options(broker.port)) as a_gate:
        a_gate.outbox.add(a_plain_message("denied"))
        a_gate.outbox.add(a_plain_message("allowed", EventKind.ANOMALY))
        a_gate.messenger.wake()
        wait_for(lambda: a_gate.outbox.rows() and a_gate.outbox.rows()[0].attempts >= 1, "the refusal is counted")
        wait_for(lambda: len(a_gate.outbox.rows()) == 1, "the allowed one leaves")
        assert a_gate.outbox.rows()[0].message.payload == b"denied"
        assert a_gate.outbox.deleted == [2]


def test_a_broker_that_is_down_at_the_start_is_waited_for(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    with gate(some_options(broker.port)) as a_gate, broker_at_the_end(broker):
        a_gate.outbox.add(a_decision(1))
        fault = fault_of(a_gate, LinkState.AWAY)
        assert "cannot be reached" in str(fault)
        assert fault.hint
        assert len(a_gate.outbox.rows()) == 1
        broker.start()
        wait_for(lambda: not a_gate.outbox.rows(), "it is delivered")
        assert is_connected(a_gate)


@contextmanager
def broker_at_the_end(broker: Mosquitto) -> Iterator[None]:
    try:
        yield
    finally:
        broker.kill()


def login_file(folder: Path, password: str) -> Path:
    path = folder / f"login-{password}"
    path.write_text(password + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_login_is_checked_and_a_refusal_waits_long(tmp_path: Path) -> None:
    users = password_file(tmp_path, "gate1", "right")
    with Mosquitto(tmp_path, f"password_file {users}", is_anonymous=False) as broker:
        right, wrong = login_file(tmp_path, "right"), login_file(tmp_path, "wrong")
        with gate(some_options(broker.port, user=("gate1", right))) as a_gate:
            wait_for(lambda: is_connected(a_gate), "the right password is accepted")
        for user in (("gate1", wrong), ("nobody", right), None):
            with gate(some_options(broker.port, user=user, most_backoff_s=3600)) as a_gate:
                a_gate.outbox.add(a_decision(1))
                fault = fault_of(a_gate, LinkState.REFUSED)
                assert "password_file" in fault.hint
                assert fault.exit_code == 5
                assert len(a_gate.outbox.rows()) == 1
            # With a longest wait of an hour there was one attempt: no busy loop.
            assert [link.state for link in a_gate.links] == [
                LinkState.STARTING,
                LinkState.REFUSED,
                LinkState.STOPPED,
            ]
    assert broker.log.count("New client connected from") == 1


def test_nothing_is_lost_when_the_broker_is_killed_and_comes_back(tmp_path: Path) -> None:
    database = tmp_path / "database"
    database.mkdir()
    config = ("persistence true", f"persistence_location {database}/")
    with Mosquitto(tmp_path, *config) as broker, subscriber(some_options(broker.port, "ear")) as heard:
        # A clean stop writes the subscription to disk: from now on the broker keeps messages for it even when the
        # gate is back before the subscriber, and SIGKILL cannot take the subscription away.
        broker.stop()
        broker.start()
        with gate(some_options(broker.port)) as a_gate:
            wait_for(lambda: is_connected(a_gate), "the gate is connected")
            texts = [f"{number:04d}" for number in range(400)]
            for text in texts[:300]:
                a_gate.outbox.add(a_plain_message(text))
            a_gate.messenger.wake()
            wait_for(lambda: len(a_gate.outbox.deleted) >= 20, "the drain is in the middle")
            broker.kill()
            wait_for(lambda: not is_connected(a_gate), "the gate notices")
            heard_before = len(heard.texts(DECISIONS))
            a_gate.outbox.add(a_plain_message("behind", EventKind.LIFECYCLE))
            for text in texts[300:]:
                a_gate.outbox.add(a_plain_message(text))
            broker.start()
            wait_for(lambda: not a_gate.outbox.rows(), "the outbox is empty")
            wait_for(lambda: "behind" in heard.texts("evt/lifecycle"), "the last one arrives")
            # What the dead broker had not acked goes to the new one: in order, without a gap, telemetry behind it.
            arrived = heard.texts(DECISIONS, "evt/lifecycle")[heard_before:]
            assert len(arrived) >= 101
            assert arrived == [*texts, "behind"][-len(arrived) :]


def test_one_queue_alone_holds_messages_while_the_broker_is_away(mosquitto: Mosquitto) -> None:
    with gate(some_options(mosquitto.port)) as a_gate:
        wait_for(lambda: is_connected(a_gate), "the gate is connected")
        mosquitto.kill()
        wait_for(lambda: not is_connected(a_gate), "the gate notices")
        a_gate.outbox.add(a_decision(1))
        a_gate.messenger.wake()
    assert len(a_gate.outbox.rows()) == 1


def test_a_new_process_goes_on_where_the_last_one_ended(mosquitto: Mosquitto) -> None:
    with gate(some_options(free_port())) as a_gate:
        for number in range(3):
            a_gate.outbox.add(a_plain_message(str(number)))
        wait_for(lambda: a_gate.messenger.link.state is LinkState.AWAY, "nobody is there")
    with subscriber(some_options(mosquitto.port, "ear")) as heard:
        with gate(some_options(mosquitto.port), a_gate.outbox):
            wait_for(lambda: not a_gate.outbox.rows(), "the outbox is empty")
        wait_for(lambda: heard.texts(DECISIONS) == ["0", "1", "2"], "all arrive, once, in order")


class TlsRoom:
    """A broker with TLS and mandatory client certificates."""

    def __init__(self, folder: Path) -> None:
        self.authority = TestAuthority(folder, "ca")
        self.stranger = TestAuthority(folder, "stranger")
        server = self.authority.issue("broker", "localhost")
        self.client = self.authority.issue("gate1")
        self.broker = Mosquitto(
            folder,
            f"cafile {self.authority.ca_file}",
            f"certfile {server.cert_file}",
            f"keyfile {server.key_file}",
            "require_certificate true",
            "use_identity_as_username true",
            "tls_version tlsv1.3",
        )

    def options(self, ca_file: Path, *, with_certificate: bool = True) -> TlsOptions:
        if not with_certificate:
            return TlsOptions(ca_file=ca_file)
        return TlsOptions(ca_file=ca_file, cert_file=self.client.cert_file, key_file=self.client.key_file)


@pytest.fixture
def tls_room(tmp_path: Path) -> Iterator[TlsRoom]:
    room = TlsRoom(tmp_path)
    with room.broker:
        yield room


def test_events_go_over_mutual_tls(tls_room: TlsRoom) -> None:
    tls = tls_room.options(tls_room.authority.ca_file)
    with gate(some_options(tls_room.broker.port, host="localhost", tls=tls)) as a_gate:
        a_gate.outbox.add(a_decision(1))
        a_gate.messenger.wake()
        wait_for(lambda: not a_gate.outbox.rows(), "it is delivered")
    assert "u'gate1'" in tls_room.broker.log


@pytest.mark.parametrize("case", ["wrong CA", "wrong host name"])
def test_a_broker_that_cannot_prove_itself_is_refused(tls_room: TlsRoom, case: str) -> None:
    ca_file = tls_room.stranger.ca_file if case == "wrong CA" else tls_room.authority.ca_file
    host = "localhost" if case == "wrong CA" else "127.0.0.1"
    options = some_options(tls_room.broker.port, host=host, tls=tls_room.options(ca_file), most_backoff_s=3600)
    with gate(options) as a_gate:
        fault = fault_of(a_gate, LinkState.REFUSED)
        assert "certificate" in str(fault)
        assert "ca_file" in fault.hint
    assert "New client connected" not in tls_room.broker.log


def test_a_gate_without_its_certificate_is_not_let_in(tls_room: TlsRoom) -> None:
    tls = tls_room.options(tls_room.authority.ca_file, with_certificate=False)
    with gate(some_options(tls_room.broker.port, host="localhost", tls=tls)) as a_gate:
        wait_for(lambda: a_gate.messenger.link.fault, "the gate is told")
        assert not any(link.state is LinkState.CONNECTED for link in a_gate.links)


def test_plain_tcp_to_a_tls_port_and_tls_to_a_plain_port_fail_clearly(
    tls_room: TlsRoom, mosquitto: Mosquitto
) -> None:
    tls = tls_room.options(tls_room.authority.ca_file)
    for options in (
        some_options(tls_room.broker.port),
        some_options(mosquitto.port, host="localhost", tls=tls),
    ):
        with gate(options) as a_gate:
            assert fault_of(a_gate, LinkState.AWAY).hint


@pytest.mark.parametrize("is_there_before", [True, False], ids=["before", "while connected"])
def test_a_retained_command_is_refused_and_reported(mosquitto: Mosquitto, is_there_before: bool) -> None:
    command = Outgoing(topic=IDENTITY.topics.command("unlock").topic, payload=b"{}", is_retained=True)
    if is_there_before:
        with talker(mosquitto.port) as client:
            assert client.publish(command) is not None
    with gate(some_options(mosquitto.port)) as a_gate:
        wait_for(lambda: is_connected(a_gate), "the gate is connected")
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "it subscribes")
        if not is_there_before:
            with talker(mosquitto.port) as client:
                assert client.publish(command) is not None
        wait_for(lambda: a_gate.anomalies, "it is reported")
        (report,) = a_gate.anomalies
        assert report.anomaly is Anomaly.RETAINED_COMMAND
        assert "cmd/unlock" in report.detail


def test_a_fresh_command_is_not_acted_on_yet(mosquitto: Mosquitto) -> None:
    with gate(some_options(mosquitto.port)) as a_gate, talker(mosquitto.port) as client:
        wait_for(lambda: is_connected(a_gate), "the gate is connected")
        for is_retained in (False, True):
            topic = IDENTITY.topics.command("unlock").topic
            assert client.publish(Outgoing(topic=topic, payload=b"{}", is_retained=is_retained)) is not None
        wait_for(lambda: a_gate.anomalies, "the second, retained, one is reported")
        assert len(a_gate.anomalies) == 1


def test_what_waits_for_a_subscriber_expires_by_kind(mosquitto: Mosquitto) -> None:
    """A decision is published with a message expiry, an anomaly without: mosquitto passes on what is left."""
    options = some_options(mosquitto.port)
    with subscriber(some_options(mosquitto.port, "ear")) as heard, gate(options) as a_gate:
        a_gate.outbox.add(a_plain_message("d"))
        a_gate.outbox.add(a_plain_message("a", EventKind.ANOMALY))
        a_gate.messenger.wake()
        wait_for(lambda: len(heard.on(DECISIONS, "evt/anomaly")) == 2, "both arrive")
        expiries = {message.topic.rpartition("/")[2]: message.expiry_s for message in heard.on("")}
    assert expiries["decision"] in range(options.decision_expiry_s - 60, options.decision_expiry_s + 1)
    assert expiries["anomaly"] is None
    assert expiries["health"] in range(30, 91)


def test_content_type_says_cloudevents(mosquitto: Mosquitto) -> None:
    with subscriber(some_options(mosquitto.port, "ear")) as heard, gate(some_options(mosquitto.port)) as a_gate:
        a_gate.outbox.add(a_decision(1))
        a_gate.messenger.wake()
        wait_for(lambda: heard.on(DECISIONS), "it arrives")
        (message,) = heard.on(DECISIONS)
        assert message.content_type == "application/cloudevents+json; charset=utf-8"
        assert json.loads(message.payload)["specversion"] == "1.0"
