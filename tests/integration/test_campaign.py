"""A campaign end to end on two portraits: attacked, saved, judged, recorded, resumed."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from calibration.certificate.reached import read_reached
from edge.commands.app import run_command_line
from redteam.campaign import suites
from redteam.campaign.plan import Alignment, Attacker, Row
from redteam.campaign.records import PICTURES_FOLDER, RECORDS_FILE, Record, read_records
from redteam.scene import Goal

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]

ROWS = (
    Row(attacker=Attacker.NOISE, attack="noise", eps=8.0, scenes=2),
    Row(attacker=Attacker.OBLIVIOUS, attack="pgd-4", eps=8.0, scenes=2),
    Row(attacker=Attacker.ADAPTIVE, attack="pgd-2", eps=4.0, scenes=1, draws=1),
    Row(attacker=Attacker.SEED_KNOWN, attack="pgd-2", eps=4.0, scenes=1),
    Row(attacker=Attacker.NOISE, attack="noise", eps=2.0, scenes=1, goal=Goal.DODGING),
    Row(attacker=Attacker.JOINT, attack="patch-2", patch="glasses", scenes=1),
    *(
        Row(attacker=Attacker.JOINT, attack="patch-2", patch="glasses", is_printed=True, scenes=1, alignment=a)
        for a in (Alignment.DETECTED, Alignment.JITTERED)
    ),
    Row(attacker=Attacker.DISPLACEMENT, attack="patch-2", patch="glasses", scenes=1),
)


def test_a_campaign_runs_is_resumed_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(suites.SUITES, "smoke", ROWS)
    out = tmp_path / "campaign"
    arguments = ["redteam", "run", "--suite", "smoke", "--out", str(out), "--processes", "1", "--json"]
    assert run_command_line(arguments) == 0
    records = list(read_records(out))
    assert [len(_scenes(records, row)) for row in ROWS] == [row.scenes for row in ROWS]
    assert len(records) == sum(row.scenes for row in ROWS)
    assert all(r.linf <= 8.0 for r in records if "glasses" not in r.row)
    assert all((out / str(r.picture)).is_file() for r in records)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"attack", "attacker", "goal", "eps", "target", "n", "success", "rate", "ci95"} <= set(lines[0])
    elsewhere = tmp_path / "elsewhere.jsonl"
    assert run_command_line(["redteam", "report", str(out), "--reached", str(elsewhere)]) == 0
    assert elsewhere.read_bytes() == (out / "reached.jsonl").read_bytes()
    moved = [record for record in records if record.moved is not None]
    assert 0 < len(read_reached(elsewhere)) <= len(moved)
    assert not any(record.scene in elsewhere.read_text("utf-8") for record in moved)
    assert (out / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")

    kept = (out / RECORDS_FILE).read_bytes()
    half = b"\n".join(kept.split(b"\n")[:3]) + b"\n"
    (out / RECORDS_FILE).write_bytes(half + b'{"row": "cut')
    assert run_command_line(arguments) == 0
    again = list(read_records(out))
    assert {(r.row, r.scene) for r in again} == {(r.row, r.scene) for r in records}
    assert len(again) == len(records)


def test_a_campaign_of_another_seed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(suites.SUITES, "smoke", ROWS[:1])
    out = tmp_path / "campaign"
    arguments = ["redteam", "run", "--suite", "smoke", "--out", str(out), "--processes", "1"]
    assert run_command_line(arguments) == 0
    assert run_command_line([*arguments, "--seed", "2"]) == 2
    assert not (out / "reached.jsonl").exists(), "nobody wore a patch"
    assert run_command_line(["redteam", "report", str(out), "--reached", str(tmp_path / "reached.jsonl")]) == 2
    assert (out / PICTURES_FOLDER).is_dir()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "--suite", "huge"], 2),
        (["run", "--images", "nowhere"], 2),
        (["run", "--images", "nowhere", "--subjects", "nobody.txt"], 2),
        (["report", "nowhere"], 2),
    ],
)
def test_bad_input_ends_in_a_hint(
    arguments: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["redteam", *arguments]) == code
    said = capsys.readouterr().err
    assert "error:" in said
    assert "hint:" in said


def _scenes(records: list[Record], row: Row) -> set[str]:
    return {r.scene for r in records if r.row == row.row_id}
