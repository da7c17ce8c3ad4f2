"""The outbox as the drain sees it: bounds and refusals end in one anomaly, on record, and replays come last."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.daemon.outbox_keeper import LOOK_NS, QUIET_NS, OutboxKeeper
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.command import ReplayOrder
from edge.domain.errors import StoreError
from edge.domain.event import EventKind
from edge.messaging.audit_bodies import decision_body, lifecycle_body
from edge.messaging.entries import anomaly_entry
from edge.messaging.envelope import decision_message, lifecycle_message
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.replays import ReplayQueue, ReplayTerms
from edge.settings.record_sections import OutboxSection
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.hand_clock import HandClock
from tests.support.messages import IDENTITY, NOON, SIGNER, a_verdict

SET_SINCE_MS = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp() * 1_000)
HOUR_NS = 3_600_000_000_000


class Rig:
    def __init__(self, state: State, clock: HandClock) -> None:
        self.state = state
        self.clock = clock
        self.bounds = OutboxSection(most_attempts=2, most_age_hours=10, most_mib=1)
        self.told: list[AnomalyReport] = []
        self.replays = ReplayQueue(state.ledger, SIGNER, clock, ReplayTerms(100, 1_000), self.told.append)
        self.keeper = self.made()

    def made(self) -> OutboxKeeper:
        return OutboxKeeper(
            self.state.outbox,
            self.state.upkeep,
            self.replays,
            self.bounds,
            lambda report: anomaly_entry(report, IDENTITY, SIGNER, self.clock.utc()),
            self.clock,
            SET_SINCE_MS,
        )

    def decide(self, count: int = 1) -> None:
        verdict, now = a_verdict(), NOON
        for _ in range(count):
            self.state.ledger.commit(
                EventKind.DECISION,
                decision_body(verdict, IDENTITY, now),
                lambda ticket: decision_message(verdict, IDENTITY, ticket, SIGNER, now),
            )

    def start(self) -> None:
        self.state.ledger.commit(
            EventKind.LIFECYCLE,
            lifecycle_body(LifecyclePhase.STARTING, "1", IDENTITY, NOON),
            lambda ticket: lifecycle_message(LifecyclePhase.STARTING, "1", IDENTITY, ticket, SIGNER, NOON),
        )

    def later(self, ns: int) -> None:
        self.clock.now_ns += ns
        self.clock.now_utc += dt.timedelta(microseconds=ns // 1_000)

    def kept(self) -> list[int]:
        self.keeper.keep()
        return [row.seq for row in self.keeper.pending(10)]

    def anomalies(self) -> list[dict[str, Any]]:
        events = [json.loads(row.message.payload) for row in self.state.outbox.pending(1_000)]
        return [event["data"] for event in events if event["type"] == "io.egate.anomaly.v1"]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    clock = HandClock(NOON)
    clock.now_ns = HOUR_NS
    with open_state(tmp_path / "state", KeyRing(signer=SIGNER, gallery_key=bytes(32)), clock=clock) as state:
        yield Rig(state, clock)
        assert state.ledger.verify_chain().is_whole


def test_what_is_too_old_goes_with_one_anomaly_that_names_it(rig: Rig) -> None:
    rig.decide(3)
    rig.start()
    rig.later(11 * HOUR_NS)
    rig.keeper.keep()
    assert [row.seq for row in rig.keeper.pending(10)] == [5]
    (data,) = rig.anomalies()
    assert data["anomaly"] == Anomaly.OUTBOX_DROPPED.value
    assert data["detail"] == "too old: 4 events (3 decision, 1 lifecycle), sequence 1 to 4"
    rig.later(LOOK_NS)
    rig.keeper.keep()
    assert len(rig.anomalies()) == 1


def test_more_than_fits_goes_with_one_anomaly_and_decisions_last(rig: Rig) -> None:
    for _ in range(100):
        rig.start()
    rig.decide(5)
    size = rig.state.upkeep.weight().size_bytes
    rig.bounds = rig.bounds.model_copy(update={"most_mib": size / 2 / 2**20})
    rig.keeper = rig.made()
    rig.keeper.keep()
    (data,) = rig.anomalies()
    assert data["anomaly"] == Anomaly.OUTBOX_DROPPED.value
    assert data["detail"].startswith("no room: ")
    assert "lifecycle), sequence 1 to " in data["detail"]
    kinds = [row.message.kind for row in rig.state.outbox.pending(1_000)]
    assert kinds.count(EventKind.DECISION) == 5
    assert rig.state.upkeep.weight().size_bytes < size / 2


def test_a_clock_that_is_set_while_it_runs_drops_nothing(rig: Rig) -> None:
    rig.decide()
    rig.keeper.keep()
    rig.clock.now_utc += dt.timedelta(days=4_000)
    rig.later(LOOK_NS)
    assert rig.kept() == [1]
    rig.clock.now_utc -= dt.timedelta(days=4_000)
    rig.later(LOOK_NS)
    assert rig.kept() == [1]
    rig.later(11 * HOUR_NS)
    assert rig.kept() == [2]


def test_what_was_written_before_the_clock_was_set_is_not_old(rig: Rig) -> None:
    rig.clock.now_utc = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
    rig.decide()
    rig.clock.now_utc = NOON
    rig.keeper = rig.made()
    assert rig.kept() == [1]
    assert rig.anomalies() == []


def test_what_the_broker_never_takes_is_set_aside_with_one_anomaly(rig: Rig) -> None:
    rig.decide(8)
    rig.keeper.refuse({1: "Not authorized"})
    assert rig.anomalies() == []
    rig.keeper.refuse({1: "Not authorized"})
    (data,) = rig.anomalies()
    assert data["anomaly"] == Anomaly.OUTBOX_REFUSED.value
    assert data["detail"] == "set aside after 2 refusals: 1 events (1 decision), sequence 1 to 1; Not authorized"
    for seq in (2, 3, 9):  # 9 is the anomaly itself
        rig.keeper.refuse({seq: "Not authorized"})
        rig.keeper.refuse({seq: "Not authorized"})
    assert rig.anomalies() == []  # no anomaly about an anomaly
    assert [row.seq for row in rig.state.outbox.aside()] == [1, 2, 3, 9]
    rig.later(QUIET_NS)
    rig.keeper.refuse({4: "Not authorized"})
    rig.keeper.refuse({4: "Not authorized"})
    assert "4 since the last report" in rig.anomalies()[0]["detail"]


def test_replays_come_behind_what_waits_and_are_not_counted(rig: Rig) -> None:
    rig.decide(4)
    rig.keeper.delete((1, 2))
    rig.replays.ask(ReplayOrder(command_id="ab", chain_id=None, first_seq=1, last_seq=2))
    rig.later(1_000_000_000)
    assert [row.id for row in rig.keeper.pending(10)] == [3, 4, -1, -2]
    assert [row.id for row in rig.keeper.pending(3)] == [3, 4, -1]
    assert [row.id for row in rig.keeper.pending(2)] == [3, 4]
    rig.keeper.refuse({-1: "Not authorized"})
    rig.keeper.delete((-2, 3))
    assert [row.id for row in rig.keeper.pending(10)] == [4]
    assert rig.state.outbox.depth() == 1


def test_bounds_that_cannot_be_kept_stop_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("no room", hint="make room")

    rig.decide()
    rig.later(11 * HOUR_NS)
    monkeypatch.setattr("edge.store.outbox_upkeep.append", full)
    assert rig.kept() == [1]
