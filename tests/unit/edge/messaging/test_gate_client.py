"""The gate's presence, without a broker: what it asks of the connection keeper is tested on a real one."""

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import SystemClock
from edge.messaging.gate_client import GateClient
from edge.messaging.link import LinkState
from edge.messaging.options import BrokerOptions
from edge.messaging.payloads import HealthV1
from edge.messaging.wire import Ack, Delivery, Incoming
from tests.support.messages import IDENTITY, a_birth, a_decision

OPTIONS = BrokerOptions(host="127.0.0.1", client_id="gate1")
HEALTH = HealthV1(boot_id="b", uptime_s=0, outbox_rows=0, fault=None)


def test_nothing_is_published_before_it_is_announced() -> None:
    client = GateClient(OPTIONS, IDENTITY.topics, a_birth(), SystemClock())
    assert not client.is_connected
    assert client.publish_event(a_decision(1)) is None
    assert not client.publish_state(IDENTITY.topics.health, HEALTH)
    client.stop()
    assert client.link.state is LinkState.STOPPED


def test_acks_and_retained_commands_are_passed_on() -> None:
    acks: list[Ack] = []
    reports: list[AnomalyReport] = []
    client = GateClient(
        OPTIONS, IDENTITY.topics, a_birth(), SystemClock(), on_ack=acks.append, on_anomaly=reports.append
    )
    ack = Ack(Delivery(1, 1), 0x87, "Not authorized")
    client.on_ack(ack)
    client.on_message(Incoming("egate/v1/site1/gate1/cmd/unlock", b"{}", is_retained=False))
    client.on_message(Incoming("egate/v1/site1/gate1/cmd/" + "x" * 1000, b"{}", is_retained=True))
    client.on_subscribed(is_granted=False)
    assert acks == [ack]
    (report,) = reports
    assert report.anomaly is Anomaly.RETAINED_COMMAND
    assert len(report.detail) < 200
