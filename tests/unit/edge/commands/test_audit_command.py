"""``edge-gate audit``: whole or not, against checkpoints, on this machine and on another one."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.commands.app import run_command_line
from edge.store.state import open_state
from edge.trust.keys import KeyRing
from tests.support.audit_chains import commit, harm


class Gate:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.keys = KeyRing.open(folder, is_new=True)
        self.capsys = capsys
        with open_state(folder, self.keys) as state:
            commit(state, 9)

    @property
    def key(self) -> str:
        return self.keys.signer.public_key.hex()

    def run(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        assert run_command_line([*words, "--state", str(self.folder), "--json"]) == code
        return [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]

    def verify(self, *words: str, code: int = 0) -> dict[str, Any]:
        (found,) = self.run("audit", "verify", *words, code=code)
        return found

    def checkpoint(self, file: Path) -> Path:
        (document,) = self.run("audit", "checkpoint")
        file.write_text(json.dumps(document) + "\n", encoding="utf-8")
        return file


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path / "state", capsys)


def test_a_whole_chain_is_whole_across_segments(gate: Gate) -> None:
    assert gate.verify()["records"] == 9
    (closed,) = gate.run("audit", "rotate", "--rows", "4")
    assert (closed["ok"], closed["first_seq"], closed["last_seq"]) == (True, 1, 4)
    found = gate.verify()
    assert (found["ok"], found["records"], found["fault_seq"], found["checkpoints"]) == (True, 9, None, 0)
    gate.run("audit", "rotate")
    assert gate.run("audit", "rotate") == [{"ok": False, "first_seq": None, "last_seq": None, "file": None}]
    assert gate.verify()["records"] == 9


def test_the_first_bad_row_is_named_and_the_command_exits_with_4(gate: Gate) -> None:
    harm(gate.folder, "UPDATE audit SET body = CAST(body || ' ' AS BLOB) WHERE seq IN (6, 8)")
    found = gate.verify(code=4)
    assert (found["ok"], found["records"], found["fault_seq"]) == (False, 5, 6)
    assert found["detail"]
    assert run_command_line(["audit", "verify", "--state", str(gate.folder)]) == 4
    assert "row 6" in gate.capsys.readouterr().out


def test_truncation_is_found_against_a_checkpoint_alone(gate: Gate, tmp_path: Path) -> None:
    file = gate.checkpoint(tmp_path / "checkpoint.json")
    assert gate.verify("--checkpoint", str(file))["checkpoints"] == 1
    harm(gate.folder, "DELETE FROM audit WHERE seq > 7")
    harm(gate.folder, "UPDATE chain SET head_seq = 7, head_hash = (SELECT hash FROM audit WHERE seq = 7)")
    assert gate.verify()["records"] == 7
    found = gate.verify("--checkpoint", str(file), code=4)
    assert (found["fault_seq"], found["records"]) == (8, 7)


def test_a_checkpoint_of_somebody_else_proves_nothing(gate: Gate, tmp_path: Path) -> None:
    file = gate.checkpoint(tmp_path / "checkpoint.json")
    document = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**document, "sequence": 3}), encoding="utf-8")
    gate.run("audit", "verify", "--checkpoint", str(file), code=4)
    for text in ("", "nonsense", '{"a": 1}'):
        file.write_text(text, encoding="utf-8")
        gate.run("audit", "verify", "--checkpoint", str(file), code=4)
    file.write_bytes(b"\xff")
    gate.run("audit", "verify", "--checkpoint", str(file), code=4)
    gate.run("audit", "verify", "--checkpoint", str(tmp_path / "none"), code=5)


def test_an_export_is_checked_without_the_gate(gate: Gate, tmp_path: Path) -> None:
    gate.run("audit", "rotate", "--rows", "4")
    export = tmp_path / "audit.jsonl"
    (told,) = gate.run("audit", "export", str(export))
    assert told["public_key"] == gate.key
    assert export.stat().st_mode & 0o777 == 0o600
    elsewhere = Gate(tmp_path / "elsewhere", gate.capsys)
    found = elsewhere.verify("--export", str(export), "--public-key", gate.key)
    assert (found["ok"], found["records"], found["checkpoints"]) == (True, 9, 1)
    assert elsewhere.verify("--export", str(export))["checkpoints"] == 0
    elsewhere.run("audit", "verify", "--export", str(export), "--public-key", elsewhere.key, code=4)
    gate.run("audit", "export", str(export), code=2)
    assert run_command_line(["audit", "export", "-", "--state", str(gate.folder)]) == 0
    assert len(gate.capsys.readouterr().out.splitlines()) == 11


@pytest.mark.parametrize("change", ["row", "removed", "swapped", "cut", "head"])
def test_an_export_that_was_touched_is_found(gate: Gate, tmp_path: Path, change: str) -> None:
    export = tmp_path / "audit.jsonl"
    gate.run("audit", "export", str(export))
    head, *rows, end = export.read_bytes().splitlines(keepends=True)
    lines, fault_seq = {
        "row": ([head, *rows[:4], rows[4].replace(rb"\"a4\"", rb"\"aX\""), *rows[5:], end], 5),
        "removed": ([head, *rows[:2], *rows[3:], end], 3),
        "swapped": ([head, rows[1], rows[0], *rows[2:], end], 1),
        "cut": ([head, *rows[:-2], end], 8),
        "head": ([head.replace(b'"previous_hash":"00', b'"previous_hash":"01'), *rows, end], 1),
    }[change]
    export.write_bytes(b"".join(lines))
    found = gate.verify("--export", str(export), "--public-key", gate.key, code=4)
    assert found["fault_seq"] == fault_seq


def test_segments_are_checked_one_after_the_other(gate: Gate) -> None:
    files = [str(gate.run("audit", "rotate", "--rows", "4")[0]["file"]) for _ in range(2)]
    words = ("--public-key", gate.key, "--export")
    assert gate.verify(*words, files[0], "--export", files[1])["records"] == 8
    assert gate.verify(*words, files[1])["records"] == 8
    assert gate.verify(*words, files[1], "--export", files[0], code=4)["fault_seq"] == 9


@pytest.mark.parametrize("content", [b"", b"x", b"{}\n", b"[]\n", b'{"format":"egate-audit-1"}\n', b"\xff\n"])
def test_a_file_of_something_else_is_refused(gate: Gate, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    gate.run("audit", "verify", "--export", str(file), code=4)


def test_bad_words_are_usage(gate: Gate, tmp_path: Path) -> None:
    gate.run("audit", "verify", "--public-key", "zz", code=2)
    gate.run("audit", "verify", "--export", str(tmp_path / "none"), code=5)
    file = gate.checkpoint(tmp_path / "checkpoint.json")
    export = tmp_path / "audit.jsonl"
    gate.run("audit", "export", str(export))
    gate.run("audit", "verify", "--export", str(export), "--checkpoint", str(file), code=2)
    for command in (["verify"], ["checkpoint"], ["rotate"], ["export", "x"]):
        assert run_command_line(["audit", *command, "--state", str(tmp_path / "nothing")]) == 2
    assert not (tmp_path / "nothing").exists()
