"""``edge-gate state backup|restore``: what is damaged stays shut with a hint, and comes back from a backup."""

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.commands.app import run_command_line
from edge.daemon import state_restore
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import EdgeError, StoreError
from edge.settings.load import load_settings
from edge.store.state import DATABASE_FILE
from edge.trust.file_writing import move_durably
from tests.support.audit_chains import commit, seal

SEED = 20261125


class Gate:
    """A gate's state, and its command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.backup = folder.with_suffix(".backup")
        self.terminal = capsys

    def decide(self, count: int) -> None:
        opened, _ = open_gate_state(load_settings(None, state_dir=self.folder))
        with opened:
            commit(opened, count)

    def close_segment(self, rows: int) -> None:
        opened, _ = open_gate_state(load_settings(None, state_dir=self.folder))
        with opened:
            assert opened.segments.close(rows, seal) is not None

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        assert run_command_line([*words, "--state", str(self.folder), "--json"]) == code, words
        said = self.terminal.readouterr()
        self.errors = said.err
        return json.loads(said.out.splitlines()[-1]) if said.out else {}

    def rows(self, *words: str) -> list[dict[str, Any]]:
        assert run_command_line([*words, "--state", str(self.folder), "--json"]) == 0
        return [json.loads(line) for line in self.terminal.readouterr().out.splitlines()][:-1]

    def save(self) -> None:
        assert self.run("state", "backup", str(self.backup))["ok"]

    def restore(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.run("state", "restore", str(self.backup), *words, code=code)

    def last_record(self) -> dict[str, Any]:
        opened, _ = open_gate_state(load_settings(None, state_dir=self.folder))
        with opened:
            *_, record = opened.ledger.records()
        data: dict[str, Any] = json.loads(record.body)["data"]
        return data


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    made = Gate(tmp_path / "state", capsys)
    made.decide(12)
    made.close_segment(5)
    return made


def test_the_chain_goes_on_after_a_restore_and_tells_of_it(gate: Gate) -> None:
    gate.save()
    done = gate.restore()
    assert (done["sequence"], done["lost"]) == (12, 0)
    verdict = gate.run("audit", "verify")
    assert (verdict["ok"], verdict["records"]) == (True, 13)
    assert gate.last_record()["anomaly"] == "state_restored"
    assert (Path(done["replaced"]) / DATABASE_FILE).exists()
    assert (Path(done["replaced"]) / "audit").is_dir()
    gate.decide(3)
    assert gate.run("audit", "verify")["records"] == 16


def test_an_older_backup_is_noticed_by_the_state_that_is_there(gate: Gate) -> None:
    gate.save()
    gate.decide(4)
    before = (gate.folder / DATABASE_FILE).read_bytes()
    gate.restore(code=2)
    assert "row 16 is known" in gate.errors
    assert (gate.folder / DATABASE_FILE).read_bytes() == before
    assert gate.restore("--older")["lost"] == 4
    assert "rows to 16 are lost" in gate.last_record()["detail"]
    assert gate.run("audit", "verify")["records"] == 17, "numbers that were told are not given out again"
    assert [row["sequence"] for row in gate.rows("outbox", "list")] == [17]


def test_an_older_backup_is_noticed_by_a_checkpoint_that_left_the_gate(gate: Gate, tmp_path: Path) -> None:
    gate.save()
    gate.decide(4)
    kept = tmp_path / "checkpoints"
    kept.write_text(json.dumps(gate.run("audit", "checkpoint")), "utf-8")
    for file in gate.folder.glob(f"{DATABASE_FILE}*"):
        file.unlink()
    gate.restore("--checkpoint", str(kept), code=2)
    assert gate.restore("--checkpoint", str(kept), "--older")["lost"] == 4
    assert gate.run("audit", "verify")["records"] == 16 + 50 + 1, "as many as may follow the last checkpoint"
    gate.run("audit", "verify", "--checkpoint", str(kept), code=4)  # whoever kept it sees that rows are gone


def test_a_backup_is_made_while_a_gate_decides(gate: Gate) -> None:
    opened, _ = open_gate_state(load_settings(None, state_dir=gate.folder))
    with opened:
        commit(opened, 1)
        gate.save()
        commit(opened, 1)
    assert gate.restore("--older")["sequence"] == 13


@pytest.mark.parametrize("turn", range(12))
def test_flipped_bytes_never_look_well_and_a_backup_mends_them(gate: Gate, turn: int) -> None:
    gate.save()
    chance = random.Random(f"{SEED}-{turn}")
    file = gate.folder / DATABASE_FILE
    content = bytearray(file.read_bytes())
    used = [place for place, byte in enumerate(content) if byte]  # a page's unused bytes are nobody's
    for place in chance.sample(used, 1 + turn % 4):
        content[place] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    code = run_command_line(["audit", "verify", "--state", str(gate.folder), "--json"])
    assert code in {0, 4, 5}  # 0: a byte that the chain does not cover, such as one of an index
    done = gate.restore("--older")
    assert gate.run("audit", "verify")["ok"]
    assert Path(done["replaced"]).name.startswith("replaced-20")
    assert (Path(done["replaced"]) / DATABASE_FILE).read_bytes() == bytes(content) or code != 5


def test_a_damaged_database_ends_every_command_with_a_hint_that_works(gate: Gate) -> None:
    gate.save()
    file = gate.folder / DATABASE_FILE
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 8_000 + file.read_bytes()[8_100:])
    gate.run("outbox", "list", code=5)
    assert "edge-gate state restore" in gate.errors
    gate.restore(code=2)
    assert "nobody knows" in gate.errors
    assert gate.restore("--older")["lost"] is None
    gate.run("outbox", "list")


@pytest.mark.parametrize("harm", ["flip", "cut", "foreign", "empty"])
def test_a_backup_that_is_not_as_written_changes_nothing(gate: Gate, tmp_path: Path, harm: str) -> None:
    gate.save()
    content = bytearray(gate.backup.read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
    elif harm == "cut":
        del content[len(content) // 2 :]
    elif harm == "empty":
        content.clear()
    else:
        other = Gate(tmp_path / "other", gate.terminal)
        other.decide(2)
        other.save()
        content = bytearray(other.backup.read_bytes())
    gate.backup.write_bytes(content)
    before = sorted(path.name for path in gate.folder.iterdir())
    gate.restore(code=4)
    assert sorted(path.name for path in gate.folder.iterdir()) == before
    assert gate.run("audit", "verify")["records"] == 12


@pytest.mark.parametrize("moves", range(4))
def test_a_restore_that_was_cut_off_opens_nothing_until_it_is_done_again(
    gate: Gate, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.save()
    left = iter(range(moves))

    def move(source: Path, target: Path) -> None:
        if next(left, None) is None:
            raise StoreError("the power is gone", hint="none")
        move_durably(source, target)

    monkeypatch.setattr(state_restore, "move_durably", move)
    with pytest.raises(EdgeError, match="power"):
        state_restore.restore_state(
            gate.backup, gate.folder, state_restore.command_identity("s", "g", "d"), SystemClock()
        )
    monkeypatch.undo()
    gate.run("outbox", "list", code=4)
    assert "state restore" in gate.errors
    gate.restore("--older")
    assert gate.run("audit", "verify")["records"] == 13


def test_neither_is_done_where_it_cannot_be(gate: Gate, tmp_path: Path) -> None:
    gate.save()
    gate.run("state", "backup", str(gate.backup), code=2)
    gate.run("state", "backup", str(tmp_path / "no" / "file"), code=2)
    gate.backup.unlink()
    gate.restore(code=5)
    (gate.folder / "signing.key").unlink()
    gate.restore(code=4)


def test_a_gate_does_not_begin_on_a_damaged_database(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE__CAMERA__SOURCE", "/dev/video9")
    file = gate.folder / DATABASE_FILE
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 8_000 + file.read_bytes()[8_100:])
    assert run_command_line(["run", "--state", str(gate.folder)]) == 5
    gate.errors = gate.terminal.readouterr().err
    assert "edge-gate state restore" in gate.errors


def enroll(gate: Gate, label: str) -> None:
    vector = np.random.default_rng(len(label)).standard_normal(8).astype(np.float32)
    binding = Binding("sface", model_digest="m" * 64, recipe_digest="r" * 64, precision_class="reference")
    opened, _ = open_gate_state(load_settings(None, state_dir=gate.folder))
    with opened:
        opened.gallery.enroll(
            label=label,
            consent_note="signed form",
            created=dt.datetime.now(dt.UTC),
            templates=[Embedding(binding, vector / np.linalg.norm(vector))],
        )


def test_people_of_an_older_backup_are_refused_until_somebody_signs_for_them(gate: Gate) -> None:
    enroll(gate, "Ada")
    gate.save()
    gate.restore()
    assert gate.run("people", "accept")["is_signed"], "the same people: nothing to sign"
    enroll(gate, "Grace H")
    gate.restore("--older")
    assert not gate.run("people", "accept", code=4)["is_signed"]
    assert gate.run("people", "accept", "--yes")["is_signed"]
    assert gate.run("audit", "verify")["ok"]
