"""What bites whoever uses MQTT 5 with paho 2, and the test that pins each. The tests of the table must exist.

1  ``Client()`` speaks the old callback interface, and MQTT 3.1.1, and invents a client id.
2  A publish that the access list denies looks delivered everywhere but in the reason code of ``on_publish``.
3  "No matching subscribers" is a success: nobody has the event.
4  A publish while disconnected says so and is queued all the same; its handle raises for ever after.
5  The queue of messages is without bound by default; both bounds count only if they are set before connecting.
6  The session lives in memory; a packet id means nothing to the next process, nor to the next connection.
7  ``on_publish`` runs under the client's own locks: to block, lock or publish there is a deadlock.
8  A restarted process drops its session unless ``clean_start`` is False and the session has an expiry.
9  Waits between attempts have no jitter, so a fleet comes back in one stampede; a refused login is tried as often.
10 An exception in a callback ends the network thread.
11 Certificate and host name can be left unchecked with one call.
12 Nothing is bounded that comes in: a packet's length, halves of QoS 2, packets that want an answer.
"""

import ast
import re
from pathlib import Path
from typing import Final

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.messaging.client import MOST_IN_FLIGHT, ConnectionPlan, _configured
from edge.messaging.options import BrokerOptions

ROOT: Final = Path(__file__).parents[4]
_UNIT, _BROKER = "tests/unit/edge/messaging", "tests/integration"

PINNED: Final = {
    1: ((f"{_UNIT}/test_traps.py", "test_the_client_is_told_everything_before_it_connects"),),
    2: (
        (f"{_UNIT}/test_connection_keeper.py", "test_a_refused_publish_is_told_as_one"),
        (f"{_BROKER}/test_mqtt.py", "test_a_publish_that_the_access_list_denies_stays_in_the_outbox"),
        (f"{_BROKER}/test_fleet_broker.py", "test_a_gate_cannot_speak_for_another_one"),
    ),
    3: (
        (f"{_UNIT}/test_traffic.py", "test_nobody_listening_is_told_once_when_it_lasts"),
        (f"{_BROKER}/test_mqtt_traps.py", "test_an_event_that_nobody_hears_is_counted_as_such"),
    ),
    4: (
        (f"{_BROKER}/test_mqtt.py", "test_one_queue_alone_holds_messages_while_the_broker_is_away"),
        (f"{_UNIT}/test_traps.py", "test_nothing_waits_for_a_publish_or_switches_checks_off"),
    ),
    5: (
        (f"{_UNIT}/test_traps.py", "test_the_client_is_told_everything_before_it_connects"),
        (f"{_UNIT}/test_connection_keeper.py", "test_more_than_the_queue_holds_is_not_taken"),
    ),
    6: (
        (f"{_BROKER}/test_mqtt.py", "test_a_new_process_goes_on_where_the_last_one_ended"),
        (f"{_BROKER}/test_mqtt.py", "test_nothing_is_lost_when_the_broker_is_killed_and_comes_back"),
        (f"{_UNIT}/test_traps.py", "test_no_packet_id_is_ever_stored"),
    ),
    7: ((f"{_BROKER}/test_mqtt_traps.py", "test_publishing_from_many_threads_under_a_rain_of_acks_ends"),),
    8: ((f"{_BROKER}/test_mqtt_traps.py", "test_the_session_outlives_the_connection"),),
    9: (
        (f"{_UNIT}/test_backoff.py", "test_jitter_takes_from_the_upper_half"),
        (f"{_BROKER}/test_mqtt.py", "test_a_login_is_checked_and_a_refusal_waits_long"),
        (f"{_BROKER}/test_fleet_broker.py", "test_who_cannot_prove_itself_is_not_let_in"),
    ),
    10: (
        (f"{_UNIT}/test_connection_keeper.py", "test_a_listener_that_raises_does_not_end_the_thread"),
        (f"{_UNIT}/test_connection_keeper.py", "test_a_server_that_speaks_something_else_does_not_end_the_thread"),
    ),
    11: (
        (f"{_UNIT}/test_tls.py", "test_nothing_is_left_to_chance"),
        (f"{_UNIT}/test_traps.py", "test_nothing_waits_for_a_publish_or_switches_checks_off"),
        (f"{_BROKER}/test_fleet_broker.py", "test_a_broker_that_is_not_the_right_one_hears_nothing"),
    ),
    12: (
        (f"{_UNIT}/test_hostile_broker.py", "test_harm_costs_the_connection_and_no_event"),
        (f"{_UNIT}/test_hostile_broker.py", "test_answers_that_the_broker_does_not_take_are_bounded"),
    ),
}
"""By number: files and tests."""

_LOOKS_AT_PINS: Final = ROOT / "edge" / "capture" / "trust" / "certificate.py"
"""Compares a camera's certificate with the pinned one instead of asking a CA: the one place that may."""

_BANNED: Final = re.compile(
    r"tls_insecure_set|CERT_NONE|CERT_OPTIONAL|check_hostname\s*=\s*False|_create_unverified_context"
    r"|wait_for_publish|reconnect_delay_set|loop_start\(|VERSION1\b"
)


def test_every_trap_is_pinned() -> None:
    assert __doc__ is not None
    assert sorted(map(int, re.findall(r"^(\d+) ", __doc__, re.MULTILINE))) == sorted(PINNED)
    for number, tests in PINNED.items():
        for file, name in tests:
            defined = {
                node.name
                for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8")))
                if isinstance(node, ast.FunctionDef)
            }
            assert name in defined, f"trap {number}: {file} has no {name}"


def test_the_client_is_told_everything_before_it_connects() -> None:
    options = BrokerOptions(host="127.0.0.1", client_id="lobby")
    paho = _configured(ConnectionPlan(options=options, password=None, context=None, will=None, subscriptions=()))
    assert paho.callback_api_version is CallbackAPIVersion.VERSION2
    assert paho.protocol == MQTTProtocolVersion.MQTTv5
    assert paho._client_id == b"lobby"
    assert paho.max_inflight_messages == MOST_IN_FLIGHT
    assert MOST_IN_FLIGHT <= paho.max_queued_messages <= 100
    assert not paho.suppress_exceptions  # what we do not catch must not vanish


@pytest.mark.parametrize("room", ["edge", "engines", "calibration", "redteam", "scripts", "deploy", "systemd"])
def test_nothing_waits_for_a_publish_or_switches_checks_off(room: str) -> None:
    for path in sorted((ROOT / room).rglob("*")):
        if path.is_file() and path != _LOOKS_AT_PINS and path.suffix in {".py", ".sh", ".conf", ".service", ""}:
            found = _BANNED.findall(path.read_text("utf-8", errors="replace"))
            assert found == [], f"{path.relative_to(ROOT)}: {found}"
    for path in sorted((ROOT / room).rglob("*.conf")):
        said = path.read_text("utf-8")
        assert not re.search(r"insecure true|allow_anonymous true|require_certificate false", said), path


def test_no_packet_id_is_ever_stored() -> None:
    for path in sorted((ROOT / "edge" / "store").rglob("*")):
        if path.suffix in {".py", ".sql"}:
            assert not re.search(r"\b(mid|packet_id|delivery)\b", path.read_text("utf-8")), path
