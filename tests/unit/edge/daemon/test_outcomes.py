"""From decision to door: limits first, then the tick, then the record, then the door and the display."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.daemon.kiosk import Kiosk
from edge.daemon.outcomes import Outcomes
from edge.daemon.standing import Standing
from edge.domain.errors import StoreError
from edge.domain.posture import Posture
from edge.door.fake import FakeDoor
from edge.messaging.payloads import KioskV1
from edge.pipeline.act import Actor
from edge.pipeline.gate import Gate
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from tests.support.gate_scene import MS, POLICY, Scene, attacked
from tests.support.messages import IDENTITY, SIGNER

KEYS = KeyRing(signer=SIGNER, gallery_key=bytes(32))
TICK_MS = 250
DOOR_AGE_MS = 2_000


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state", KEYS) as opened:
        yield opened


class Post(Scene):
    """A gate with a store, a door and a display."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.stages = replace(self.stages, policy=replace(POLICY, tick_ms=TICK_MS))
        self.state = state
        self.door = FakeDoor(self, longest_age_ms=DOOR_AGE_MS)
        self.shown: list[KioskV1] = []
        self.standing = Standing(state.limits, POLICY.limits, IDENTITY.boot_id, self)
        self.gate = Gate(self.stages, self.standing.restored(self))
        actor = Actor(
            ledger=state.ledger, door=self.door, identity=IDENTITY, signer=SIGNER, clock=self, wake=lambda: None
        )
        self.outcomes = Outcomes(
            self.gate, self, self.standing, Kiosk(self.shown.append, IDENTITY.boot_id), actor.act
        )

    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def play(self, seconds: float) -> None:
        until_ns = self.now_ns + int(seconds * 1e9)
        while self.now_ns < until_ns:
            self.outcomes.turn()
            self.outcomes.take(self.frame())
        self.outcomes.turn()

    @property
    def records(self) -> int:
        return self.state.ledger.verify_chain().records

    @property
    def outcome(self) -> str:
        return self.shown[-1].outcome.value


def test_a_grant_opens_at_the_next_tick_and_not_before(state: State) -> None:
    post = Post(state)
    for _ in range(2):
        post.outcomes.take(post.frame())
    assert post.gate.evidence is None  # it is decided
    assert (post.records, len(post.door.openings)) == (0, 0)
    post.play(0.26)
    assert (post.records, len(post.door.openings), post.outcome) == (1, 1, "granted")


def test_a_denial_is_told_a_tick_after_the_person_left(state: State) -> None:
    post = Post(state)
    post.judge = attacked
    post.play(0.4)
    post.nearest, post.ended = None, frozenset({1})
    post.play(0.2)
    assert (post.records, post.outcome) == (0, "idle")
    post.play(0.4)
    assert (post.records, post.outcome) == (2, "denied")  # the decision and its anomaly
    assert not post.door.openings


def test_limits_are_on_disk_before_the_outcome_leaves(state: State) -> None:
    post = Post(state)
    post.judge = attacked
    post.frame()
    before = state.limits.load().record
    post.nearest, post.ended = None, frozenset({1})
    post.outcomes.take(post.frame())
    assert state.limits.load().record != before
    assert post.records == 0


def test_a_stop_loses_nothing(state: State) -> None:
    post = Post(state)
    post.judge = attacked
    post.outcomes.take(post.frame())
    post.outcomes.take(post.gate.finish(is_stopped=True))
    assert post.records == 0
    post.outcomes.close()
    assert post.records == 2


def test_a_grant_that_still_waits_is_overruled_by_a_lockdown(state: State) -> None:
    post = Post(state)
    for _ in range(2):
        post.outcomes.take(post.frame())
    assert post.gate.evidence is None  # it is decided
    post.standing.order_posture(Posture.LOCKDOWN, by="test")
    post.play(4)
    assert not post.door.openings
    assert "denied" in {shown.outcome.value for shown in post.shown}
    assert "granted" not in {shown.outcome.value for shown in post.shown}
    bodies = [record.body for record in state.ledger.records()]
    assert sum(b'"reason":"lockdown"' in body for body in bodies) >= 1
    assert not any(b'"granted"' in body for body in bodies)


def test_what_cannot_be_kept_opens_nothing(state: State) -> None:
    post = Post(state)
    post.outcomes.take(post.frame())
    post.outcomes.take(post.frame())
    state.close()
    post.now_ns += 300 * MS
    with pytest.raises(StoreError):
        post.outcomes.turn()
    assert not post.door.openings
