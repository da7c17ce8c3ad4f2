"""What leaves the outbox without the broker's word: the least important first, on record, all or nothing."""

import datetime as dt
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from edge.domain.audit import Entry
from edge.domain.errors import StoreError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.store.outbox_upkeep import Tally
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.hand_clock import HandClock

_PRIORITY = {EventKind.DECISION: 0, EventKind.ANOMALY: 1, EventKind.LIFECYCLE: 2, EventKind.COMMAND: 2}
_HOUR_MS = 3_600_000
_KB = b"x" * 1_000


class Rig:
    def __init__(self, state: State, clock: HandClock) -> None:
        self.state = state
        self.clock = clock
        self.told: list[Tally] = []

    def commit(self, *kinds: EventKind) -> None:
        for kind in kinds:
            self.state.ledger.commit(kind, {}, partial(_message, kind))

    def tell(self, tally: Tally) -> Entry:
        self.told.append(tally)
        body = {"dropped": tally.count, "first": tally.first_seq, "last": tally.last_seq}
        return Entry(EventKind.ANOMALY, body, lambda ticket: _message(EventKind.ANOMALY, ticket, b"told"))

    def kinds(self) -> list[EventKind]:
        return [message.message.kind for message in self.state.outbox.pending(1_000)]

    def later(self, hours: float) -> None:
        self.clock.now_utc += dt.timedelta(hours=hours)


def _message(kind: EventKind, ticket: Ticket, payload: bytes = _KB) -> OutboxMessage:
    del ticket
    return OutboxMessage(kind=kind, topic=f"t/{kind}", payload=payload, priority=_PRIORITY[kind])


@pytest.fixture
def rig(folder: Path, keys: KeyRing) -> Iterator[Rig]:
    clock = HandClock(dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC))
    with open_state(folder, keys, clock=clock) as state:
        yield Rig(state, clock)
        assert state.ledger.verify_chain().is_whole


def test_over_the_bound_telemetry_goes_first_then_anomalies_then_decisions(rig: Rig) -> None:
    kinds = [EventKind.DECISION, EventKind.LIFECYCLE, EventKind.ANOMALY, EventKind.COMMAND] * 5
    rig.commit(*kinds)
    assert rig.state.upkeep.drop_surplus(rig.state.upkeep.weight().size_bytes, rig.tell) is None
    tally = rig.state.upkeep.drop_surplus(8_000, rig.tell)
    assert tally is not None
    assert tally.kinds == {EventKind.LIFECYCLE: 5, EventKind.COMMAND: 5, EventKind.ANOMALY: 3}
    assert (tally.first_seq, tally.last_seq) == (2, 20)
    assert rig.told == [tally]
    assert rig.kinds() == [EventKind.DECISION] * 5 + [EventKind.ANOMALY] * 3  # one of them tells
    *_, last = rig.state.ledger.records()
    assert json.loads(last.body)["data"] == {"dropped": 13, "first": 2, "last": 20}


def test_decisions_go_only_when_nothing_else_is_left_and_then_the_oldest(rig: Rig) -> None:
    rig.commit(*[EventKind.DECISION] * 6, EventKind.LIFECYCLE)
    tally = rig.state.upkeep.drop_surplus(4_000, rig.tell)
    assert tally is not None
    assert tally.kinds == {EventKind.LIFECYCLE: 1, EventKind.DECISION: 3}
    assert [message.seq for message in rig.state.outbox.pending(10)] == [4, 5, 6, 8]


def test_there_is_slack_until_the_next_one(rig: Rig) -> None:
    rig.commit(*[EventKind.DECISION] * 30)
    assert rig.state.upkeep.drop_surplus(20_000, rig.tell) is not None
    rig.commit(EventKind.DECISION)
    assert rig.state.upkeep.drop_surplus(20_000, rig.tell) is None
    assert len(rig.told) == 1


def test_what_is_too_old_goes_at_once_with_what_soon_will_be(rig: Rig) -> None:
    rig.commit(EventKind.DECISION)
    rig.later(0.5)
    rig.commit(EventKind.LIFECYCLE)
    rig.later(5)
    rig.commit(EventKind.DECISION)
    assert rig.state.upkeep.drop_old(6 * _HOUR_MS, rig.tell) is None
    rig.later(0.9)
    tally = rig.state.upkeep.drop_old(6 * _HOUR_MS, rig.tell)
    assert tally is not None
    assert (tally.kinds, tally.first_seq, tally.last_seq) == (
        {EventKind.DECISION: 1, EventKind.LIFECYCLE: 1},
        1,
        2,
    )
    assert [message.seq for message in rig.state.outbox.pending(10)] == [3, 4]


def test_what_cannot_be_told_is_not_dropped(rig: Rig) -> None:
    def fail(_tally: Tally) -> Entry:
        raise StoreError("no room", hint="make room")

    rig.commit(*[EventKind.DECISION] * 3)
    rig.later(100)
    with pytest.raises(StoreError):
        rig.state.upkeep.drop_old(_HOUR_MS, fail)
    with pytest.raises(StoreError):
        rig.state.upkeep.drop_surplus(10, fail)
    rig.state.outbox.refuse({1: "Not authorized"})
    with pytest.raises(StoreError):
        rig.state.upkeep.set_aside(1, fail)
    assert len(rig.kinds()) == 3


def test_a_clock_that_is_set_makes_nothing_old(rig: Rig) -> None:
    rig.clock.now_utc = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    rig.commit(EventKind.DECISION)
    jump = dt.datetime(2026, 3, 14, tzinfo=dt.UTC) - rig.clock.now_utc
    rig.clock.now_utc += jump
    rig.state.upkeep.keep_time(shift_ms=jump // dt.timedelta(milliseconds=1), not_before_ms=0)
    assert rig.state.upkeep.drop_old(_HOUR_MS, rig.tell) is None
    rig.later(2)
    assert rig.state.upkeep.drop_old(_HOUR_MS, rig.tell) is not None


def test_what_was_written_before_the_clock_was_set_begins_to_age_when_it_is_found(rig: Rig) -> None:
    rig.clock.now_utc = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    rig.commit(EventKind.DECISION)
    rig.clock.now_utc = dt.datetime(2026, 3, 14, tzinfo=dt.UTC)  # another start: nobody saw the step
    profile_made_ms = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp() * 1_000)
    rig.state.upkeep.keep_time(shift_ms=0, not_before_ms=profile_made_ms)
    assert rig.state.upkeep.drop_old(_HOUR_MS, rig.tell) is None


def test_what_comes_from_the_future_begins_to_age_now(rig: Rig) -> None:
    rig.commit(EventKind.DECISION)
    rig.later(-1_000)
    rig.state.upkeep.keep_time(shift_ms=0, not_before_ms=0)
    rig.later(2)
    assert rig.state.upkeep.drop_old(_HOUR_MS, rig.tell) is not None


def test_what_was_refused_too_often_is_set_aside_and_kept(rig: Rig) -> None:
    rig.commit(*[EventKind.DECISION] * 3)
    rig.state.outbox.refuse({2: "Quota exceeded"})
    assert rig.state.upkeep.set_aside(2, rig.tell) is None
    rig.state.outbox.refuse({2: "Not authorized"})
    tally = rig.state.upkeep.set_aside(2, rig.tell)
    assert tally is not None
    assert (tally.count, tally.first_seq, tally.refusal) == (1, 2, "Not authorized")
    assert [message.seq for message in rig.state.outbox.pending(10)] == [1, 3, 4]
    assert rig.state.outbox.depth() == 3
    (aside,) = rig.state.outbox.aside()
    assert (aside.seq, aside.attempts, aside.refusal) == (2, 2, "Not authorized")
    assert rig.state.upkeep.weight().rows == 4


def test_what_is_aside_can_be_sent_again_or_dropped_and_nothing_else_can(rig: Rig) -> None:
    rig.commit(*[EventKind.DECISION] * 4)
    rig.state.outbox.refuse({1: "no", 2: "no", 3: "no"})
    rig.state.upkeep.set_aside(1, rig.tell)
    assert rig.state.upkeep.retry({4}, rig.tell) is None
    assert rig.state.upkeep.drop_aside({4}, rig.tell) is None
    assert rig.state.upkeep.retry({1, 4}, rig.tell) is not None
    first = rig.state.outbox.pending(1)[0]
    assert (first.seq, first.attempts) == (1, 0)
    tally = rig.state.upkeep.drop_aside(None, rig.tell)
    assert tally is not None
    assert (tally.count, tally.first_seq, tally.last_seq) == (2, 2, 3)
    assert rig.state.outbox.aside() == ()
    assert [tally.count for tally in rig.told] == [3, 1, 2]
    assert rig.state.upkeep.retry(None, rig.tell) is None
