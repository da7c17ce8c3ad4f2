"""A challenge of random head movements: what is asked, and whether it was done. Pure: no clock, no camera.

Drawn anew for every attempt, so that nothing recorded earlier shows the right movements in the right order. A person
looks straight ahead first, which shows their neutral pose, makes each movement, holds it, and returns.
"""

import itertools
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge.domain.challenge import Challenge, ChallengeOutcome, Movement
from edge.vision.pose import HeadPose

LEAST_MOVEMENTS: Final = 3
_STEADY_DEG = 8.0  # landmarks of a head held still scatter by a few degrees
_LEAST_POSES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeTerms:
    """What a challenge asks.

    Attributes:
        movements: how many, at least three.
        movement_ms: time for each, from its prompt to being held, and for returning from it.
        total_ms: time for all of it, from the first prompt.
        hold_ms: how long a pose counts only when it is held.
        turn_deg: how far left and right the head must turn from its neutral pose.
        nod_deg: how far up and down.
        neutral_share: less than this share of those angles is back in the neutral pose.
    """

    movements: int
    movement_ms: float
    total_ms: float
    hold_ms: float
    turn_deg: float
    nod_deg: float
    neutral_share: float = 0.5

    def __post_init__(self) -> None:
        times = (self.movement_ms, self.total_ms, self.hold_ms, self.turn_deg, self.nod_deg)
        if self.movements < LEAST_MOVEMENTS or not all(value > 0 for value in times):
            raise ValueError("a challenge asks for at least three movements, with time and angles for them")
        if not 0 < self.neutral_share < 1:
            raise ValueError("the neutral pose is a share of the movement between 0 and 1")


def draw_movements(rng: random.Random, count: int) -> tuple[Movement, ...]:
    """Return so many movements, no two alike in a row. ``rng`` is the operating system's except in tests."""
    drawn: list[Movement] = []
    while len(drawn) < count:
        drawn.append(rng.choice([m for m in Movement if not drawn or m is not drawn[-1]]))
    return tuple(drawn)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the head does now, and since when; None = nothing that counts."""

    what: Movement | None = None
    since_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRun:
    """A challenge under way. Every ``after_`` method returns the next state; a finished one stays as it is.

    Attributes:
        challenge: what is asked, and how far it is done.
        terms: what a movement must be.
        neutral: the person's own neutral pose; None until it is known.
        poses: straight poses seen while it is not, with their times.
        held: what the head does.
        is_away: whether a movement was made from which the head has not returned.
        is_straight: whether the head was near its neutral pose when it was seen last.
        limit_ns: by when the movement, or the return, must be done.
        why: why it failed, for the operator; empty unless it did.
    """

    challenge: Challenge
    terms: ChallengeTerms
    limit_ns: int
    neutral: HeadPose | None = None
    poses: tuple[tuple[int, HeadPose], ...] = ()
    held: _Held = _Held()
    is_away: bool = False
    is_straight: bool = True
    why: str = ""

    @classmethod
    def start(cls, movements: Sequence[Movement], terms: ChallengeTerms, now_ns: int) -> "ChallengeRun":
        """Return a challenge that begins now.

        Raises:
            ValueError: fewer movements than three, or two alike in a row.
        """
        if len(movements) < LEAST_MOVEMENTS or any(a is b for a, b in itertools.pairwise(movements)):
            raise ValueError("a challenge asks for at least three movements, no two alike in a row")
        challenge = Challenge(
            movements=tuple(movements),
            done=0,
            started_ns=now_ns,
            deadline_ns=now_ns + int(terms.total_ms * 1e6),
            outcome=ChallengeOutcome.PENDING,
        )
        return cls(challenge=challenge, terms=terms, limit_ns=now_ns + int(terms.movement_ms * 1e6))

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.challenge.outcome is ChallengeOutcome.PENDING

    @property
    def prompt(self) -> Movement | None:
        """What to show the person: a movement, or None = look straight ahead."""
        return None if self.neutral is None or self.is_away else self.challenge.next

    def after_failure(self, why: str) -> "ChallengeRun":
        """Return the challenge failed, if it was not over: the face was lost, or is not the same person's."""
        if not self.is_open:
            return self
        return replace(self, challenge=replace(self.challenge, outcome=ChallengeOutcome.FAILED), why=why)

    def after_time(self, now_ns: int) -> "ChallengeRun":
        """Return the challenge failed if a time limit is over."""
        if now_ns >= self.challenge.deadline_ns:
            return self.after_failure("the time was over")
        return self.after_failure("a movement took too long") if now_ns >= self.limit_ns else self

    def after_pose(self, pose: HeadPose | None, now_ns: int) -> "ChallengeRun":
        """Return the challenge after a frame in which the head had this pose; None = it could not be seen."""
        late = self.after_time(now_ns)
        if not late.is_open:
            return late
        if pose is None:
            return replace(self, held=_Held(), poses=())
        if self.neutral is None:
            return self._after_first_look(pose, now_ns)
        return self._after_look(pose.relative_to(self.neutral), now_ns)

    def _after_first_look(self, pose: HeadPose, now_ns: int) -> "ChallengeRun":
        """Learn the neutral pose: one that is held."""
        poses = tuple((t, p) for t, p in (*self.poses, (now_ns, pose)) if _is_near(p, pose))
        is_held = now_ns - poses[0][0] >= self.terms.hold_ms * 1e6 and len(poses) >= _LEAST_POSES
        if not is_held:
            return replace(self, poses=poses)
        neutral = HeadPose(
            statistics.median(p.yaw_deg for _, p in poses), statistics.median(p.pitch_deg for _, p in poses)
        )
        return replace(self, neutral=neutral, poses=(), limit_ns=self._limit(now_ns))

    def _after_look(self, pose: HeadPose, now_ns: int) -> "ChallengeRun":
        strength, what = self._movement(pose)
        if strength < self.terms.neutral_share:
            return self._returned(now_ns) if self.is_away else replace(self, held=_Held(), is_straight=True)
        if self.is_away or strength < 1:
            return replace(self, held=_Held(), is_straight=False)
        if what is not self.held.what:
            return replace(self, held=_Held(what, now_ns), is_straight=False)
        if now_ns - self.held.since_ns < self.terms.hold_ms * 1e6:
            return self
        return self._after_movement(what, now_ns)

    def _after_movement(self, what: Movement, now_ns: int) -> "ChallengeRun":
        if what is not self.challenge.next:
            return self.after_failure(f"{what.value} instead of {self.challenge.next}")
        challenge = replace(self.challenge, done=self.challenge.done + 1)
        return replace(self, challenge=challenge, is_away=True, limit_ns=self._limit(now_ns))

    def _returned(self, now_ns: int) -> "ChallengeRun":
        """Go on after a movement; passed when it was the last, so that the face is seen straight again."""
        is_last = self.challenge.done == len(self.challenge.movements)
        outcome = ChallengeOutcome.PASSED if is_last else self.challenge.outcome
        challenge = replace(self.challenge, outcome=outcome)
        return replace(
            self,
            challenge=challenge,
            held=_Held(),
            is_away=False,
            is_straight=True,
            limit_ns=self._limit(now_ns),
        )

    def _movement(self, pose: HeadPose) -> tuple[float, Movement]:
        """Return the strongest movement in a pose and its strength: 1 = as far as is asked."""
        sides = (
            (pose.yaw_deg / self.terms.turn_deg, Movement.TURN_LEFT),
            (-pose.yaw_deg / self.terms.turn_deg, Movement.TURN_RIGHT),
            (pose.pitch_deg / self.terms.nod_deg, Movement.LOOK_UP),
            (-pose.pitch_deg / self.terms.nod_deg, Movement.LOOK_DOWN),
        )
        return max(sides, key=lambda side: side[0])

    def _limit(self, now_ns: int) -> int:
        return now_ns + int(self.terms.movement_ms * 1e6)


def _is_near(pose: HeadPose, other: HeadPose) -> bool:
    return abs(pose.yaw_deg - other.yaw_deg) <= _STEADY_DEG and abs(pose.pitch_deg - other.pitch_deg) <= _STEADY_DEG
