"""Limits and posture in the store: kept, unlocked from elsewhere, and never taken for harmless when they are gone."""

import sqlite3
from pathlib import Path

import pytest

from edge.domain.errors import StoreError, TrustError
from edge.domain.posture import Posture
from edge.store.limits import StoredLimits, posture_or_lockdown
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing


def test_a_new_gate_has_no_failures_and_a_normal_posture(state: State) -> None:
    assert state.limits.load() == StoredLimits(boot_id="", saved_ns=0, record="{}", unlocks=0)
    assert state.limits.posture() is Posture.NORMAL


def test_what_was_saved_is_there_after_a_restart(folder: Path, keys: KeyRing) -> None:
    with open_state(folder, keys) as first:
        first.limits.save("boot", 7, "record")
        first.limits.set_posture(Posture.LOCKDOWN)
    with open_state(folder, keys) as second:
        assert second.limits.load() == StoredLimits(boot_id="boot", saved_ns=7, record="record", unlocks=0)
        assert second.limits.posture() is Posture.LOCKDOWN


def test_an_unlock_from_elsewhere_is_noticed_and_not_lost_by_a_save(
    folder: Path, state: State, keys: KeyRing
) -> None:
    state.limits.save("boot", 7, "record")
    before = state.limits.changes()
    state.limits.save("boot", 8, "record")
    assert state.limits.changes() == before
    with open_state(folder, keys) as other:
        assert other.limits.unlock() == 1
    assert state.limits.changes() != before
    assert state.limits.load() == StoredLimits(boot_id="", saved_ns=0, record="{}", unlocks=1)
    state.limits.save("boot", 9, "record")
    assert state.limits.load().unlocks == 1


def test_rows_that_are_gone_are_an_alteration(folder: Path, state: State) -> None:
    with sqlite3.connect(folder / DATABASE_FILE) as connection:
        connection.execute("DELETE FROM limits")
        connection.execute("DELETE FROM posture")
    with pytest.raises(TrustError):
        state.limits.load()
    with pytest.raises(TrustError):
        state.limits.posture()
    posture, lost = posture_or_lockdown(state.limits)
    assert posture is Posture.LOCKDOWN
    assert "altered" in lost
    state.limits.unlock()
    state.limits.set_posture(Posture.NORMAL)
    assert state.limits.load().unlocks == 1
    assert posture_or_lockdown(state.limits) == (Posture.NORMAL, "")


def test_another_posture_cannot_be_written(folder: Path, state: State) -> None:
    with sqlite3.connect(folder / DATABASE_FILE) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE posture SET posture = 'open'")
    assert state.limits.posture() is Posture.NORMAL


def test_a_store_that_is_closed_says_so(state: State) -> None:
    state.close()
    for use in (state.limits.load, state.limits.posture, state.limits.unlock, lambda: state.limits.save("b", 1, "")):
        with pytest.raises(StoreError):
            use()
