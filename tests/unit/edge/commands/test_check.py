"""``edge-gate check`` says no wherever ``run`` would refuse, and fetches nothing."""

import contextlib
import datetime as dt
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.commands import check_probes
from edge.commands.app import run_command_line
from edge.daemon.assembly import CatalogModels
from edge.daemon.models import serving_bindings
from edge.domain.embedding import Binding, Embedding
from edge.domain.posture import Posture
from edge.store.state import DATABASE_FILE, open_state
from edge.trust.keys import KeyRing
from edge.trust.profile_writing import sign_profile
from edge.trust.signing import Signer
from engines.building import building
from engines.cache import ModelStore
from tests.support.altered_state import alter
from tests.support.site_profile import CREATED, site_profile


class Check:
    """Runs the command with no models, camera or broker about."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.state = folder / "state"
        self.models = folder / "models"
        self._capsys = capsys
        monkeypatch.setenv("EDGE__ENGINE__MODELS_DIR", str(self.models))
        monkeypatch.setenv("EDGE__ENVIRONMENT", "development")
        monkeypatch.setenv("EDGE__BROKER__PORT", "1")

    def lines(self, code: int = 1) -> dict[str, dict[str, Any]]:
        """Return its lines by their names; it exits at least with 1, for there are no models here."""
        assert run_command_line(["check", "--state", str(self.state), "--json"]) == code
        records = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
        assert all(record["ok"] or (record["detail"] and record["hint"]) for record in records)
        return {record["check"]: record for record in records}

    def enroll(self, label: str = "Ada", **other: str) -> None:
        """Enroll somebody with made-up templates of the models that run, but for ``other``."""
        keys = KeyRing.open(self.state, is_new=True)
        with open_state(self.state, keys) as state:
            templates = [_embedding(Binding(**(_fields(b) | other))) for b in serving_bindings().values()]
            now = dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
            state.gallery.enroll(label=label, consent_note="paper", created=now, templates=templates)


def _fields(binding: Binding) -> dict[str, str]:
    return {name: getattr(binding, name) for name in Binding.__slots__}


def _embedding(binding: Binding) -> Embedding:
    vector = np.zeros(8, np.float32)
    vector[0] = 1
    return Embedding(binding, vector)


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(tmp_path, monkeypatch, capsys)


def test_missing_models_are_named_and_not_fetched(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("check must not fetch")

    monkeypatch.setattr("edge.daemon.models.fetch", fetched)
    monkeypatch.setattr("engines.fetch.download_wheel", fetched)
    lines = check.lines()
    for name in ("models", "engines"):
        assert not lines[name]["ok"]
        assert "facenet-20180408" in lines[name]["detail"]
        assert "edge-gate engines fetch" in lines[name]["hint"]
    assert not check.models.exists()


def test_while_engines_are_built_it_says_so(check: Check) -> None:
    with building(ModelStore(check.models)):
        lines = check.lines()
    for name in ("models", "engines"):
        assert "engines are being built" in lines[name]["detail"]
        assert "journalctl" in lines[name]["hint"]


def test_only_the_named_lines(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["check", "--only", "disk", "--only", "heat", "--state", str(check.state), "--json"]) == 0
    names = [json.loads(line)["check"] for line in capsys.readouterr().out.splitlines()]
    assert names == ["settings", "heat", "disk"]
    assert run_command_line(["check", "--only", "dsik"]) == 2
    assert "lines are settings, jetpack" in capsys.readouterr().err


def test_a_sound_state_is_fine(check: Check) -> None:
    check.enroll()
    lines = check.lines()
    assert lines["state"]["ok"]
    assert lines["people"]["ok"]
    assert "1 people" in lines["people"]["detail"]
    assert lines["profile"]["ok"]


@pytest.mark.parametrize("other", [{"precision_class": "int8"}, {"model_digest": "0" * 64}, {"recipe_digest": "0"}])
def test_templates_of_another_binding_are_not(check: Check, other: dict[str, str]) -> None:
    check.enroll(**other)
    line = check.lines(code=4)["people"]
    assert not line["ok"]
    assert "1 of 1 enrolled people" in line["detail"]


def test_a_profile_of_other_models_is_not(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {m: Binding(**(_fields(b) | {"model_digest": "0" * 64})) for m, b in serving_bindings().items()}
    monkeypatch.setattr(check_probes, "CatalogModels", lambda _: CatalogModels(others))
    line = check.lines(code=4)["profile"]
    assert not line["ok"]
    assert "other models" in line["detail"]


def test_the_profiles_signer_date_and_room_are_told(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signer = Signer(bytes(range(32)))
    sign_profile(site_profile(tmp_path / "profile", most_people=1), signer)
    monkeypatch.setenv("EDGE__POLICY__PROFILE", str(tmp_path / "profile"))
    monkeypatch.setenv("EDGE__TRUST__PROFILE_KEYS", signer.public_key.hex())
    monkeypatch.setenv("EDGE__ENVIRONMENT", "production")
    check.enroll()
    lines = check.lines()
    assert lines["profile"]["ok"]
    assert f"signed by a trusted key {signer.key_id}, expires in " in lines["profile"]["detail"]
    assert lines["gallery"]["ok"]
    assert "1 people, and the profile is for 1 at most, nearly full" in lines["gallery"]["detail"]
    check.enroll(label="Bob")
    line = check.lines()["gallery"]
    assert not line["ok"]
    assert "2 people are more than the 1" in line["detail"]


@pytest.mark.parametrize("environment", ["production", "development"])
def test_an_unsigned_profile_is_not(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: str
) -> None:
    monkeypatch.setenv("EDGE__POLICY__PROFILE", str(site_profile(tmp_path / "profile")))
    monkeypatch.setenv("EDGE__ENVIRONMENT", environment)
    lines = check.lines(code=4)
    assert "not signed" in lines["profile"]["detail"]
    assert lines["gallery"]["ok"]


def test_the_profile_that_ships_serves_development_alone(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the development key" in check.lines()["profile"]["detail"]
    monkeypatch.setenv("EDGE__ENVIRONMENT", "production")
    assert "which everybody has" in check.lines(code=4)["profile"]["detail"]


def test_an_expired_profile_is_told_and_in_production_is_not(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signer = Signer(bytes(range(32)))
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    sign_profile(site_profile(tmp_path / "profile", created=CREATED.replace(year=2020), expires=yesterday), signer)
    monkeypatch.setenv("EDGE__POLICY__PROFILE", str(tmp_path / "profile"))
    monkeypatch.setenv("EDGE__TRUST__PROFILE_KEYS", signer.public_key.hex())
    line = check.lines()["profile"]
    assert line["ok"]
    assert "expired at" in line["detail"]
    monkeypatch.setenv("EDGE__ENVIRONMENT", "production")
    assert "expired at" in check.lines(code=4)["profile"]["detail"]


@pytest.mark.parametrize("table", ["template", "outbox", "crop", "person"])
def test_a_missing_table_is_not(check: Check, table: str) -> None:
    check.enroll()
    with contextlib.closing(sqlite3.connect(check.state / DATABASE_FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"DROP TABLE {table}")
    line = check.lines(code=4)["state"]
    assert not line["ok"]
    assert table in line["detail"]


def test_an_altered_moment_of_enrollment_is_not(check: Check) -> None:
    check.enroll()
    alter(check.state, "person", "created", "yesterday")
    line = check.lines(code=4)["people"]
    assert not line["ok"]
    assert "altered" in line["detail"]


def test_a_picture_before_a_door_is_not(check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    monkeypatch.setenv("EDGE__CAMERA__SOURCE", str(tmp_path / "picture.png"))
    monkeypatch.setenv("EDGE__DOOR__KIND", "mqtt-only")
    line = check.lines()["camera"]
    assert not line["ok"]
    assert "is no camera" in line["detail"]


def test_a_broker_that_is_away_is_told_with_its_address(check: Check) -> None:
    line = check.lines()["broker"]
    assert not line["ok"]
    assert "127.0.0.1:1" in line["detail"]


def test_the_level_is_told_and_what_it_asks_for(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check.lines()["level"]["detail"].startswith("convenience (by default, door none): a face alone opens")
    monkeypatch.setenv("EDGE__POLICY__LEVEL", "high")
    assert check.lines()["level"]["detail"].startswith("high (set, door none): a badge or PIN")


def test_a_posture_that_denies_is_told(check: Check) -> None:
    check.enroll()
    assert check.lines()["posture"]["ok"]
    with open_state(check.state, KeyRing.open(check.state)) as state:
        state.limits.set_posture(Posture.LOCKDOWN)
    line = check.lines()["posture"]
    assert not line["ok"]
    assert "every attempt is denied" in line["detail"]


@pytest.mark.parametrize("damage", ["DELETE FROM limits", "DELETE FROM posture"])
def test_limits_and_posture_that_are_gone_are_an_alteration(check: Check, damage: str) -> None:
    check.enroll()
    with contextlib.closing(sqlite3.connect(check.state / DATABASE_FILE, isolation_level=None)) as connection:
        connection.execute(damage)
    assert not check.lines(code=4)["posture"]["ok"]
