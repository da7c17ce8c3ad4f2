"""``edge-gate bench messages``: every figure is there, nothing is lost, and nothing stays behind."""

import json
from pathlib import Path

import pytest

from edge.commands import bench_messages
from edge.commands.app import run_command_line
from edge.commands.bench_bus import Heard
from edge.commands.demo import broker as demo_broker

pytestmark = pytest.mark.broker


def test_every_figure_is_told_and_nothing_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_messages, "_SYNCS_S", 0.01)
    words = ["bench", "messages", "--decisions", "50", "--paced", "10", "--backlog", "60", "--json"]
    assert run_command_line([*words, "--state", str(tmp_path / "not" / "there")]) == 0
    told = {record["figure"]: record for record in map(json.loads, capsys.readouterr().out.splitlines())}
    for figure, decisions in (("decisions", 51), ("decision_to_subscriber_ms", 10), ("backlog", 60)):
        record = told[figure]
        assert (record["decisions"], record["lost"], record["in_order"]) == (decisions, 0, True), record
    assert told["decisions"]["ratio"] > 0
    assert told["appends"]["syncs"] > 0
    assert 0 < told["commit_ms"]["p50"] <= told["commit_ms"]["p99"]
    assert told["backlog"]["delivered_after_s"] >= told["backlog"]["connected_after_s"] - 0.1
    assert list(tmp_path.iterdir()) == []


def test_what_came_out_of_order_is_no_order() -> None:
    assert Heard(((1, 10), (2, 20)), 0).is_in_order
    assert not Heard(((2, 10), (1, 20)), 0).is_in_order


def test_without_mosquitto_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_broker, "_DAEMON_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_command_line(["bench", "messages", "--state", str(tmp_path)]) == 5
    assert "apt install mosquitto" in capsys.readouterr().err
