"""Nothing that others wrote steers the terminal of the one who reads it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge.commands.app import run_command_line
from edge.commands.output import Printer, print_json, print_table
from edge.commands.progress import RichProgress
from edge.store.state import open_state
from edge.trust.keys import KeyRing
from tests.support.gate_command import command, environment

EVIL = "a\x1b[2J\u202eb\n[red]c[/red]\x9b\udce9"
SHOWN = "a\\u001b[2J\\u202eb\\u000a[red]c[/red]\\u009b\\udce9"


@pytest.mark.parametrize("as_json", [False, True])
def test_records_and_summaries(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(as_json=as_json, columns={"subject": 8})
    printer.record({"subject": EVIL})
    printer.summary({"subject": EVIL})
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert SHOWN.replace("\\u000a", "\\n" if as_json else "\\u000a") in out
    if as_json:
        assert [json.loads(line) for line in out.splitlines()] == [{"subject": EVIL}] * 2


def test_tables_obey_nothing_in_them(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_table(EVIL, [{"figure": EVIL}])
    assert capsys.readouterr().out.count(SHOWN) == 2


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RichProgress()
    progress.start(EVIL, 1)
    progress.finish()
    assert f"{SHOWN} ..." in capsys.readouterr().err


def test_json_stays_json_where_stdout_knows_ascii_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    print_json({"subject": "Zoë"})
    stdout.seek(0)
    assert json.loads(stdout.read()) == {"subject": "Zoë"}


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["watch", f"{tmp_path}/\x1b]0;mine\x07.png", "--state", str(tmp_path / "s")]) == 5
    assert run_command_line(["no\x1b[31msuch"]) == 2
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "\\u001b]0;mine\\u0007" in err


def test_a_stdout_that_cannot_show_a_name_is_no_traceback(tmp_path: Path) -> None:
    KeyRing.open(tmp_path, is_new=True)
    with open_state(tmp_path, KeyRing.open(tmp_path)):
        pass
    ran = subprocess.run(
        command("people", "show", "Zoë\u4e00", "--state", tmp_path),
        capture_output=True,
        env=environment(PYTHONIOENCODING="ascii"),
        check=False,
    )
    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr
    assert b"nobody is enrolled" in ran.stderr


@pytest.mark.parametrize("subject", ["A\x1b[31mda", "x" * 201, "\u202eadA", " "])
def test_a_name_that_does_not_show_is_wrong_usage_before_anything_is_done(
    subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    assert run_command_line(["people", "enroll", subject, "x.png", "--state", str(state)]) == 2
    err = capsys.readouterr().err
    assert "hint: " in err
    assert "\x1b" not in err
    assert not state.exists()


@pytest.mark.parametrize("arguments", [("watch",), ("people", "enroll", "Ada")])
def test_an_empty_folder_is_a_source_that_is_not_there(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    (empty / "subfolder").mkdir(parents=True)
    (empty / ".hidden.png").touch()
    assert run_command_line([*arguments, str(empty), "--state", str(tmp_path / "state")]) == 5
    said = capsys.readouterr()
    assert said.out == ""
    assert "holds no picture" in said.err
    assert "hint: put JPEG or PNG pictures into it" in said.err
