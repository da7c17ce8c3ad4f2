"""``edge-gate run`` at its edges; the daemon itself has tests of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from edge.commands.app import run_command_line
from edge.daemon.service import ServiceHooks
from edge.domain.errors import DeviceGoneError
from edge.settings.tree import Settings
from engines.errors import DeviceError, DeviceLostError


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["auto", "text"])
def test_json_makes_every_log_line_json_and_leaves_stdout_alone(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def serve(_settings: Settings, hooks: ServiceHooks) -> None:
        structlog.get_logger().info("gate.started", is_stopping=hooks.is_stopping())

    monkeypatch.setattr("edge.commands.run.serve", serve)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setenv("EDGE__LOG__FORMAT", form)
    assert run_command_line(["run", "--state", str(tmp_path), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert [json.loads(line)["event"] for line in said.err.splitlines()] == ["gate.started"]


@pytest.mark.parametrize(
    "error",
    [DeviceGoneError("it burned", hint="h"), DeviceLostError("it burned", hint="h"), DeviceError("full", hint="h")],
)
def test_a_device_that_fails_ends_the_daemon_with_5_so_that_it_is_started_anew(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def serve(*_: object) -> None:
        raise error

    monkeypatch.setattr("edge.commands.run.serve", serve)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert run_command_line(["run", "--state", str(tmp_path)]) == 5
    assert "hint: h" in capsys.readouterr().err
