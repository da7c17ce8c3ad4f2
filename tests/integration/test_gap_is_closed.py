"""What a follower missed while it was away comes again, signed by the gate, when it asks."""

from pathlib import Path

import pytest

from edge.messaging.payloads import LifecyclePhase
from tests.support.bus import some_options
from tests.support.command_gate import command_gate
from tests.support.following import following
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker


def test_what_was_missed_between_two_runs_is_asked_for_and_comes(tmp_path: Path, mosquitto: Mosquitto) -> None:
    key = tmp_path / "sender.key"
    key.write_bytes(b"a badge reader's key of 32 bytes")
    key.chmod(0o600)
    memory = ("--memory", str(tmp_path / "seen.json"))
    with command_gate(some_options(mosquitto.port), tmp_path) as gate:
        wait_for(lambda: "SUBSCRIBE from gate1" in mosquitto.log, "the gate subscribes")
        with following(tmp_path, mosquitto, "--most", "1", *memory) as follow:
            gate.actor.record_lifecycle(LifecyclePhase.STARTING, "0.1.0")
            assert follow.wait() == 0
            first = follow.lines[0]["sequence"]
        for _ in range(3):
            gate.actor.record_lifecycle(LifecyclePhase.STARTING, "0.1.0")
        wait_for(lambda: gate.state.outbox.depth() == 0, "they are published, and nobody hears them")
        with following(tmp_path, mosquitto, "--replay-key", str(key), *memory) as follow:
            gate.actor.record_lifecycle(LifecyclePhase.STARTING, "0.1.0")

            def believed() -> set[int]:
                return {line["sequence"] for line in follow.lines if line["ok"]}

            wait_for(lambda: {first + 1, first + 2, first + 3, first + 4} <= believed(), "the gap is closed", 40)
            assert any("asked: done" in line["what"] for line in follow.lines)
            assert follow.end() == 0
