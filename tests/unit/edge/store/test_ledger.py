import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.domain.errors import StoreError, TrustError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing

Build = Callable[[Ticket], OutboxMessage]
_BODY = {"attempt": "a", "decision": "denied", "subject": None}


def _assert_pairs(state: State, length: int) -> None:
    """The chain is whole, has ``length`` rows, and every row has its message."""
    report = state.ledger.verify_chain()
    assert report.is_whole, report
    assert report.records == length
    records = [record.seq for record in state.ledger.records()]
    assert [message.seq for message in state.outbox.pending(10_000)] == records == list(range(1, length + 1))


def test_a_commit_writes_the_row_and_its_message(state: State, build: Build) -> None:
    tickets = [state.ledger.commit(EventKind.DECISION, {**_BODY, "n": n}, build) for n in range(3)]
    assert tickets == [Ticket(state.ledger.chain_id, seq) for seq in (1, 2, 3)]
    _assert_pairs(state, 3)
    assert [json.loads(record.body)["data"]["n"] for record in state.ledger.records(2)] == [1, 2]
    assert state.outbox.pending(1)[0].message == build(tickets[0])


def test_the_chain_goes_on_after_a_restart(folder: Path, keys: KeyRing, build: Build) -> None:
    with open_state(folder, keys) as state:
        first = state.ledger.commit(EventKind.DECISION, _BODY, build)
    with open_state(folder, keys) as state:
        assert state.ledger.commit(EventKind.DECISION, _BODY, build) == Ticket(first.chain_id, 2)
        _assert_pairs(state, 2)


def test_records_are_paged(state: State, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.store.ledger._PAGE_ROWS", 2)
    for _ in range(5):
        state.ledger.commit(EventKind.DECISION, _BODY, build)
    assert [record.seq for record in state.ledger.records()] == [1, 2, 3, 4, 5]
    assert list(state.ledger.records(6)) == []


@pytest.mark.parametrize("error", [ValueError("secret"), TrustError("signing failed", hint="sign"), sqlite3.Error()])
def test_a_failing_builder_leaves_nothing(state: State, build: Build, error: Exception) -> None:
    def fail(_: Ticket) -> OutboxMessage:
        raise error

    state.ledger.commit(EventKind.DECISION, _BODY, build)
    with pytest.raises(StoreError, match="not committed") as caught:
        state.ledger.commit(EventKind.DECISION, _BODY, fail)
    assert "secret" not in str(caught.value)
    assert caught.value.hint
    _assert_pairs(state, 1)
    assert state.ledger.commit(EventKind.DECISION, _BODY, build).seq == 2


def test_an_interrupted_builder_leaves_nothing(state: State, build: Build) -> None:
    def interrupt(_: Ticket) -> OutboxMessage:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        state.ledger.commit(EventKind.DECISION, _BODY, interrupt)
    _assert_pairs(state, 0)
    assert state.ledger.commit(EventKind.DECISION, _BODY, build).seq == 1


def test_a_builder_that_commits_is_refused(state: State, build: Build) -> None:
    def nest(_: Ticket) -> OutboxMessage:
        return build(state.ledger.commit(EventKind.DECISION, _BODY, build))

    with pytest.raises(StoreError, match="another"):
        state.ledger.commit(EventKind.DECISION, _BODY, nest)
    _assert_pairs(state, 0)


def test_a_message_of_another_kind_is_refused(state: State, build: Build) -> None:
    with pytest.raises(StoreError, match="anomaly"):
        state.ledger.commit(EventKind.ANOMALY, _BODY, build)
    _assert_pairs(state, 0)


@pytest.mark.parametrize("value", [float("nan"), 2**53, b"raw", object()])
def test_a_body_without_canonical_form_is_refused(state: State, build: Build, value: object) -> None:
    with pytest.raises(StoreError, match="canonical"):
        state.ledger.commit(EventKind.DECISION, {"value": value}, build)
    _assert_pairs(state, 0)


@pytest.mark.parametrize("table", ["audit", "outbox"])
def test_a_failing_insert_leaves_nothing(state: State, build: Build, table: str) -> None:
    state.ledger.commit(EventKind.DECISION, _BODY, build)
    connection = state.database._connection
    connection.execute(f"CREATE TRIGGER no AFTER INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(StoreError, match="no"):
        state.ledger.commit(EventKind.DECISION, _BODY, build)
    _assert_pairs(state, 1)
    connection.execute("DROP TRIGGER no")
    assert state.ledger.commit(EventKind.DECISION, _BODY, build).seq == 2
    _assert_pairs(state, 2)


def test_a_full_disk_leaves_whole_pairs(state: State, build: Build) -> None:
    connection = state.database._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    def fill() -> None:
        for _ in range(1_000):
            state.ledger.commit(EventKind.DECISION, {"padding": "x" * 700}, build)

    with pytest.raises(StoreError, match="no room") as caught:
        fill()
    assert "free space" in caught.value.hint
    done = state.ledger.verify_chain().records
    assert done > 0
    _assert_pairs(state, done)
    connection.execute("PRAGMA max_page_count = 100000")
    assert state.ledger.commit(EventKind.DECISION, _BODY, build).seq == done + 1
    _assert_pairs(state, done + 1)


def test_a_locked_database_leaves_nothing(state: State, folder: Path, build: Build) -> None:
    with contextlib.closing(sqlite3.connect(folder / DATABASE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            state.ledger.commit(EventKind.DECISION, _BODY, build)
        other.execute("ROLLBACK")
    _assert_pairs(state, 0)


def test_two_processes_share_one_chain(state: State, folder: Path, keys: KeyRing, build: Build) -> None:
    with open_state(folder, keys) as other:
        for seq in range(1, 7):
            ledger = state.ledger if seq % 2 else other.ledger
            assert ledger.commit(EventKind.DECISION, _BODY, build) == Ticket(state.ledger.chain_id, seq)
    _assert_pairs(state, 6)


def test_threads_share_one_chain(state: State, build: Build) -> None:
    def commit_some() -> None:
        for _ in range(10):
            state.ledger.commit(EventKind.DECISION, _BODY, build)

    threads = [threading.Thread(target=commit_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _assert_pairs(state, 40)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET body = x'00' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2",
        "INSERT INTO audit VALUES (9, zeroblob(32), x'00', zeroblob(32))",
        "INSERT INTO audit VALUES (3, zeroblob(32), x'00', zeroblob(32))",
        "UPDATE chain SET head_seq = 1",
        "UPDATE chain SET chain_id = 'other'",
        "DELETE FROM chain",
        "INSERT INTO chain VALUES (2, 'other', 0, zeroblob(32))",
        "INSERT INTO outbox VALUES (7, 'decision', 't', x'00', 1, 0, 0, '', 0)",
    ],
)
def test_the_database_itself_refuses_to_rewrite(state: State, build: Build, statement: str) -> None:
    for _ in range(2):
        state.ledger.commit(EventKind.DECISION, _BODY, build)
    with pytest.raises(StoreError, match="refused a row"), state.database.transaction() as connection:
        connection.execute(statement)
    _assert_pairs(state, 2)


@pytest.mark.parametrize(
    ("statement", "fault_seq"),
    [
        ("UPDATE audit SET body = CAST(body || ' ' AS BLOB) WHERE seq = 2", 2),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN 30 ELSE seq END", 2),
        ("INSERT INTO audit SELECT 5, hash, body, hash FROM audit WHERE seq = 4", 5),
        ("UPDATE chain SET chain_id = 'another'", 1),
        ("UPDATE chain SET head_seq = 3", 5),
        ("UPDATE chain SET head_hash = zeroblob(32)", 5),
    ],
)
def test_what_is_altered_around_the_triggers_is_found(
    state: State, build: Build, statement: str, fault_seq: int
) -> None:
    for n in range(4):
        state.ledger.commit(EventKind.DECISION, {"n": n}, build)
    connection = state.database._connection
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement)
    report = state.ledger.verify_chain()
    assert not report.is_whole
    assert report.fault_seq == fault_seq
    assert report.detail


def test_a_missing_head_is_an_alteration(state: State, build: Build) -> None:
    state.database._connection.execute("DROP TRIGGER chain_is_kept")
    state.database._connection.execute("DELETE FROM chain")
    with pytest.raises(TrustError, match="head is missing"):
        state.ledger.commit(EventKind.DECISION, _BODY, build)
    with pytest.raises(TrustError, match="head is missing"):
        state.ledger.verify_chain()


def test_numbers_of_lost_rows_are_passed_over_in_one_chain(state: State, build: Build) -> None:
    state.ledger.commit(EventKind.DECISION, {}, build)
    state.ledger.pass_over(5, EventKind.ANOMALY, {"detail": "lost"})
    state.ledger.pass_over(3, EventKind.ANOMALY, {"detail": "there are more already"})
    assert state.ledger.commit(EventKind.DECISION, {}, build).seq == 6
    assert state.ledger.verify_chain().is_whole
    assert [message.seq for message in state.outbox.pending(10)] == [1, 6]


def test_rows_without_a_canonical_form_pass_over_nothing(state: State, build: Build) -> None:
    with pytest.raises(TrustError):
        state.ledger.pass_over(5, EventKind.ANOMALY, {"number": float("nan")})
    assert state.ledger.commit(EventKind.DECISION, {}, build).seq == 1
