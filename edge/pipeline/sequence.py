"""What is seen of one attempt over time, beside the frames that are judged: motion, and a challenge if one is due."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.defenses.replay import Replay, pending_finding
from edge.domain.assessment import Assessment
from edge.domain.challenge import Challenge, Movement
from edge.domain.match import SubjectRef
from edge.domain.reasons import Reason
from edge.domain.verdict import AttemptId
from edge.pipeline.challenge import ChallengeRun, ChallengeTerms, draw_movements
from edge.pipeline.eye import Sight
from edge.pipeline.motion import AttemptMotion
from edge.policy.decide import AttemptEvidence, Instant, Policy, needs_second_step
from edge.policy.rules import frame_rules
from edge.vision.motion.plane import PlaneFollower
from edge.vision.pose import head_pose

NeedsSecondStep = Callable[[AttemptEvidence, Instant, Policy], bool]
"""Whether a face that stands needs something more of the person now, such as a challenge."""

_RECHECK_NS = 1_000_000_000  # a face that already matches is looked at again this often while something is awaited


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStep:
    """When something more is asked of a person than their face, and who is told.

    Attributes:
        needs: whether it is due; the policy's own answer except in tests.
        on_prompt: told what to show the person, whenever that changes; None = look straight ahead, or nothing. Called
            on the gate's thread: it must return at once and not raise.
    """

    needs: NeedsSecondStep = needs_second_step
    on_prompt: Callable[[Movement | None], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceTerms:
    """What a sequence watch is made of.

    Attributes:
        replay: judges motion.
        follower: makes what measures it, one an attempt.
        policy: in force.
        challenge: what a challenge asks.
        rng: draws it: ``secrets.SystemRandom()`` except in tests.
        second_step: when one is due, and who is told.
    """

    replay: Replay
    follower: Callable[[], PlaneFollower]
    policy: Policy
    challenge: ChallengeTerms
    rng: random.Random
    second_step: SecondStep = SecondStep()


@dataclass(slots=True)
class _Watched:
    """One attempt."""

    attempt_id: AttemptId
    motion: AttemptMotion | None = None
    run: ChallengeRun | None = None
    subject: SubjectRef | None = None
    begun_with: int = 0
    is_other: bool = False


class SequenceWatch:
    """Follows the open attempt, whichever it is. Used by one thread, the gate's."""

    def __init__(self, terms: SequenceTerms) -> None:
        self._terms = terms
        self._watched: _Watched | None = None
        self._prompt: Movement | None = None
        self._is_good = frame_rules(terms.policy.frame)

    def see(self, sight: Sight, evidence: AttemptEvidence, now: Instant) -> bool:
        """Look at a frame of the open attempt; True when that may change how it is decided.

        Nothing is measured before somebody enrolled was recognized: an empty scene and strangers cost nothing.
        """
        watched = self._of(evidence)
        if all(a.screen is None for a in evidence.assessments):
            return False
        if watched.motion is None:
            watched.motion = AttemptMotion(self._terms.replay, self._terms.follower)
        is_found = watched.motion.see(sight)
        return self._challenge(watched, sight, evidence, now) or is_found

    def completed(self, evidence: AttemptEvidence) -> AttemptEvidence:
        """Return the evidence with what was seen over time. An attempt that ends fails a challenge under way."""
        watched = self._of(evidence)
        is_over = evidence.end is not None or evidence.fault is not None
        motion = () if watched.motion is None else (watched.motion.finding or pending_finding(),)
        self._hear(watched, evidence)
        if is_over and watched.run is not None:
            watched.run = watched.run.after_failure("the face was lost")
        self._tell(watched.run)
        return replace(
            evidence,
            sequence_findings=evidence.sequence_findings + motion,
            challenge=_challenge_of(watched.run) or evidence.challenge,
            fault=evidence.fault or (Reason.IDENTITY_CHANGED if watched.is_other else None),
        )

    def wants(self, evidence: AttemptEvidence, now: Instant) -> bool:
        """Whether another frame should be judged: not while what is there suffices and something else is awaited."""
        watched = self._of(evidence)
        is_asked = watched.run is not None and watched.run.is_open
        if watched.run is not None and is_asked and not watched.run.is_straight:
            return False  # a turned head is no frame to be recognized by
        is_awaited = is_asked or watched.motion is None or watched.motion.finding is None
        newest_ns = max((a.captured_ns for a in evidence.assessments), default=0)
        is_recent = now.monotonic_ns - newest_ns < _RECHECK_NS
        if is_asked:
            return not is_recent
        return not (is_awaited and is_recent and self._stands(evidence, now) is not None)

    def challenge(self, evidence: AttemptEvidence) -> Challenge | None:
        """Return what the person of an attempt was asked to do, and how far it is done; None = nothing was asked."""
        return _challenge_of(self._of(evidence).run)

    def _of(self, evidence: AttemptEvidence) -> _Watched:
        if self._watched is None or self._watched.attempt_id != evidence.attempt_id:
            self._tell(None)
            self._watched = _Watched(evidence.attempt_id)
        return self._watched

    def _challenge(self, watched: _Watched, sight: Sight, evidence: AttemptEvidence, now: Instant) -> bool:
        if watched.run is None:
            subject, needs = self._stands(evidence, now), self._terms.second_step.needs
            if subject is None or not needs(self.completed(evidence), now, self._terms.policy):
                return False
            movements = draw_movements(self._terms.rng, self._terms.challenge.movements)
            watched.run = ChallengeRun.start(movements, self._terms.challenge, sight.frame.captured_ns)
            watched.subject, watched.begun_with = subject, len(evidence.assessments)
        was_open = watched.run.is_open
        pose = head_pose(sight.face.landmarks) if sight.face is not None else None
        watched.run = watched.run.after_pose(pose, sight.frame.captured_ns)
        self._hear(watched, evidence)
        self._tell(watched.run)
        return was_open and not watched.run.is_open

    def _hear(self, watched: _Watched, evidence: AttemptEvidence) -> None:
        """While a challenge runs, a clear frame of somebody else, or of nobody known, ends it."""
        if watched.run is None or watched.is_other:
            return
        since = evidence.assessments[watched.begun_with :]
        if any(_is_another(a, watched.subject) for a in since):
            watched.is_other = True
            watched.run = watched.run.after_failure("another face")

    def _stands(self, evidence: AttemptEvidence, now: Instant) -> SubjectRef | None:
        """Return whom the good frames stand for: k of the last n, all of one person; None when they do not yet."""
        policy = self._terms.policy
        latest = evidence.assessments[-policy.frames_window :]
        good = {a.frame_seq: a.verified for a in latest if self._is_good(a, now.monotonic_ns) is None}
        people = {match.subject for match in good.values() if match is not None}
        return people.pop() if len(good) >= policy.frames_needed and len(people) == 1 else None

    def _tell(self, run: ChallengeRun | None) -> None:
        prompt = run.prompt if run is not None else None
        if prompt is not self._prompt:
            self._prompt = prompt
            self._terms.second_step.on_prompt(prompt)


def _challenge_of(run: ChallengeRun | None) -> Challenge | None:
    return None if run is None else run.challenge


def _is_another(assessment: Assessment, subject: SubjectRef | None) -> bool:
    """Whether a frame that was good enough to be judged shows somebody else, or nobody known."""
    if assessment.fault is not None or assessment.quality is None or not assessment.quality.is_good:
        return False
    shown = (assessment.screen, assessment.verified)
    return any(match is None or match.subject != subject for match in shown)
