"""The demo's own broker, both kinds: the gate must get along with each."""

import importlib.util
import shutil
import sys
from collections.abc import Iterator

import pytest

from edge.commands.demo.broker import DemoBroker
from edge.domain.errors import BrokerError
from edge.messaging.link import LinkState
from edge.messaging.verification import verify_event
from edge.trust.signing import verify
from tests.support.bus import gate, some_options, subscriber
from tests.support.messages import KEYS, a_decision
from tests.support.mosquitto import find_mosquitto
from tests.support.waiting import wait_for

DECISIONS = "evt/decision"
AVAILABILITY = "state/availability"


def without_mosquitto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoBroker]:
    """Each kind in turn, running."""
    if request.param == "mosquitto":
        find_mosquitto()
    elif importlib.util.find_spec("iotcore") is None:
        pytest.skip("iotcore is missing: pip install 'edge-gate[demo]'")
    else:
        without_mosquitto(monkeypatch)
    with DemoBroker() as running:
        assert ("mosquitto" if request.param == "mosquitto" else "iotcore") in running.name
        yield running


@pytest.mark.broker
def test_a_signed_decision_passes_through(broker: DemoBroker) -> None:
    with subscriber(some_options(broker.port, "ear")) as heard, gate(some_options(broker.port)) as a_gate:
        a_gate.outbox.add(a_decision(1))
        a_gate.messenger.wake()
        wait_for(lambda: heard.on(DECISIONS), "the decision arrives")
        wait_for(lambda: not a_gate.outbox.rows(), "it leaves the outbox")
        assert verify_event(heard.on(DECISIONS)[0].payload, keys=KEYS, verify=verify).sequence == 1
        assert heard.texts(AVAILABILITY) == ["online"]


@pytest.mark.broker
def test_it_can_be_taken_away_and_brought_back(broker: DemoBroker) -> None:
    port = broker.port
    with gate(some_options(port)) as a_gate:
        wait_for(lambda: a_gate.messenger.link.state is LinkState.CONNECTED, "the gate is connected")
        broker.stop()
        wait_for(lambda: a_gate.messenger.link.state is LinkState.AWAY, "the gate notices")
        a_gate.outbox.add(a_decision(1))
        a_gate.messenger.wake()
        assert len(a_gate.outbox.rows()) == 1
        broker.start()
        wait_for(lambda: not a_gate.outbox.rows(), "it is delivered")
        assert broker.port == port


def test_without_any_broker_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without_mosquitto(monkeypatch)
    monkeypatch.setitem(sys.modules, "iotcore", None)
    with pytest.raises(BrokerError) as caught, DemoBroker():
        pass
    assert "edge-gate[demo]" in caught.value.hint
    assert "mosquitto" in caught.value.hint


@pytest.mark.broker
def test_a_broker_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    find_mosquitto()
    with DemoBroker() as running:
        monkeypatch.setattr("edge.commands.demo.broker._free_port", lambda: running.port)
        monkeypatch.setattr("edge.commands.demo.broker._accepts", lambda _port: False)
        with pytest.raises(BrokerError, match="does not start") as caught, DemoBroker():
            pass
        assert caught.value.hint
