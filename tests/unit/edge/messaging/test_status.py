import threading

import pytest

from edge.domain.clock import SystemClock
from edge.messaging.gate_client import GateClient
from edge.messaging.options import BrokerOptions
from edge.messaging.payloads import HealthV1, Payload
from edge.messaging.status import Heartbeat
from edge.messaging.topics import Channel
from tests.support.messages import IDENTITY, a_birth
from tests.support.waiting import wait_for


class PlayedClient(GateClient):
    """Takes state messages as if connected."""

    def __init__(self) -> None:
        options = BrokerOptions(host="127.0.0.1", client_id="gate1")
        super().__init__(options, IDENTITY.topics, a_birth(), SystemClock())
        self.published: list[tuple[Channel, Payload]] = []
        self.is_here = threading.Event()

    @property
    def is_connected(self) -> bool:
        return self.is_here.is_set()

    def publish_state(self, channel: Channel, payload: Payload) -> bool:
        self.published.append((channel, payload))
        return True


def health() -> HealthV1:
    return HealthV1(boot_id="b", uptime_s=7, outbox_rows=0, fault=None)


def test_the_birth_certificate_names_what_is_sent() -> None:
    birth = a_birth()
    assert birth.boot_id == IDENTITY.boot_id
    assert birth.models == {"sface-2021dec": "cd" * 32}
    assert "urn:egate:schema:anomaly:1.0" in birth.schemas


def test_it_beats_at_once_and_on_demand_while_connected() -> None:
    client = PlayedClient()
    heartbeat = Heartbeat(client, IDENTITY.topics, health, interval_s=3600)
    heartbeat.start()
    heartbeat.beat()
    client.is_here.set()
    heartbeat.beat()
    wait_for(lambda: client.published, "it beats")
    heartbeat.stop()
    assert client.published[0] == (IDENTITY.topics.health, health())


def test_it_beats_again_after_the_interval() -> None:
    client = PlayedClient()
    client.is_here.set()
    heartbeat = Heartbeat(client, IDENTITY.topics, health, interval_s=0.01)
    heartbeat.start()
    wait_for(lambda: len(client.published) >= 3, "it goes on")
    heartbeat.stop()


def test_it_starts_once_and_stops_as_often_as_you_like() -> None:
    heartbeat = Heartbeat(PlayedClient(), IDENTITY.topics, health, interval_s=3600)
    heartbeat.stop()
    heartbeat.start()
    with pytest.raises(RuntimeError):
        heartbeat.start()
    heartbeat.stop()
    heartbeat.stop()
