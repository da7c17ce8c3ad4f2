"""What is seen over time: nothing before a candidate, one finding, a challenge bound to one face and one person."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.defenses.replay import Replay
from edge.domain.assessment import Assessment
from edge.domain.challenge import ChallengeOutcome, Movement
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.motion import ReplayLimits
from edge.domain.reasons import Outcome, Reason
from edge.domain.verdict import AttemptEnd, AttemptId
from edge.pipeline.challenge import ChallengeTerms
from edge.pipeline.eye import Sight
from edge.pipeline.sequence import SecondStep, SequenceTerms, SequenceWatch
from edge.policy.decide import AttemptEvidence, Instant
from edge.vision.motion.plane import PlaneFollower
from tests.support.attempts import BOB, POLICY, good_frame, unknown_frame
from tests.support.landmarks import landmarks_of

MS = 1_000_000
LIMITS = ReplayLimits(least_change=0.012, most_change=0.2)
TURNS = {
    Movement.TURN_LEFT: {"yaw_deg": 32.0},
    Movement.TURN_RIGHT: {"yaw_deg": -32.0},
    Movement.LOOK_UP: {"pitch_deg": 26.0},
    Movement.LOOK_DOWN: {"pitch_deg": -26.0},
}


class Follower(PlaneFollower):
    """Measures what a test says, and counts."""

    looked = 0
    says = 0.05

    def __init__(self) -> None:
        super().__init__(enough=0.01, lost=0.2)

    def change(self, pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
        del pixels, landmarks
        Follower.looked += 1
        return Follower.says


@dataclass
class World:
    """One attempt, frame by frame."""

    watch: SequenceWatch
    now_ms: int = 1_000
    seq: int = 0
    frames: tuple[Assessment, ...] = ()

    @property
    def evidence(self) -> AttemptEvidence:
        return AttemptEvidence(attempt_id=AttemptId("a"), started_ns=0, assessments=self.frames)

    @property
    def now(self) -> Instant:
        return Instant(self.now_ms * MS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))

    def sees(self, ms: int = 66, *, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> bool:
        told = False
        for _ in range(max(1, ms // 66)):
            self.now_ms, self.seq = self.now_ms + 66, self.seq + 1
            landmarks = landmarks_of(yaw_deg=yaw_deg, pitch_deg=pitch_deg)
            face = Face(frame_seq=self.seq, box=Box(0, 0, 80, 80), landmarks=landmarks, score=0.9)
            frame = Frame(
                camera_id="c",
                seq=self.seq,
                captured_ns=self.now_ms * MS,
                captured_utc=self.now.utc,
                pixels=np.zeros((8, 8, 3), np.uint8),
            )
            sight = Sight(frame=frame, faces=(face,), nearest=1, face=face, ended=frozenset(), unsure=frozenset())
            told = self.watch.see(sight, self.evidence, self.now) or told
        return told

    def judged(self, make: Callable[[int, int], Assessment] = good_frame) -> None:
        self.seq += 1
        self.frames = (*self.frames, make(self.seq, self.now_ms * MS))

    @property
    def outcome(self) -> ChallengeOutcome | None:
        challenge = self.watch.completed(self.evidence).challenge
        return challenge.outcome if challenge else None


def world(
    limits: ReplayLimits | None = LIMITS,
    *,
    asks: bool = False,
    prompts: list[Movement | None] | None = None,
) -> World:
    Follower.looked, Follower.says = 0, 0.05
    return World(
        SequenceWatch(
            SequenceTerms(
                replay=Replay(limits),
                follower=Follower,
                policy=POLICY,
                challenge=ChallengeTerms(
                    movements=3, movement_ms=4_000, total_ms=15_000, hold_ms=250, turn_deg=18, nod_deg=12
                ),
                rng=random.Random(3),
                second_step=SecondStep(
                    needs=lambda *_: asks, on_prompt=prompts.append if prompts is not None else lambda _: None
                ),
            )
        )
    )


def challenged(prompts: list[Movement | None] | None = None) -> World:
    one = world(asks=True, prompts=prompts)
    one.judged()
    one.judged()
    one.sees(600)
    assert one.outcome is ChallengeOutcome.PENDING
    return one


def movements(one: World) -> Sequence[Movement]:
    challenge = one.watch.completed(one.evidence).challenge
    assert challenge is not None
    return challenge.movements


def test_nobody_known_costs_nothing() -> None:
    one = world()
    one.judged(unknown_frame)
    assert not one.sees(3_000)
    assert Follower.looked == 0
    assert one.watch.completed(one.evidence).sequence_findings == ()


def test_the_finding_is_told_once_and_costs_nothing_after() -> None:
    one = world()
    one.judged()
    assert one.sees(700)
    looked = Follower.looked
    assert not one.sees(2_000)
    assert Follower.looked == looked
    (finding,) = one.watch.completed(one.evidence).sequence_findings
    assert (finding.defense, finding.outcome) == ("replay", Outcome.PASS)


def test_a_face_that_never_changes_fails() -> None:
    one = world()
    Follower.says = 0.001
    one.judged()
    assert one.sees(3_500)
    assert one.watch.completed(one.evidence).sequence_findings[0].outcome is Outcome.FAIL


def test_an_unfitted_profile_is_an_error_from_the_first_candidate_on() -> None:
    one = world(None)
    one.judged()
    one.sees()
    assert one.watch.completed(one.evidence).sequence_findings[0].outcome is Outcome.ERROR


def test_another_attempt_starts_anew() -> None:
    one = world()
    one.judged()
    one.sees(700)
    other = replace(one.evidence, attempt_id=AttemptId("b"))
    assert one.watch.completed(other).sequence_findings == ()


def test_a_face_that_stands_is_not_judged_again_while_motion_is_awaited() -> None:
    one = world()
    Follower.says = 0.001
    one.judged()
    assert one.watch.wants(one.evidence, one.now)
    one.judged()
    one.sees()
    assert not one.watch.wants(one.evidence, one.now)
    one.sees(1_000)
    assert one.watch.wants(one.evidence, one.now)


def test_a_challenge_starts_when_asked_for_and_gets_its_time() -> None:
    one = challenged()
    challenge = one.watch.challenge(one.evidence)
    assert challenge is not None
    assert challenge.deadline_ns == challenge.started_ns + 15_000 * MS
    assert world().watch.challenge(one.evidence) is None


def test_no_challenge_before_the_face_stands() -> None:
    one = world(asks=True)
    one.judged()
    one.sees(600)
    assert one.outcome is None


def test_the_right_movements_pass_and_are_prompted() -> None:
    prompts: list[Movement | None] = []
    one = challenged(prompts)
    for movement in movements(one):
        one.sees(600, **TURNS[movement])
        assert not one.watch.wants(one.evidence, one.now)
        one.sees(400)
    assert one.outcome is ChallengeOutcome.PASSED
    first, second, third = movements(one)
    assert prompts == [first, None, second, None, third, None]


@pytest.mark.parametrize("make", [partial(good_frame, subject=BOB), unknown_frame], ids=["another", "unknown"])
def test_somebody_else_in_between_is_an_identity_that_changed(make: Callable[[int, int], Assessment]) -> None:
    one = challenged()
    one.judged()
    one.sees()
    before = one.watch.completed(one.evidence)
    assert before.fault is None
    one.judged(make)
    done = one.watch.completed(one.evidence)
    assert done.fault is Reason.IDENTITY_CHANGED
    assert done.challenge is not None
    assert done.challenge.outcome is ChallengeOutcome.FAILED


@pytest.mark.parametrize("end", [AttemptEnd.LEFT, AttemptEnd.FAULT, AttemptEnd.TIMEOUT])
def test_an_attempt_that_ends_fails_its_challenge(end: AttemptEnd) -> None:
    one = challenged()
    done = one.watch.completed(replace(one.evidence, end=end))
    assert done.challenge is not None
    assert done.challenge.outcome is ChallengeOutcome.FAILED


def test_during_a_challenge_a_straight_face_is_judged_now_and_then() -> None:
    one = challenged()
    one.judged()
    one.sees()
    assert not one.watch.wants(one.evidence, one.now)
    one.sees(1_100)
    assert one.watch.wants(one.evidence, one.now)
