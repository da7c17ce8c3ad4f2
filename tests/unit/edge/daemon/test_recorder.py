"""A store that is full: nothing opens, the daemon lives, and what was lost is told. The full disk is SQLite's own."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.daemon.recorder import Recorder
from edge.domain.errors import StoreError
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.door.fake import FakeDoor
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import LifecyclePhase
from edge.pipeline.act import Actor
from edge.pipeline.step import Step
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.hand_clock import HandClock

NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


@dataclass
class Rig:
    recorder: Recorder
    actor: Actor
    door: FakeDoor
    state: State
    clock: HandClock

    def cap(self, pages: int) -> None:
        self.state.database.read(f"PRAGMA max_page_count = {pages}")

    def fill(self) -> None:
        self.cap(1)
        with contextlib.suppress(StoreError):
            while True:
                self.actor.record_lifecycle(LifecyclePhase.STARTING, "1")

    def granted(self, attempt: str) -> Step:
        verdict = Verdict(
            attempt_id=AttemptId(attempt),
            decision=Decision.GRANTED,
            reason=Reason.MATCH,
            subject=SubjectRef("p-1"),
            findings=(),
            frames=2,
            started_ns=0,
            decided_ns=self.clock.now_ns,
            decided_utc=NOON,
            policy_digest="0" * 64,
        )
        return Step(verdicts=(verdict,))

    def bodies(self) -> list[bytes]:
        return [record.body for record in self.state.ledger.records()]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    keys = KeyRing.open(tmp_path, is_new=True)
    clock = HandClock(NOON)
    with open_state(tmp_path, keys) as state:
        door = FakeDoor(clock, longest_age_ms=2_000)
        identity = GateIdentity("s", "g", "d", "b")
        actor = Actor(
            ledger=state.ledger, door=door, identity=identity, signer=keys.signer, clock=clock, wake=lambda: None
        )
        yield Rig(Recorder(actor, clock), actor, door, state, clock)


def test_while_there_is_room_a_grant_opens(rig: Rig) -> None:
    step = rig.granted("a")
    assert rig.recorder.act(step) == step
    assert rig.door.openings == ["a"]
    assert rig.recorder() is None


def test_a_grant_that_cannot_be_recorded_is_a_denial_and_never_opens(rig: Rig) -> None:
    rig.fill()
    step = rig.granted("a")
    (verdict,) = rig.recorder.act(step).verdicts
    assert (verdict.decision, verdict.reason) == (Decision.DENIED, Reason.FAULT_STORE)
    fault = rig.recorder()
    assert fault is not None
    assert fault.reason is Reason.FAULT_STORE
    rig.clock.now_ns += 10**9
    assert rig.recorder() is not None  # tried again, still full
    rig.cap(10**6)
    assert rig.recorder() is not None  # not tried again yet
    rig.clock.now_ns += 10**9
    assert rig.recorder() is None
    assert rig.door.openings == []
    assert not any(b'"granted"' in body for body in rig.bodies())
    assert b"1 attempts ended without a record" in rig.bodies()[-1]
    assert rig.state.ledger.verify_chain().is_whole
    rig.recorder.act(replace(rig.granted("b")))
    assert rig.door.openings == ["b"]
