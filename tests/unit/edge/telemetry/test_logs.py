"""Logs: one JSON object a line, and nothing secret or biometric in it."""

import json
import threading
from pathlib import Path

import pytest
import structlog

from edge.telemetry.logs import configure_logs, correlated, name_process, redact, unname_process


@pytest.mark.parametrize(
    "key", ["password", "gallery_key", "signing_key", "token", "vector", "embedding", "template", "crop", "pixels"]
)
def test_secrets_and_biometrics_are_redacted(key: str) -> None:
    assert redact(None, "info", {"event": "x", key: "0.123"})[key] == "[redacted]"


def test_a_login_in_an_address_is_cut_out() -> None:
    event = redact(None, "info", {"event": "x", "camera": "rtsp://root:hunter2@10.0.0.1/1"})
    assert event["camera"] == "rtsp://10.0.0.1/1"


def test_lines_are_json_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="json")
    structlog.get_logger("t").info("attempt.decided", decision="denied", password="hunter2")
    captured = capsys.readouterr()
    assert captured.out == ""
    line = json.loads(captured.err)
    assert (line["event"], line["decision"], line["password"]) == ("attempt.decided", "denied", "[redacted]")
    assert "hunter2" not in captured.err


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="warning", form="json")
    structlog.get_logger("t").info("quiet")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_where_but_no_variables(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure_logs(form=form)
    hidden = "hunter" + "2"
    try:
        int("oops")
    except ValueError:
        structlog.get_logger("t").exception("failed")
    told = capsys.readouterr().err
    assert "ValueError: invalid literal" in told
    assert hidden not in told


def test_foreign_text_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("\x1b]0;mine\x07")

    configure_logs(form="text")
    try:
        fail()
    except ValueError:
        structlog.get_logger("t").exception("failed", topic="\x1b]0;mine\x07")
    told = capsys.readouterr().err
    assert "\x1b]" not in told
    assert told.count("\\u001b]0;mine\\u0007") == 2
    assert "Traceback" in told


def test_every_line_says_who_wrote_it_from_any_thread(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="json")
    name_process(site="north", gate="lobby", boot_id="b00t")
    try:
        log = structlog.get_logger("t")
        with correlated("attempt-1"):
            log.info("attempt.decided")
        with correlated(None):
            log.info("thing.lost", gate="another")
        thread = threading.Thread(target=lambda: log.info("link.changed"))
        thread.start()
        thread.join()
    finally:
        unname_process()
    structlog.get_logger("t").info("command.ended")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("boot_id") for line in lines] == ["b00t", "b00t", "b00t", None]
    assert [line.get("gate") for line in lines] == ["lobby", "another", "lobby", None]
    assert [line.get("correlation_id") for line in lines] == ["attempt-1", None, None, None]


def test_a_value_that_json_does_not_know_is_still_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="json")
    structlog.get_logger("t").info("thing.seen", path=Path("/x"), kinds={1}, inner={Path("/y"): object})
    assert json.loads(capsys.readouterr().err)["kinds"] == [1]
