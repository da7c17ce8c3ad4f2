"""``people`` beyond enrolling: what is signed, for how long, under which key; and what is told of it."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.commands.app import run_command_line
from edge.commands.retention_terms import retention_terms
from edge.daemon.models import serving_bindings
from edge.daemon.state import open_gate_state
from edge.domain.consent import ConsentBasis, RetentionTerms
from edge.domain.embedding import Embedding
from edge.domain.errors import UsageError
from edge.domain.reasons import Reason
from edge.domain.verdict import AttemptId
from edge.settings.load import load_settings
from edge.store.state import State
from edge.store.state_lock import sole_daemon
from edge.trust.gallery_key_change import NEXT_KEY_FILE
from edge.trust.keys import GALLERY_KEY_FILE
from tests.support.gallery_attacks import copy_database, database, put_back, put_person_back

_NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


class Gate:
    """A state folder and the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.err = ""

    def run(self, *arguments: object, code: int = 0) -> list[dict[str, Any]]:
        words = [*map(str, arguments), "--state", str(self.folder), "--json"]
        assert run_command_line(words) == code, self._capsys.readouterr()
        said = self._capsys.readouterr()
        self.err = said.err
        assert "Traceback" not in said.err
        return [json.loads(line) for line in said.out.splitlines()]

    def open(self) -> State:
        return open_gate_state(load_settings(None, state_dir=self.folder))[0]

    def enroll(self, label: str, terms: RetentionTerms | None = None) -> str:
        with self.open() as state:
            return state.gallery.enroll(
                label=label,
                consent_note="form",
                created=_NOW,
                templates=[_embedding(binding, len(label)) for binding in serving_bindings().values()],
                crops=[b"a crop"],
                terms=terms or RetentionTerms(),
            )

    def audit(self) -> list[dict[str, Any]]:
        with self.open() as state:
            assert state.ledger.verify_chain().is_whole
            bodies = [json.loads(record.body) for record in state.ledger.records()]
        return [body["data"] for body in bodies if body["kind"] == "gallery"]

    def people(self) -> list[str]:
        return [record["subject"] for record in self.run("people", "list")]


def _embedding(binding: Any, axis: int) -> Embedding:
    vector = np.zeros(8, np.float32)
    vector[axis % 8] = 1
    return Embedding(binding, vector)


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gate:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return Gate(tmp_path / "state", capsys)


def test_every_change_goes_on_record_and_out_with_its_counter(gate: Gate) -> None:
    ada = gate.enroll("Ada")
    gate.enroll("Bob")
    gate.run("people", "erase", "Ada")
    gate.run("people", "rekey")
    acts = [(row["act"], row["subject"] == ada, row["counter"], row["people"]) for row in gate.audit()]
    assert acts == [
        ("enrolled", True, 1, 1),
        ("enrolled", False, 2, 2),
        ("erased", True, 3, 1),
        ("rekeyed", False, 4, 1),
    ]
    assert "Ada" not in json.dumps(gate.audit())
    with gate.open() as state:
        told = [json.loads(row.message.payload) for row in state.outbox.pending(10)]
    assert [event["data"]["counter"] for event in told] == [1, 2, 3, 4]
    assert all(event["type"] == "io.egate.gallery.v1" and "signature" in event for event in told)
    assert all("Ada" not in json.dumps(event) for event in told)


def test_what_cannot_go_on_record_is_not_done(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.enroll("Ada")

    def fails(*_: object) -> None:
        raise ValueError("no event")

    with monkeypatch.context() as patch:
        patch.setattr("edge.pipeline.witness.gallery_message", fails)
        gate.run("people", "erase", "Ada", code=5)
    assert gate.people() == ["Ada"]
    assert [row["act"] for row in gate.audit()] == ["enrolled"]
    gate.run("people", "accept")


@pytest.mark.parametrize("attack", ["rollback", "put back", "removed"])
def test_an_altered_gallery_ends_check_and_changes_with_4(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    monkeypatch.setenv("EDGE__ENGINE__MODELS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("EDGE__BROKER__PORT", "1")
    ada = gate.enroll("Ada")
    gate.enroll("Bob")
    old = copy_database(gate.folder, tmp_path / "old")
    if attack == "removed":
        with database(gate.folder) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM person WHERE subject = ?", (ada,))
    else:
        gate.run("people", "erase", "Ada")
        if attack == "rollback":
            put_back(old, gate.folder)
        else:
            put_person_back(old, gate.folder, ada)
    lines = {line["check"]: line for line in gate.run("check", code=4)}
    assert not lines["people"]["ok"]
    assert ada in lines["people"]["detail"]
    assert "people accept" in lines["people"]["hint"]
    gate.run("people", "export", tmp_path / "out", "--to", "11" * 32, code=4)
    gate.run("people", "rekey", code=4)
    gate.run("people", "purge", code=4)
    (shown,) = gate.run("people", "accept", code=4)
    assert shown["missing" if attack == "removed" else "added"] == [ada]
    assert shown["is_signed"] is False
    (taken,) = gate.run("people", "accept", "--yes")
    assert taken["is_signed"]
    assert gate.run("people", "accept") == [{"added": [], "missing": [], "changed": [], "is_signed": True}]
    assert gate.audit()[-1]["act"] == "accepted"
    assert ada in gate.audit()[-1]["detail"]


def test_the_whole_state_folder_put_back_does_not_fit_an_anchor_elsewhere(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE__STATE__ANCHOR_DIR", str(tmp_path / "card"))
    ada = gate.enroll("Ada")
    assert not (gate.folder / "gallery.anchor").exists()
    shutil.copytree(gate.folder, tmp_path / "old")
    gate.run("people", "erase", "Ada")
    shutil.rmtree(gate.folder)
    shutil.copytree(tmp_path / "old", gate.folder)
    (shown,) = gate.run("people", "accept", code=4)
    assert shown["added"] == [ada]


def test_somebody_whose_records_were_altered_is_erased_by_reference(gate: Gate) -> None:
    ada = gate.enroll("Ada")
    gate.enroll("Bob")
    with database(gate.folder) as connection:
        connection.execute("UPDATE person SET wrapped_key = zeroblob(60) WHERE subject = ?", (ada,))
    gate.run("people", "erase", "Ada", code=4)
    gate.run("people", "erase", ada)
    assert gate.people() == ["Bob"]
    gate.run("people", "accept")
    gate.run("people", "erase", "p-" + "0" * 32, code=2)


def test_whoever_is_over_is_purged_with_a_receipt_and_nobody_else(gate: Gate) -> None:
    soon = RetentionTerms(retain_until=_NOW + dt.timedelta(hours=1))  # of the time of enrolling, long ago
    late = RetentionTerms(retain_until=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    ada = gate.enroll("Ada", soon)
    gate.enroll("Bob", late)
    gate.enroll("Cem")
    with gate.open() as state:
        for attempt in ("a1", "a2"):
            state.evidence.keep(
                b"face",
                attempt=AttemptId(attempt),
                reason=Reason.ADVERSARIAL_INPUT,
                subject=None,
                taken=_NOW,
                hours=1,
            )
    assert gate.run("people", "purge") == [{"people": [ada], "evidence": 2}]
    assert gate.people() == ["Bob", "Cem"]
    expired, evidence = gate.audit()[-2:]
    assert (expired["act"], expired["subject"], expired["people"]) == ("expired", ada, 2)
    assert (evidence["act"], evidence["subject"]) == ("evidence_erased", None)
    assert evidence["detail"].startswith("2 pictures")
    assert expired["recorded"].endswith("Z")
    assert gate.run("people", "purge") == [{"people": [], "evidence": 0}]


def test_consent_and_retention_are_shown(gate: Gate) -> None:
    terms = RetentionTerms(
        basis=ConsentBasis.EXPLICIT_CONSENT,
        consented=dt.datetime(2026, 3, 14, tzinfo=dt.UTC),
        retain_until=dt.datetime(2999, 3, 14, tzinfo=dt.UTC),
    )
    gate.enroll("Ada", terms)
    (shown,) = gate.run("people", "list")
    assert shown["basis"] == "explicit_consent"
    assert shown["consented"] == "2026-03-14T00:00:00+00:00"
    assert shown["retain_until"] == "2999-03-14T00:00:00+00:00"


@pytest.mark.parametrize(
    ("consented", "retain_until"),
    [("soon", None), (None, "2026-13-01"), ("2027-01-01", None), (None, "2026-10-31"), (None, ""), ("9999999", None)],
)
def test_dates_that_cannot_be_are_refused(consented: str | None, retain_until: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        retention_terms(ConsentBasis.NOT_RECORDED, consented, retain_until, _NOW, default_days=None)
    assert caught.value.hint


def test_a_site_has_a_default_retention() -> None:
    terms = retention_terms(ConsentBasis.NOT_RECORDED, None, None, _NOW, default_days=30)
    assert terms.retain_until == _NOW + dt.timedelta(days=30)
    own = retention_terms(ConsentBasis.NOT_RECORDED, None, "2026-11-02", _NOW, default_days=30)
    assert own.retain_until == dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


def test_a_running_gate_keeps_its_key(gate: Gate) -> None:
    gate.enroll("Ada")
    with sole_daemon(gate.folder):
        gate.run("people", "rekey", code=5)
    assert "stop it" in gate.err
    assert not (gate.folder / NEXT_KEY_FILE).exists()


def test_a_new_key_elsewhere_is_all_that_opens_the_gallery(gate: Gate, tmp_path: Path) -> None:
    gate.enroll("Ada")
    gate.run("people", "rekey", "--to", tmp_path / "new.key")
    gate.run("people", "list", code=4)
    (gate.folder / GALLERY_KEY_FILE).write_bytes((tmp_path / "new.key").read_bytes())
    (gate.folder / GALLERY_KEY_FILE).chmod(0o600)
    assert gate.people() == ["Ada"]


@pytest.mark.parametrize("overwritten", [False, True])
def test_a_rekey_that_ended_half_way_is_finished_by_whoever_comes_next(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, overwritten: bool
) -> None:
    gate.enroll("Ada")

    def dies(*_: object, **__: object) -> None:
        if overwritten:
            (gate.folder / GALLERY_KEY_FILE).write_bytes(b"?" * 32)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("edge.commands.people_keeping.enforce_key", dies)
        assert run_command_line(["people", "rekey", "--state", str(gate.folder), "--json"]) != 0
    assert (gate.folder / NEXT_KEY_FILE).exists()
    assert gate.people() == ["Ada"]
    assert not (gate.folder / NEXT_KEY_FILE).exists()
    assert gate.people() == ["Ada"]


def test_a_rekey_that_never_reached_the_gallery_changes_nothing(gate: Gate) -> None:
    gate.enroll("Ada")
    (gate.folder / NEXT_KEY_FILE).write_bytes(b"n" * 32)
    (gate.folder / NEXT_KEY_FILE).chmod(0o600)
    assert gate.people() == ["Ada"]
    gate.run("people", "rekey")
    assert gate.people() == ["Ada"]


def test_evidence_is_viewed_once_it_is_on_record(gate: Gate, tmp_path: Path) -> None:
    with gate.open() as state:
        id_ = state.evidence.keep(
            b"a face",
            attempt=AttemptId("a1"),
            reason=Reason.CHALLENGE_FAILED,
            subject=None,
            taken=dt.datetime.now(dt.UTC),
            hours=1,
        )
    (listed,) = gate.run("evidence", "list")
    assert listed["id"] == id_
    gate.run("evidence", "view", id_, "--out", tmp_path / "face.png")
    assert (tmp_path / "face.png").read_bytes() == b"a face"
    assert (tmp_path / "face.png").stat().st_mode & 0o777 == 0o600
    assert [row["act"] for row in gate.audit()] == ["evidence_viewed"]
    assert id_ in gate.audit()[0]["detail"]
    gate.run("evidence", "view", id_, "--out", tmp_path / "face.png", code=2)
    gate.run("evidence", "view", "e-none", "--out", tmp_path / "other.png", code=2)
    assert len(gate.audit()) == 1
