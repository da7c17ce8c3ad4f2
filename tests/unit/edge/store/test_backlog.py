"""How far the gate is behind, read from a real store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.domain.clock import SystemClock
from edge.domain.errors import StoreError
from edge.pipeline.act import Actor
from edge.store.backlog import Backlog, read_backlog
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.messages import IDENTITY, SIGNER, a_verdict


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with open_state(folder, KeyRing.open(folder, is_new=True)) as opened:
        yield opened


def record(state: State) -> None:
    Actor(
        ledger=state.ledger, door=None, identity=IDENTITY, signer=SIGNER, clock=SystemClock(), wake=lambda: None
    ).record_verdict(a_verdict())


def test_a_new_store_is_behind_with_nothing(state: State) -> None:
    assert read_backlog(state.database) == Backlog(rows=0, oldest=None, audit_head=0)


def test_what_waits_is_counted_and_what_left_is_not(state: State) -> None:
    for _ in range(3):
        record(state)
    first, second, _ = state.outbox.pending(3)
    assert read_backlog(state.database) == Backlog(rows=3, oldest=first.message.payload, audit_head=3)
    state.outbox.delete([first.id])
    assert read_backlog(state.database) == Backlog(rows=2, oldest=second.message.payload, audit_head=3)


def test_reading_neither_waits_for_a_commit_nor_holds_one_up(state: State) -> None:
    record(state)
    with state.database.transaction() as connection:
        connection.execute("DELETE FROM outbox")
        assert read_backlog(state.database).rows == 1
    assert read_backlog(state.database).rows == 0


def test_a_store_that_is_gone_is_a_fault(state: State) -> None:
    state.database.path.unlink()
    with pytest.raises(StoreError):
        read_backlog(state.database)
