"""Replays: declined with why, at their pace, behind everything, and stopped where the chain does not hold."""

from collections.abc import Sequence

import pytest

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.audit import AuditHead, AuditRecord
from edge.domain.command import CommandOutcome, ReplayOrder
from edge.domain.errors import TrustError
from edge.domain.event import EventKind, Ticket
from edge.messaging.audit_bodies import decision_body
from edge.messaging.replays import ReplayQueue, ReplayTerms
from edge.store.audit_chain import NO_HASH, next_record
from tests.support.hand_clock import HandClock
from tests.support.messages import IDENTITY, NOON, SIGNER, a_verdict

CHAIN = "c" * 32
SECOND = 1_000_000_000


class PlayedRecords:
    """A chain of rows 1 to 40, of which the first ten lie in closed segments."""

    def __init__(self) -> None:
        self.kept = 11
        self.altered: int | None = None
        self.unreadable: int | None = None

    def head(self) -> AuditHead:
        return AuditHead(chain_id=CHAIN, seq=40, hash=bytes(32))

    def kept_from(self) -> int:
        return self.kept

    def page(self, first_seq: int, count: int) -> Sequence[AuditRecord]:
        if self.altered is not None and first_seq <= self.altered < first_seq + count:
            raise TrustError("the database was altered", hint="look")
        return [self._record(seq) for seq in range(first_seq, first_seq + count)]

    def _record(self, seq: int) -> AuditRecord:
        body = {} if seq == self.unreadable else decision_body(a_verdict(), IDENTITY, NOON)
        return next_record(Ticket(CHAIN, seq), NO_HASH, EventKind.DECISION, body)


class Room:
    def __init__(self) -> None:
        self.records = PlayedRecords()
        self.clock = HandClock(NOON)
        self.told: list[AnomalyReport] = []
        self.queue = ReplayQueue(
            self.records, SIGNER, self.clock, ReplayTerms(most_events=20, per_s=5), self.told.append
        )

    def ask(self, first: int, last: int, chain: str | None = None) -> tuple[CommandOutcome, str]:
        result = self.queue.ask(ReplayOrder(command_id="ab", chain_id=chain, first_seq=first, last_seq=last))
        return result.outcome, result.detail

    def seqs(self, limit: int = 100) -> list[int]:
        return [row.seq for row in self.queue.pending(limit)]

    def take(self, limit: int = 100) -> list[int]:
        rows = self.queue.pending(limit)
        self.queue.delete([row.id for row in rows])
        return [row.seq for row in rows]

    def later(self, seconds: float) -> None:
        self.clock.now_ns += int(seconds * SECOND)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize(
    ("first", "last", "chain", "why"),
    [
        (20, 41, None, "ends at 40"),
        (10, 12, None, "before 11 are not kept"),
        (1, 1, None, "before 11 are not kept"),
        (11, 31, None, "at most 20"),
        (20, 21, "d" * 32, CHAIN),
    ],
)
def test_what_cannot_be_told_again_is_declined_with_why(
    room: Room, first: int, last: int, chain: str | None, why: str
) -> None:
    outcome, detail = room.ask(first, last, chain)
    assert outcome is CommandOutcome.DECLINED
    assert why in detail
    room.later(100)
    assert room.seqs() == []


def test_events_come_at_their_pace_in_order(room: Room) -> None:
    assert room.ask(11, 30, CHAIN)[0] is CommandOutcome.DONE
    assert room.take() == [11]
    room.later(1)
    assert room.take() == [12, 13, 14, 15, 16]
    assert room.take() == []
    room.later(100)
    assert room.take(3) == [17, 18, 19]
    assert room.take() == list(range(20, 31))
    room.later(100)
    assert room.take() == []


def test_they_stay_until_the_broker_has_them_and_their_ids_are_nobody_elses(room: Room) -> None:
    room.ask(11, 13)
    room.later(10)
    rows = room.queue.pending(10)
    assert [row.id for row in rows] == [-11, -12, -13]
    assert room.queue.pending(10) == rows
    room.queue.delete([-11])
    assert room.seqs() == [12, 13]
    assert room.queue.pending(10, without={EventKind.DECISION}) == ()


def test_one_at_a_time(room: Room) -> None:
    room.ask(11, 12)
    assert room.ask(13, 14)[0] is CommandOutcome.DECLINED
    room.later(10)
    assert room.seqs() == [11, 12]
    assert "another" in room.ask(13, 14)[1]
    room.take()
    assert room.ask(13, 14)[0] is CommandOutcome.DONE


def test_an_altered_row_is_not_signed_and_ends_the_replay(room: Room) -> None:
    room.records.altered = 14
    room.ask(11, 20)
    room.later(0.4)
    assert room.take() == [11, 12, 13]
    room.later(10)
    assert room.take() == []
    (report,) = room.told
    assert report.anomaly is Anomaly.FAULT_INTEGRITY
    assert room.ask(15, 16)[0] is CommandOutcome.DONE


def test_a_row_that_no_event_can_be_made_of_is_passed_over(room: Room) -> None:
    room.records.unreadable = 12
    room.ask(11, 13)
    room.later(10)
    assert room.take() == [11, 13]
    assert room.told == []


def test_rows_that_move_to_a_file_meanwhile_are_left_out(room: Room) -> None:
    room.ask(11, 20)
    assert room.take() == [11]
    room.records.kept = 18
    room.later(10)
    assert room.take() == [18, 19, 20]


def test_rows_that_all_moved_away_end_the_replay(room: Room) -> None:
    room.ask(11, 20)
    room.records.kept = 30
    room.later(10)
    assert room.take() == []
    assert room.ask(30, 31)[0] is CommandOutcome.DONE
