"""The certificate with real models: enrolled, asked for, missing, made anew, erased."""

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from edge.store.state import DATABASE_FILE
from tests.support.gate_command import ENROLLED, edge_gate

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("e2e")]

BOTH = {"EDGE__POLICY__CERTIFICATE": "tiered,realigned-1e-3"}
EVERY = ["tiered", "union-1e-2", "union-1e-3", "worn-1e-3", "realigned-1e-3"]


@pytest.fixture
def mine(state: Path, tmp_path: Path) -> Path:
    shutil.copytree(state, tmp_path / "state")
    return tmp_path / "state"


def sql(state: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(state / DATABASE_FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return connection.execute(statement).fetchall()


def asked(state: Path) -> tuple[str, str, dict[str, Any]]:
    """Show the enrolled person to a gate that needs certificates; return decision, reason and the last finding."""
    ran = edge_gate("watch", ENROLLED, "--state", state, "--json", "--scores", env=BOTH)
    assert ran.code == 0, ran.err
    (record,) = ran.records
    return record["decision"], record["reason"], record["findings"][-1]


def shown(state: Path) -> list[str]:
    certificates: list[str] = edge_gate("people", "show", "Eileen", "--state", state, "--json").records[0][
        "certificates"
    ]
    return certificates


def checked(state: Path, env: dict[str, str]) -> dict[str, Any]:
    ran = edge_gate("check", "--state", state, "--json", env={"EDGE__ENVIRONMENT": "development", **env})
    return next(line for line in ran.records if line["check"] == "certificate")


def enrolled_before(state: Path, deletion: str) -> None:
    """Delete what an older version did not store, and have an operator vouch for people who were not signed then."""
    sql(state, deletion)
    sql(state, "UPDATE person SET mark = NULL")
    assert edge_gate("people", "accept", "--yes", "--state", state).code == 0


def test_whoever_is_enrolled_has_the_templates_and_is_let_in(mine: Path) -> None:
    assert shown(mine) == EVERY
    decision, reason, finding = asked(mine)
    assert (decision, reason) == ("granted", "match")
    assert (finding["defense"], finding["outcome"]) == ("occlude", "pass")
    assert finding["statistic"] >= finding["threshold"]
    assert checked(mine, BOTH)["ok"]


def test_whoever_was_enrolled_before_is_let_in_only_where_no_certificate_is_needed(mine: Path) -> None:
    enrolled_before(mine, "DELETE FROM masked_template")
    assert shown(mine) == []
    ran = edge_gate("watch", ENROLLED, "--state", mine, "--json")
    assert ran.records[0]["decision"] == "granted"
    line = checked(mine, {})
    assert line["ok"]
    assert "0 of 1 people" in line["detail"]

    decision, reason, finding = asked(mine)
    assert (decision, reason) == ("denied", "defense_incomplete")
    assert (finding["defense"], finding["outcome"]) == ("occlude", "error")
    assert "people rederive" in finding["detail"]
    line = checked(mine, BOTH)
    assert not line["ok"]
    assert "rederive" in line["hint"]


def test_templates_are_made_anew_of_kept_pictures(mine: Path) -> None:
    rows = sql(mine, "SELECT count(*) FROM masked_template")
    enrolled_before(mine, "DELETE FROM masked_template")
    ran = edge_gate("people", "rederive", "--state", mine, "--json")
    assert ran.code == 0, ran.err
    assert [(r["subject"], r["ok"]) for r in ran.records] == [("Eileen", True)]
    assert sql(mine, "SELECT count(*) FROM masked_template") == rows
    assert asked(mine)[:2] == ("granted", "match")
    assert edge_gate("people", "rederive", "Nobody", "--state", mine).code == 2


def test_without_kept_pictures_nothing_is_made_and_nothing_lost(mine: Path) -> None:
    enrolled_before(mine, "DELETE FROM crop")
    before = sql(mine, "SELECT vectors FROM masked_template ORDER BY id")
    ran = edge_gate("people", "rederive", "Eileen", "--state", mine, "--json")
    assert ran.code == 1
    assert not ran.records[0]["ok"]
    assert "enroll" in ran.records[0]["hint"]
    assert sql(mine, "SELECT vectors FROM masked_template ORDER BY id") == before


def test_altered_rows_let_nobody_in(mine: Path) -> None:
    sql(mine, "UPDATE masked_template SET picture = picture + 1 WHERE picture = 4 OR picture = 2")
    ran = edge_gate("watch", ENROLLED, "--state", mine, env=BOTH)
    assert ran.code == 4
    assert "hint:" in ran.err
    assert edge_gate("check", "--state", mine, env={"EDGE__ENVIRONMENT": "development"}).code == 4


def test_erasing_a_person_leaves_no_occluded_template(mine: Path) -> None:
    assert edge_gate("people", "erase", "Eileen", "--state", mine).code == 0
    assert sql(mine, "SELECT count(*) FROM masked_template") == [(0,)]
