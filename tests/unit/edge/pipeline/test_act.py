"""Acting on verdicts: recorded before opened, and nothing opened that was not recorded."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.command import CommandName, CommandOutcome, CommandRecord
from edge.domain.errors import StoreError
from edge.domain.event import EventKind
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.door.fake import FakeDoor
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.verification import may_open, verify_event
from edge.pipeline.act import Actor
from edge.pipeline.step import Step
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing
from edge.trust.signing import verify
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_verdict


class StoppedClock:
    """A clock that stands shortly after the verdict."""

    def monotonic_ns(self) -> int:
        return 1_500_000_000

    def utc(self) -> dt.datetime:
        return NOON


class WitnessedDoor:
    """A door that notes what was on disk when it was asked to open."""

    def __init__(self, folder: Path) -> None:
        self._door = FakeDoor(StoppedClock(), longest_age_ms=2_000)
        self._file = folder / DATABASE_FILE
        self.rows_seen: list[tuple[int, int]] = []

    @property
    def openings(self) -> list[AttemptId]:
        return self._door.openings

    def breaks(self) -> None:
        self._door.is_broken = True

    def open(self, verdict: Verdict) -> None:
        reader = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)
        try:
            (audit,) = reader.execute("SELECT count(*) FROM audit").fetchone()
            (outbox,) = reader.execute("SELECT count(*) FROM outbox").fetchone()
        finally:
            reader.close()
        self.rows_seen.append((audit, outbox))
        self._door.open(verdict)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state", KeyRing(signer=SIGNER, gallery_key=bytes(32))) as opened:
        yield opened


@pytest.fixture
def door(tmp_path: Path) -> WitnessedDoor:
    return WitnessedDoor(tmp_path / "state")


@pytest.fixture
def wakes() -> list[int]:
    return []


@pytest.fixture
def actor(state: State, door: WitnessedDoor, wakes: list[int]) -> Actor:
    return Actor(
        ledger=state.ledger,
        door=door,
        identity=IDENTITY,
        signer=SIGNER,
        clock=StoppedClock(),
        wake=lambda: wakes.append(1),
    )


def denied() -> Verdict:
    return replace(a_verdict(Decision.DENIED, Reason.UNKNOWN_PERSON), subject=None, attempt_id=AttemptId("d"))


def test_a_grant_is_on_disk_before_the_door_opens(actor: Actor, door: WitnessedDoor, wakes: list[int]) -> None:
    actor.act(Step(verdicts=(a_verdict(),)))
    assert door.rows_seen == [(1, 1)]
    assert len(door.openings) == 1
    assert len(wakes) == 1


def test_a_denial_is_recorded_and_opens_nothing(actor: Actor, door: WitnessedDoor, state: State) -> None:
    actor.act(Step(verdicts=(denied(),)))
    assert door.rows_seen == []
    assert state.outbox.depth() == 1


def test_what_cannot_be_recorded_opens_nothing(actor: Actor, door: WitnessedDoor, state: State) -> None:
    state.close()
    with pytest.raises(StoreError):
        actor.act(Step(verdicts=(a_verdict(),)))
    assert door.rows_seen == []


def test_a_door_that_fails_is_an_anomaly(actor: Actor, door: WitnessedDoor, state: State) -> None:
    door.breaks()
    actor.act(Step(verdicts=(a_verdict(),)))
    kinds = [row.message.kind for row in state.outbox.pending(10)]
    assert kinds == [EventKind.DECISION, EventKind.ANOMALY]
    assert b"fault_door" in state.outbox.pending(10)[1].message.payload


def test_the_same_verdict_opens_once(actor: Actor, door: WitnessedDoor) -> None:
    actor.act(Step(verdicts=(a_verdict(), a_verdict())))
    assert len(door.openings) == 1


def test_without_a_door_a_grant_is_only_told(state: State) -> None:
    actor = Actor(
        ledger=state.ledger, door=None, identity=IDENTITY, signer=SIGNER, clock=StoppedClock(), wake=lambda: None
    )
    actor.record_verdict(a_verdict())
    assert state.outbox.depth() == 1


def test_a_command_is_recorded_with_its_terms_and_told_without_the_person(actor: Actor, state: State) -> None:
    actor.record_command(
        CommandRecord(
            command_id="0" * 32,
            name=CommandName.CLAIM,
            key_id="1" * 16,
            sender="reader",
            what="claim by badge",
            outcome=CommandOutcome.ACCEPTED,
            issued_utc=NOON,
            terms={"subject": "p-0123"},
        )
    )
    (row,) = state.outbox.pending(10)
    (record,) = state.ledger.records()
    assert row.message.topic == "egate/v1/site1/gate1/evt/command"
    assert b"p-0123" in record.body
    assert b"p-0123" not in row.message.payload
    event = verify_event(row.message.payload, keys=KEYS, verify=verify)
    assert (event.data["sender"], event.data["what"], event.data["outcome"]) == (
        "reader",
        "claim by badge",
        "accepted",
    )
    assert not may_open(event, access_point="front-door", now_utc=NOON, after_sequence=0)


def test_start_and_stop_are_recorded(actor: Actor, state: State) -> None:
    actor.record_lifecycle(LifecyclePhase.STARTING, "1.0")
    actor.record_lifecycle(LifecyclePhase.STOPPING, "1.0")
    assert state.ledger.verify_chain().is_whole
    assert state.outbox.depth() == 2
