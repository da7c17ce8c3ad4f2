"""Challenges: right movements in order, held, in time, with returns, pass; anything else does not."""

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.challenge import ChallengeOutcome, Movement
from edge.pipeline.challenge import ChallengeRun, ChallengeTerms, draw_movements
from edge.vision.pose import HeadPose, head_pose
from tests.support.landmarks import landmarks_of

MS = 1_000_000
STEP_MS = 33
TERMS = ChallengeTerms(movements=3, movement_ms=4_000, total_ms=15_000, hold_ms=250, turn_deg=18, nod_deg=12)
LEFT, RIGHT, UP, DOWN = Movement.TURN_LEFT, Movement.TURN_RIGHT, Movement.LOOK_UP, Movement.LOOK_DOWN
POSES = {LEFT: HeadPose(27, 0), RIGHT: HeadPose(-27, 0), UP: HeadPose(0, 18), DOWN: HeadPose(0, -18)}
STRAIGHT = HeadPose(0, 0)
DRAW = st.builds(draw_movements, st.randoms(use_true_random=False), st.integers(3, 6))


class Person:
    """Somebody before a challenge."""

    def __init__(self, movements: Sequence[Movement], terms: ChallengeTerms = TERMS) -> None:
        self.now_ms = 1_000
        self.run = ChallengeRun.start(movements, terms, self.now_ms * MS)

    def holds(self, pose: HeadPose | None, ms: int = 500) -> "Person":
        for _ in range(ms // STEP_MS):
            self.now_ms += STEP_MS
            self.run = self.run.after_pose(pose, self.now_ms * MS)
        return self

    def makes(self, movement: Movement) -> "Person":
        return self.holds(POSES[movement]).holds(STRAIGHT)

    @property
    def outcome(self) -> ChallengeOutcome:
        return self.run.challenge.outcome


@given(movements=DRAW)
def test_the_right_movements_in_order_pass(movements: tuple[Movement, ...]) -> None:
    person = Person(movements).holds(STRAIGHT)
    for movement in movements:
        assert person.run.prompt is movement
        person.makes(movement)
    assert person.outcome is ChallengeOutcome.PASSED
    assert person.run.prompt is None


@given(movements=DRAW, done=st.integers(0, 2), wrong=st.sampled_from(Movement))
def test_a_wrong_movement_fails(movements: tuple[Movement, ...], done: int, wrong: Movement) -> None:
    person = Person(movements).holds(STRAIGHT)
    for movement in movements[:done]:
        person.makes(movement)
    if wrong is not movements[done]:
        assert person.makes(wrong).outcome is ChallengeOutcome.FAILED
        assert wrong.value in person.run.why


@given(movements=DRAW, other=DRAW)
def test_a_recording_of_another_challenge_never_passes(
    movements: tuple[Movement, ...], other: tuple[Movement, ...]
) -> None:
    person = Person(movements).holds(STRAIGHT)
    for movement in other:
        person.makes(movement)
    is_same = other[: len(movements)] == movements
    assert (person.outcome is ChallengeOutcome.PASSED) == is_same


@given(poses=st.lists(st.tuples(st.floats(-8, 8), st.floats(-5, 5)), min_size=20, max_size=300), movements=DRAW)
def test_a_still_face_never_passes(poses: list[tuple[float, float]], movements: tuple[Movement, ...]) -> None:
    person = Person(movements).holds(STRAIGHT)
    for yaw, pitch in poses:
        person.holds(HeadPose(yaw, pitch), STEP_MS)
    assert person.run.challenge.done == 0


@given(
    moves=st.lists(st.tuples(st.sampled_from([*POSES.values(), STRAIGHT, None]), st.integers(33, 900)), max_size=40),
    movements=DRAW,
)
def test_a_pass_takes_every_movement_held_and_returned_from(
    moves: list[tuple[HeadPose | None, int]], movements: tuple[Movement, ...]
) -> None:
    person = Person(movements).holds(STRAIGHT)
    shown = []
    for pose, ms in moves:
        person.holds(pose, ms)
        shown.append((pose, ms))
    if person.outcome is ChallengeOutcome.PASSED:
        held = [pose for pose, ms in shown if pose not in (None, STRAIGHT) and ms >= TERMS.hold_ms]
        wanted = iter(held)
        assert all(POSES[m] in wanted for m in movements)


def test_jitter_is_no_movement() -> None:
    person = Person((LEFT, UP, LEFT)).holds(STRAIGHT)
    for _ in range(5):
        person.holds(POSES[LEFT], 150).holds(STRAIGHT, 100)
    assert person.run.challenge.done == 0
    assert person.outcome is ChallengeOutcome.PENDING


def test_the_next_movement_counts_only_after_a_return() -> None:
    person = Person((LEFT, UP, LEFT)).holds(STRAIGHT).holds(POSES[LEFT])
    assert person.run.prompt is None
    person.holds(HeadPose(27, 18))
    assert person.run.challenge.done == 1
    assert person.holds(STRAIGHT, 100).run.prompt is UP


def test_who_does_not_return_fails() -> None:
    assert Person((LEFT, UP, LEFT)).holds(STRAIGHT).holds(POSES[LEFT], 5_000).outcome is ChallengeOutcome.FAILED


def test_everybody_is_measured_from_their_own_neutral_pose() -> None:
    person = Person((UP, LEFT, UP)).holds(HeadPose(10, -14))
    assert person.run.neutral == HeadPose(10, -14)
    person.holds(HeadPose(10, 0)).holds(HeadPose(10, -14), 100)
    assert person.run.challenge.done == 1


def test_no_neutral_pose_no_challenge() -> None:
    person = Person((LEFT, UP, LEFT))
    for yaw in itertools.islice(itertools.cycle((-20, 20)), 60):
        person.holds(HeadPose(yaw, 0), 66)
    assert person.run.prompt is None
    assert person.holds(POSES[LEFT], 4_000).outcome is not ChallengeOutcome.PASSED


def test_each_movement_and_the_whole_have_a_limit() -> None:
    assert Person((LEFT, UP, LEFT)).holds(STRAIGHT).holds(STRAIGHT, 4_100).outcome is ChallengeOutcome.FAILED
    slow = Person((LEFT, UP, LEFT, UP, LEFT, UP)).holds(STRAIGHT)
    for movement in (LEFT, UP, LEFT, UP, LEFT):
        slow.holds(STRAIGHT, 2_600).makes(movement)
    assert slow.outcome is ChallengeOutcome.FAILED
    assert slow.run.why == "the time was over"


def test_a_face_that_is_not_seen_holds_nothing() -> None:
    person = Person((LEFT, UP, LEFT)).holds(STRAIGHT).holds(POSES[LEFT], 200).holds(None, 66).holds(POSES[LEFT], 200)
    assert person.run.challenge.done == 0


def test_what_is_over_stays_as_it_is() -> None:
    failed = Person((LEFT, UP, LEFT)).holds(STRAIGHT).makes(RIGHT)
    assert failed.makes(LEFT).makes(UP).makes(LEFT).outcome is ChallengeOutcome.FAILED
    passed = Person((LEFT, UP, LEFT)).holds(STRAIGHT).makes(LEFT).makes(UP).makes(LEFT)
    assert passed.run.after_failure("too late").challenge.outcome is ChallengeOutcome.PASSED
    assert passed.makes(RIGHT).outcome is ChallengeOutcome.PASSED


@given(seed=st.integers(0, 2**32), noise_px=st.floats(0, 0.8))
def test_a_head_with_noisy_landmarks_passes(seed: int, noise_px: float) -> None:
    movements = (LEFT, UP, RIGHT)
    person, turned = Person(movements), {LEFT: (32, 0), RIGHT: (-32, 0), UP: (0, 24)}
    frame = itertools.count(seed)

    def shows(yaw: float, pitch: float) -> None:
        for _ in range(15):
            landmarks = landmarks_of(yaw_deg=yaw, pitch_deg=pitch, noise_px=noise_px, seed=next(frame))
            person.holds(head_pose(landmarks), STEP_MS)

    shows(0, 0)
    for movement in movements:
        shows(*turned[movement])
        shows(0, 0)
    assert person.outcome is ChallengeOutcome.PASSED


def test_draws_are_even_and_never_repeat_a_movement_at_once() -> None:
    rng = random.Random(1)
    draws = [draw_movements(rng, 3) for _ in range(3_600)]
    assert len(set(draws)) == 36
    assert all(a is not b for draw in draws for a, b in itertools.pairwise(draw))
    counts = [draws.count(draw) for draw in set(draws)]
    assert 60 < min(counts) <= max(counts) < 145


@pytest.mark.parametrize("movements", [(LEFT, UP), (LEFT, LEFT, UP), ()])
def test_a_challenge_of_less_is_refused(movements: tuple[Movement, ...]) -> None:
    with pytest.raises(ValueError, match="three movements"):
        ChallengeRun.start(movements, TERMS, 0)


@pytest.mark.parametrize("change", [{"movements": 2}, {"hold_ms": 0}, {"turn_deg": -1}, {"neutral_share": 1.0}])
def test_terms_that_ask_nothing_are_refused(change: dict[str, float]) -> None:
    terms = {"movements": 3, "movement_ms": 1, "total_ms": 1, "hold_ms": 1, "turn_deg": 1, "nod_deg": 1, **change}
    with pytest.raises(ValueError, match=r"challenge|neutral"):
        ChallengeTerms(**terms)  # type: ignore[arg-type] # the names are those of its fields
