"""``edge-gate outbox``: what the broker never takes is seen, sent again or dropped, and each is on record."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.commands.app import run_command_line
from edge.domain.event import EventKind, OutboxMessage
from edge.store.state import open_state
from edge.trust.keys import KeyRing


class Gate:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        message = OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"{}", priority=0)
        with open_state(folder, KeyRing.open(folder, is_new=True)) as state:
            for _ in range(5):
                state.ledger.commit(EventKind.DECISION, {}, lambda _: message)
            state.outbox.refuse({2: "Not authorized", 3: "Not authorized\x1b[2J", 4: "Quota exceeded"})
            state.upkeep.set_aside(1, lambda _: None)

    def run(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        assert run_command_line([*words, "--state", str(self.folder), "--json"]) == code
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]

    def states(self) -> dict[int, str]:
        return {row["sequence"]: row["state"] for row in self.run("outbox", "list")[:-1]}

    def last_record(self) -> dict[str, Any]:
        with open_state(self.folder, KeyRing.open(self.folder)) as state:
            *_, record = state.ledger.records()
            assert state.ledger.verify_chain().is_whole
        body: dict[str, Any] = json.loads(record.body)["data"]
        return body


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path / "state", capsys)


def test_what_was_set_aside_is_listed_first_with_the_brokers_words(gate: Gate) -> None:
    *rows, summary = gate.run("outbox", "list")
    assert [(row["sequence"], row["state"], row["refusal"]) for row in rows] == [
        (2, "aside", "Not authorized"),
        (3, "aside", "Not authorized\x1b[2J"),
        (4, "aside", "Quota exceeded"),
        (1, "waiting", None),
        (5, "waiting", None),
    ]
    assert (summary["waiting"], summary["aside"]) == (2, 3)
    assert len(gate.run("outbox", "list", "--limit", "1")) == 5


def test_a_person_sees_no_control_characters(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["outbox", "list", "--state", str(gate.folder)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_sent_again_and_on_record(gate: Gate) -> None:
    assert gate.run("outbox", "retry", "2", "4") == [{"ok": True, "retried": 2, "first_seq": 2, "last_seq": 4}]
    assert gate.states() == {3: "aside", 1: "waiting", 2: "waiting", 4: "waiting", 5: "waiting", 6: "waiting"}
    body = gate.last_record()
    assert body["anomaly"] == "outbox_retried"
    assert body["detail"] == "sent again by a command on the gate: 2 events (2 decision), sequence 2 to 4"


def test_dropped_and_on_record(gate: Gate) -> None:
    assert gate.run("outbox", "drop", "--all")[0]["dropped"] == 3
    assert gate.states() == {1: "waiting", 5: "waiting", 6: "waiting"}
    body = gate.last_record()
    assert body["anomaly"] == "outbox_dropped"
    assert body["detail"] == "dropped by a command on the gate: 3 events (3 decision), sequence 2 to 4"
    gate.run("outbox", "drop", "--all", code=2)


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_what_waits_is_not_touched(gate: Gate, command: str) -> None:
    before = gate.states()
    for words in (["1"], ["2", "1"], ["99"], [], ["2", "--all"], ["0"], ["x"]):
        gate.run("outbox", command, *words, code=2)
    assert gate.states() == before
