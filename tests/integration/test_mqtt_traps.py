"""What bites whoever uses MQTT 5 with paho, on a real broker; the list is in ``test_traps.py``."""

import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from edge.domain.event import EventKind
from edge.messaging.wire import Outgoing
from tests.support.bus import gate, some_options, subscriber, talker
from tests.support.messages import IDENTITY, a_plain_message
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker

COMMAND = IDENTITY.topics.command("posture").topic


def test_an_event_that_nobody_hears_is_counted_as_such(mosquitto: Mosquitto) -> None:
    with gate(some_options(mosquitto.port)) as a_gate:
        a_gate.outbox.add(a_plain_message("1"))
        a_gate.messenger.wake()
        wait_for(lambda: not a_gate.outbox.rows(), "it leaves all the same")
        with subscriber(some_options(mosquitto.port, "ear")) as heard:
            a_gate.outbox.add(a_plain_message("2"))
            a_gate.messenger.wake()
            wait_for(lambda: heard.texts("evt/decision") == ["2"], "the second one is heard")
            wait_for(lambda: not a_gate.outbox.rows(), "it leaves")
        counts = a_gate.messenger.traffic.counts()
    assert counts == {(EventKind.DECISION, "unheard"): 1, (EventKind.DECISION, "delivered"): 1}


def test_publishing_from_many_threads_under_a_rain_of_acks_ends(mosquitto: Mosquitto) -> None:
    with talker(some_options(mosquitto.port, "many")) as many:

        def publish() -> None:
            left = 250
            while left:
                left -= many.client.publish(Outgoing(topic="test/rain", payload=b"x")) is not None

        threads = [threading.Thread(target=publish, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        wait_for(lambda: len(many.acks) == 1000, "every publish has its ack")
        assert len({ack.delivery for ack in many.acks[-20:]}) == 20


PROCESS = """
import sys
from edge.domain.clock import SystemClock
from edge.messaging.gate_client import GateClient
from tests.support.bus import some_options
from tests.support.messages import IDENTITY, a_birth

GateClient(some_options(int(sys.argv[1])), IDENTITY.topics, a_birth(), SystemClock()).start()
sys.stdin.read()
"""


def test_the_session_outlives_the_connection(mosquitto: Mosquitto) -> None:
    """A command sent while the gate was away for a moment arrives; its examination asks whether it is fresh."""
    command = [sys.executable, "-c", PROCESS, str(mosquitto.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "the first process subscribes", 30)
        finally:
            process.kill()
    with talker(replace(some_options(mosquitto.port, "sender"), session_expiry_s=0)) as sender:
        assert sender.say(COMMAND).is_delivered
    with talker(some_options(mosquitto.port)) as again:  # subscribes to nothing
        wait_for(lambda: again.messages, "the second process gets it")
    (message,) = again.messages
    assert not message.is_retained
    assert message.expiry_s is not None
    assert message.expiry_s <= 10
