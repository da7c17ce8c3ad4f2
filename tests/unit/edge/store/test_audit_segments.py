"""Closed segments: rows move, the chain stays whole, and whatever is done to it afterwards is found."""

import dataclasses
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.audit import AuditHead
from edge.domain.errors import StoreError, TrustError
from edge.domain.event import EventKind, OutboxMessage
from edge.store.audit_chain import Anchor, ChainReport
from edge.store.chain_export import exported_lines
from edge.store.state import State, open_state
from edge.trust.checkpoint import Checkpoint
from tests.support.audit_chains import KEYS, a_chain, commit, harm, seal

ROWS, SEGMENTS = 12, (3, 4)


@pytest.fixture
def chain(folder: Path) -> Path:
    a_chain(folder, ROWS, SEGMENTS)
    return folder


@pytest.fixture
def opened(chain: Path) -> Iterator[State]:
    with open_state(chain, KEYS) as state:
        yield state


def report_of(folder: Path, *anchors: Anchor) -> ChainReport:
    with open_state(folder, KEYS) as state:
        return state.ledger.verify_chain(anchors)


def anchor_of(folder: Path) -> Anchor:
    with open_state(folder, KEYS) as state:
        head = state.ledger.head()
    return Anchor(chain_id=head.chain_id, seq=head.seq, hash=head.hash, said_by="the checkpoint")


def test_rows_move_to_files_and_the_chain_goes_on(opened: State) -> None:
    report = opened.ledger.verify_chain()
    assert (report.is_whole, report.records) == (True, ROWS)
    first, second = opened.segments.all()
    assert (first.first_seq, first.last_seq, second.first_seq, second.last_seq) == (1, 3, 4, 7)
    assert first.file.stat().st_mode & 0o777 == 0o600
    assert opened.ledger.kept_from() == 8
    assert opened.segments.rows() == 5
    assert [record.seq for record in opened.ledger.records()] == [8, 9, 10, 11, 12]
    commit(opened, 2)
    assert opened.ledger.verify_chain().records == ROWS + 2


def test_the_last_row_and_those_whose_events_wait_stay(folder: Path) -> None:
    with open_state(folder, KEYS) as state:
        assert state.segments.close(10, seal) is None
        commit(state, 4)
        message = OutboxMessage(kind=EventKind.DECISION, topic="t", payload=b"{}", priority=0)
        state.ledger.commit(EventKind.DECISION, {}, lambda _: message)
        commit_later = state.segments.close(100, seal)
        assert commit_later is not None
        assert commit_later.last_seq == 4
        assert state.segments.close(100, seal) is None
        state.outbox.delete([5])
        assert state.segments.close(100, seal) is None  # the last row of all
        assert state.ledger.verify_chain().is_whole


def test_rows_cannot_leave_without_a_segment(opened: State) -> None:
    for statement in (
        "DELETE FROM audit WHERE seq = 8",
        "DELETE FROM audit_segment",
        "UPDATE audit_segment SET last_seq = 12",
        "INSERT INTO audit_segment VALUES (8, 9, zeroblob(32), zeroblob(32))",
        "INSERT INTO audit_segment VALUES (9, 10, (SELECT hash FROM audit WHERE seq = 10), zeroblob(32))",
        "INSERT INTO audit_segment VALUES (8, 12, (SELECT hash FROM audit WHERE seq = 12), zeroblob(32))",
    ):
        with pytest.raises(StoreError, match="refused a row"), opened.database.transaction() as connection:
            connection.execute(statement)
    assert opened.ledger.verify_chain().is_whole


def test_an_altered_row_does_not_move(chain: Path) -> None:
    harm(chain, "UPDATE audit SET body = CAST(body || ' ' AS BLOB) WHERE seq = 9")
    with open_state(chain, KEYS) as state:
        with pytest.raises(TrustError, match="row 9"):
            state.segments.close(4, seal)
        assert len(state.segments.all()) == 2
        assert not list((chain / "audit").glob(".*"))


def test_a_seal_that_fails_moves_nothing(chain: Path) -> None:
    def fail(_head: AuditHead) -> Checkpoint:
        raise StoreError("no", hint="no")

    with open_state(chain, KEYS) as state:
        with pytest.raises(StoreError):
            state.segments.close(4, fail)
        assert state.ledger.kept_from() == 8
    assert sorted(path.name for path in (chain / "audit").iterdir()) == [
        "audit-000000000001-000000000003.jsonl",
        "audit-000000000004-000000000007.jsonl",
    ]


def test_two_that_close_at_once_close_it_once(chain: Path) -> None:
    with open_state(chain, KEYS) as state, open_state(chain, KEYS) as other:

        def meanwhile(head: AuditHead) -> Checkpoint:
            other.segments.close(3, seal)
            return dataclasses.replace(seal(head), time="later")

        with pytest.raises(StoreError, match="refused a row"):
            state.segments.close(3, meanwhile)
        assert state.ledger.verify_chain().is_whole
        assert len(state.segments.all()) == 3


@pytest.mark.parametrize("change", ["gone", "empty", "cut", "appended", "space", "exchanged", "rewritten"])
def test_a_file_that_was_touched_is_found(chain: Path, change: str) -> None:
    with open_state(chain, KEYS) as state:
        first, second = (segment.file for segment in state.segments.all())
    content = second.read_bytes()
    lines = content.splitlines(keepends=True)
    if change == "gone":
        second.unlink()
    else:
        altered = {
            "empty": b"",
            "cut": b"".join(lines[:-2]),
            "appended": content + lines[1],
            "space": content.replace(b":", b": ", 1),
            "exchanged": first.read_bytes(),
            "rewritten": content.replace(rb"\"a5\"", rb"\"aX\""),
        }[change]
        second.write_bytes(altered)
    report = report_of(chain)
    assert not report.is_whole
    assert report.fault_seq in {"rewritten": (6,), "cut": (7, 8), "appended": (8,)}.get(change, (4,))
    assert report.detail


def test_what_the_chain_alone_cannot_show_a_checkpoint_does(chain: Path, tmp_path: Path) -> None:
    anchor = anchor_of(chain)
    assert report_of(chain, anchor).is_whole
    cut = tmp_path / "cut"
    shutil.copytree(chain, cut)
    harm(cut, "DELETE FROM audit WHERE seq > 10")
    harm(cut, "UPDATE chain SET head_seq = 10, head_hash = (SELECT hash FROM audit WHERE seq = 10)")
    assert report_of(cut).is_whole
    report = report_of(cut, anchor)
    assert (report.is_whole, report.fault_seq) == (False, 11)
    anew = tmp_path / "anew"
    a_chain(anew, ROWS)
    harm(anew, "UPDATE chain SET chain_id = ?", (anchor.chain_id,))
    assert "another" in report_of(anew, anchor).detail
    a_chain(tmp_path / "other", 3)
    assert "another chain" in report_of(tmp_path / "other", anchor).detail


def test_an_export_is_the_whole_chain_and_none_of_a_broken_one(chain: Path) -> None:
    with open_state(chain, KEYS) as state:
        lines = list(exported_lines(state.database, seal))
    assert len(lines) == ROWS + 2
    harm(chain, "UPDATE audit SET body = x'00' WHERE seq = 9")
    with open_state(chain, KEYS) as state, pytest.raises(TrustError, match="row 9"):
        list(exported_lines(state.database, seal))


TURNED = {
    f"SELECT rowid, {column} FROM {table}": f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608 - our own
    for table, column in [
        ("audit", "body"),
        ("audit", "hash"),
        ("audit", "previous_hash"),
        ("audit_segment", "last_hash"),
        ("audit_segment", "sha256"),
        ("chain", "head_hash"),
    ]
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_of_any_row_that_is_turned_is_found(chain: Path, data: st.DataObject) -> None:
    look, turn = data.draw(st.sampled_from(list(TURNED.items())))
    with open_state(chain, KEYS) as state:
        place, value = data.draw(st.sampled_from(state.database.read(look)))
    turned = bytearray(value)
    turned[data.draw(st.integers(0, len(turned) - 1))] ^= data.draw(st.integers(1, 255))
    assert harm(chain, turn, (bytes(turned), place)) == 1
    report = report_of(chain)
    assert harm(chain, turn, (value, place)) == 1
    assert not report.is_whole
    assert report.fault_seq is not None
    if " audit SET" in turn:
        assert report.fault_seq in (place, place + 1)


MOVED = [
    "DELETE FROM audit WHERE seq = :first",
    "DELETE FROM audit WHERE seq BETWEEN :first AND :second",
    "UPDATE audit SET seq = -seq WHERE seq IN (:first, :second)",
    "UPDATE audit SET seq = 99 WHERE seq = :first",
    "UPDATE audit SET body = (SELECT body FROM audit WHERE seq = :second) WHERE seq = :first",
    "UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = :second) WHERE seq = :first",
    "DELETE FROM audit_segment WHERE first_seq = 4 AND :first < :second",
    "UPDATE audit_segment SET first_seq = first_seq + 1 WHERE first_seq = 4 AND :first < :second",
    "UPDATE audit_segment SET last_seq = :first WHERE first_seq = 4",
    "UPDATE chain SET head_seq = :first",
    "UPDATE chain SET chain_id = :first || :second",
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statement=st.sampled_from(MOVED),
    pair=st.sampled_from([(a, b) for a in range(8, ROWS + 1) for b in range(a + 1, ROWS + 1)]),
)
def test_any_row_that_goes_or_changes_its_place_is_found(chain: Path, statement: str, pair: tuple[int, int]) -> None:
    folder = chain.with_name("mine")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(chain, folder)
    try:
        assert harm(folder, statement, dict(zip(("first", "second"), pair, strict=True))) > 0
    except sqlite3.IntegrityError:
        return  # not even SQLite takes it
    report = report_of(folder)
    assert not report.is_whole
    assert report.fault_seq is not None
