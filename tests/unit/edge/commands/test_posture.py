"""``edge-gate posture`` and ``edge-gate limits``, over a state folder."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from edge.commands.app import run_command_line
from edge.policy.limits import Limits, LimitTerms
from edge.policy.limits_record import record_of
from edge.store.state import DATABASE_FILE, open_state
from edge.trust.keys import KeyRing


class Gate:
    """Runs commands on one state folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def run(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        assert run_command_line([*words, "--state", str(self.folder), "--json"]) == code
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]

    def alter(self, sql: str) -> None:
        with sqlite3.connect(self.folder / DATABASE_FILE) as connection:
            connection.execute(sql)


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path / "state", capsys)


def test_a_posture_is_set_and_shown(gate: Gate) -> None:
    assert gate.run("posture", "show") == [{"posture": "normal"}]
    assert gate.run("posture", "set", "lockdown") == [{"posture": "lockdown"}]
    assert gate.run("posture", "show") == [{"posture": "lockdown"}]
    gate.run("posture", "set", "open", code=2)
    assert gate.run("posture", "show") == [{"posture": "lockdown"}]


def test_limits_are_shown_and_unlocked(gate: Gate) -> None:
    assert gate.run("limits", "show") == [
        {"scope": "gate", "key": None, "restriction": "none", "left_ms": 0, "full_after_ms": 0}
    ]
    limits = Limits()
    for _ in range(2):
        limits = limits.after_failure(10**9, LimitTerms(failures=2, window_ms=60_000, hold_ms=10_000), cluster="c")
    with open_state(gate.folder, KeyRing.open(gate.folder)) as state:
        state.limits.save("boot", 10**9, record_of(limits, 10**9))
    rows = gate.run("limits", "show")
    assert [(r["scope"], r["restriction"], r["left_ms"]) for r in rows] == [
        ("gate", "held", 10_000),
        ("face", "held", 10_000),
    ]
    assert gate.run("limits", "unlock") == [{"unlocked": True}]
    assert len(gate.run("limits", "show")) == 1


def test_altered_limits_are_refused_until_they_are_unlocked(gate: Gate) -> None:
    gate.run("limits", "show")
    for damage in ("UPDATE limits SET record = 'x'", "DELETE FROM limits"):
        gate.alter(damage)
        gate.run("limits", "show", code=4)
        gate.run("limits", "unlock")
        gate.run("limits", "show")


def test_a_posture_that_is_gone_is_refused_until_it_is_set(gate: Gate) -> None:
    gate.run("posture", "show")
    gate.alter("DELETE FROM posture")
    gate.run("posture", "show", code=4)
    gate.run("posture", "set", "normal")
    assert gate.run("posture", "show") == [{"posture": "normal"}]
