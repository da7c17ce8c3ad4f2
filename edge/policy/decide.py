"""The decision. Everything that opens a door passes through :func:`decide`, and nothing else makes a grant.

1. A fault denies. 2. k good frames among the last n, of one person, who satisfies every rule of the attempt, grant:
unless a posture stands above it, the policy is empty, or good frames of two people were seen. 3. Whatever else is
missing, the attempt goes on until it must end: until then a second step may come, and when a denial is told shows
nothing of why. 4. Then it is denied with the most telling reason.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.domain.assessment import Assessment, times_of
from edge.domain.challenge import Challenge, ChallengeOutcome
from edge.domain.claim import Claim
from edge.domain.finding import Finding
from edge.domain.level import Level
from edge.domain.match import SubjectRef
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptEnd, AttemptId, Verdict
from edge.policy.attempt_rules import AttemptRule, Candidacy, attempt_rules, failed_sequence
from edge.policy.limits import COUNTED, UNCOUNTED, Limits, LimitTerms, Restriction
from edge.policy.rules import FrameTerms, Rule, frame_rules
from edge.policy.schedule import release_ns

_TELLING = (
    Reason.IDENTITY_CHANGED,
    Reason.ADVERSARIAL_INPUT,
    Reason.MODEL_DISAGREEMENT,
    Reason.CLAIM_MISMATCH,
    Reason.CHALLENGE_FAILED,
    Reason.CAMERA_SWAPPED,
    Reason.FROZEN_FEED,
    Reason.FAULT_INTEGRITY,
    Reason.FAULT_ENGINE,
    Reason.FAULT_CAMERA,
    Reason.FAULT_INTERNAL,
    Reason.DEFENSE_INCOMPLETE,
    Reason.HELD,
    Reason.ESCALATED,
    Reason.SECOND_STEP_MISSING,
    Reason.STALE_FRAME,
    Reason.DARK_FRAME,
    Reason.BLANK_FRAME,
    Reason.CLOCK_JUMPED,
    Reason.EMPTY_GALLERY,
    Reason.GALLERY_OUTGROWN,
    Reason.EMPTY_POLICY,
    Reason.UNKNOWN_PERSON,
    Reason.LOW_QUALITY,
    Reason.NO_FACE,
)
"""Which of several frames' reasons names a denial: the earlier one wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules in force.

    Attributes:
        frames_needed: k, good frames for a grant.
        frames_window: n, the latest frames among which they must lie.
        most_verifications: expensive verifications an attempt may use up on frames that are not good.
        frame: what makes a frame good.
        limits: how often somebody may fail.
        level: what is asked for besides the face.
        sequence_mandatory: findings about an attempt as a whole that must have passed, by name.
        tick_ms: outcomes leave on ticks of so many milliseconds; 0 = at once.
        certificates: names of those that every grant needs; their thresholds are the profile's.
    """

    frames_needed: int
    frames_window: int
    most_verifications: int
    frame: FrameTerms
    limits: LimitTerms
    level: Level
    sequence_mandatory: frozenset[str]
    tick_ms: float = 0.0
    certificates: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 hex of everything above, for the audit."""
        frame = self.frame
        parts = (
            (self.frames_needed, self.frames_window, self.most_verifications, frame.most_age_ms),
            (frame.match.threshold, sorted(frame.match.weights.items()), sorted(frame.match.floors.items())),
            (sorted(frame.match.alone.items()),),
            (sorted(frame.mandatory), sorted(frame.reasons.items()), self.limits),
            (self.level, sorted(self.sequence_mandatory), self.tick_ms, self.certificates),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def is_complete(self) -> bool:
        """Whether it can grant at all: an empty policy denies."""
        return 1 <= self.frames_needed <= self.frames_window and bool(self.frame.mandatory)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEvidence:
    """All that is known of an attempt.

    Attributes:
        attempt_id: which attempt.
        started_ns: monotonic start.
        assessments: its frames, oldest first.
        sequence_findings: findings about the attempt as a whole, such as that of motion over its frames.
        claim: whom a badge or a PIN names; None = nothing was shown.
        challenge: what the person was asked to do and how far it is done; None = nothing was asked.
        cluster: which of the faces seen lately this is, whoever it is; None = not known yet.
        end: why it must be decided now; None = it may go on.
        fault: the fault that ended it, if one did.
        hint: what the operator should look at, for faults.
        ended_ns: monotonic time of what ended it; None = now.
    """

    attempt_id: AttemptId
    started_ns: int
    assessments: tuple[Assessment, ...]
    sequence_findings: tuple[Finding, ...] = ()
    claim: Claim | None = None
    challenge: Challenge | None = None
    cluster: str | None = None
    end: AttemptEnd | None = None
    fault: Reason | None = None
    hint: str = ""
    ended_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Instant:
    """Now, by both clocks."""

    monotonic_ns: int
    utc: dt.datetime


@dataclass(frozen=True, slots=True)
class _Ruling:
    decision: Decision
    reason: Reason
    subject: SubjectRef | None


def decide(evidence: AttemptEvidence, limits: Limits, now: Instant, policy: Policy) -> tuple[Verdict | None, Limits]:
    """Decide an attempt, or return None while it may go on; and return the limits that follow.

    Never raises on bad evidence. Returns a grant only when ``policy.frames_needed`` of the last
    ``policy.frames_window`` assessments satisfy every frame rule for one and the same person, and that person
    satisfies every rule of the attempt at the policy's level.
    """
    ruling = _rule(evidence, limits, now.monotonic_ns, policy)
    if ruling is None:
        return None, limits
    decided_ns = now.monotonic_ns
    is_grant = ruling.decision is Decision.GRANTED
    verdict = Verdict(
        attempt_id=evidence.attempt_id,
        decision=ruling.decision,
        reason=ruling.reason,
        subject=ruling.subject,
        findings=_findings(evidence, policy),
        frames=len(evidence.assessments),
        started_ns=evidence.started_ns,
        decided_ns=decided_ns,
        decided_utc=now.utc,
        policy_digest=policy.digest,
        hint=evidence.hint,
        took_ms=tuple(times_of(evidence.assessments).items()),
        release_ns=release_ns(
            attempt_id=evidence.attempt_id,
            started_ns=evidence.started_ns,
            ended_ns=decided_ns if evidence.ended_ns is None else evidence.ended_ns,
            decided_ns=decided_ns,
            is_grant=is_grant,
            tick_ms=policy.tick_ms,
        ),
    )
    claim = _claim(evidence, limits, decided_ns)
    could_open = ruling.reason not in UNCOUNTED or (claim is not None and limits.posture is Posture.NORMAL)
    if not is_grant and could_open and _came_near(ruling.reason, evidence, decided_ns, policy):
        identity = claim.subject if claim else None
        limits = limits.after_failure(decided_ns, policy.limits, identity=identity, cluster=evidence.cluster)
    return verdict, limits.after_claim(evidence.claim, decided_ns)


def overruled(verdict: Verdict, posture: Posture) -> Verdict:
    """Return a verdict that has not left the gate yet: a grant is denied by a posture that was taken meanwhile."""
    if posture.reason is None or verdict.decision is Decision.DENIED:
        return verdict
    return replace(verdict, decision=Decision.DENIED, reason=posture.reason)


def needs_second_step(evidence: AttemptEvidence, now: Instant, policy: Policy) -> bool:
    """Whether a challenge would help: enough frames are good, and at this level the face alone does not do.

    It is the state CHALLENGED of an attempt: true from the first time that a grant lacks only the second step, until
    the challenge is over, a claim came in, or the attempt ends. It never ends an attempt and grants nothing.
    """
    if policy.level is not Level.STANDARD or evidence.end is not None or evidence.fault is not None:
        return False
    is_claimed = evidence.claim is not None and evidence.claim.counts_at(now.monotonic_ns)
    if is_claimed or not policy.is_complete:
        return False
    if evidence.challenge is not None:
        return evidence.challenge.outcome is ChallengeOutcome.PENDING
    rule = frame_rules(policy.frame)
    good = _good_frames(evidence.assessments[-policy.frames_window :], rule, now.monotonic_ns)
    is_refused = failed_sequence(evidence.sequence_findings, policy.frame.reasons) is not None
    is_one_person = len(_people(evidence, rule, now.monotonic_ns)) == 1
    return len(good) >= policy.frames_needed and is_one_person and not is_refused


def may_verify(evidence: AttemptEvidence, now_ns: int, policy: Policy) -> bool:
    """Whether another frame may be judged: an attempt has only so many verifications for frames that are not good."""
    rule = frame_rules(policy.frame)
    wasted = sum(1 for a in evidence.assessments if _is_would_be(a) and _when_new(a, rule, now_ns) is not None)
    return wasted < policy.most_verifications


def _rule(evidence: AttemptEvidence, limits: Limits, now_ns: int, policy: Policy) -> _Ruling | None:
    candidate = _last_candidate(evidence.assessments)
    if evidence.end is AttemptEnd.FAULT or evidence.fault is not None:
        return _Ruling(Decision.DENIED, evidence.fault or Reason.FAULT_INTERNAL, candidate)
    refusal = limits.posture.reason or (None if policy.is_complete else Reason.EMPTY_POLICY)
    if refusal is None:
        good = _good_frames(evidence.assessments[-policy.frames_window :], frame_rules(policy.frame), now_ns)
        candidacy = _candidacy(good, evidence, limits, now_ns, policy)
        if candidacy is not None and _attempt_rule(policy)(candidacy) is None:
            return _Ruling(Decision.GRANTED, Reason.MATCH, candidacy.subject)
    if evidence.end is None:
        return None
    return _Ruling(Decision.DENIED, refusal or _telling_reason(evidence, limits, now_ns, policy), candidate)


def _candidacy(
    good: Sequence[Assessment], evidence: AttemptEvidence, limits: Limits, now_ns: int, policy: Policy
) -> Candidacy | None:
    """Return who may be granted by good frames; None when they are too few, or not of one person all the time."""
    people = _people(evidence, frame_rules(policy.frame), now_ns)
    if len(good) < policy.frames_needed or len(people) != 1:
        return None
    claim = _claim(evidence, limits, now_ns)
    return Candidacy(
        subject=next(iter(people)),
        oldest_ns=min(a.captured_ns for a in good),
        is_strong=all(_is_strong(a, policy) for a in good),
        sequence=evidence.sequence_findings,
        claim=claim,
        challenge=evidence.challenge,
        restriction=limits.restriction(now_ns, identity=claim.subject if claim else None, cluster=evidence.cluster),
    )


def _claim(evidence: AttemptEvidence, limits: Limits, now_ns: int) -> Claim | None:
    return evidence.claim if limits.claim_counts(evidence.claim, now_ns) else None


def _attempt_rule(policy: Policy) -> AttemptRule:
    return attempt_rules(policy.level, policy.sequence_mandatory, policy.frame.reasons)


def _people(evidence: AttemptEvidence, rule: Rule, now_ns: int) -> set[SubjectRef]:
    """Return whom the good frames of the whole attempt show: of two people, it stays theirs."""
    good = (a for a in evidence.assessments if _when_new(a, rule, now_ns) is None)
    return {a.verified.subject for a in good if a.verified is not None}


def _is_strong(assessment: Assessment, policy: Policy) -> bool:
    alone, verified = policy.frame.match.alone, assessment.verified
    if verified is None or not alone or set(alone) != set(policy.frame.match.floors):
        return False
    return all(verified.per_model.get(model, -1.0) >= sure for model, sure in alone.items())


def _is_would_be(assessment: Assessment) -> bool:
    return assessment.verified is not None and bool(assessment.findings)


def _came_near(reason: Reason, evidence: AttemptEvidence, now_ns: int, policy: Policy) -> bool:
    """Whether a denial counts as a failure: by what was seen, so that a hand over the lens does not erase it.

    A would-be grant that was refused counts. So does somebody of whom one frame would have opened and another, as
    clear, is a stranger's: that is luck tried out. Good frames alone, too few of them, are a person in a hurry, and
    strangers cost nothing.
    """
    rule = frame_rules(policy.frame)
    shown = [(_is_would_be(a), _when_new(a, rule, now_ns)) for a in evidence.assessments]
    is_refused = any(is_would_be and why is not None for is_would_be, why in shown)
    is_luck = (True, None) in shown and any(why is Reason.UNKNOWN_PERSON for _, why in shown)
    return reason in COUNTED or is_refused or is_luck


def _good_frames(window: Sequence[Assessment], rule: Rule, now_ns: int) -> list[Assessment]:
    """Return the frames that count, each once: one frame, or the same bytes of a face, is one piece of evidence."""
    by_frame = {a.frame_seq: a for a in window if rule(a, now_ns) is None}
    by_pixels = {a.face_digest or a.frame_seq: a for a in by_frame.values()}
    return list(by_pixels.values())


def _telling_reason(evidence: AttemptEvidence, limits: Limits, now_ns: int, policy: Policy) -> Reason:
    claim = _claim(evidence, limits, now_ns)
    if claim is None and limits.restriction(now_ns, cluster=evidence.cluster) is Restriction.HELD:
        return Reason.HELD
    if not evidence.assessments:
        return Reason.NO_FACE
    rule = frame_rules(policy.frame)
    seen = {_when_new(a, rule, now_ns) for a in evidence.assessments}
    lacking = _what_the_attempt_lacks(evidence, limits, now_ns, policy)
    seen |= {lacking} if lacking else set()
    if len(_people(evidence, rule, now_ns)) > 1:
        seen.add(Reason.IDENTITY_CHANGED)
    telling = next((reason for reason in _TELLING if reason in seen), None)
    if telling is Reason.UNKNOWN_PERSON and claim is not None:
        return Reason.CLAIM_MISMATCH
    if None in seen and telling in (None, Reason.UNKNOWN_PERSON, Reason.LOW_QUALITY, Reason.NO_FACE):
        return Reason.NOT_ENOUGH_FRAMES
    return telling or Reason.TIMEOUT


def _what_the_attempt_lacks(evidence: AttemptEvidence, limits: Limits, now_ns: int, policy: Policy) -> Reason | None:
    """Return what was missing beside good frames when they last were enough; None when they never were."""
    rule = frame_rules(policy.frame)
    good = [(a, _when_new(a, rule, now_ns) is None) for a in evidence.assessments]
    for last in range(len(good), 0, -1):
        window = good[max(0, last - policy.frames_window) : last]
        enough = {a.frame_seq: a for a, is_good in window if is_good}
        if len(enough) >= policy.frames_needed:
            candidacy = _candidacy(list(enough.values()), evidence, limits, now_ns, policy)
            return _attempt_rule(policy)(candidacy) if candidacy else None
    return None


def _when_new(assessment: Assessment, rule: Rule, now_ns: int) -> Reason | None:
    """Return what a frame showed when it was new; its age is judged where it is used as evidence."""
    return rule(assessment, min(now_ns, assessment.captured_ns))


def _last_candidate(assessments: Sequence[Assessment]) -> SubjectRef | None:
    return next((a.screen.subject for a in reversed(assessments) if a.screen is not None), None)


def _findings(evidence: AttemptEvidence, policy: Policy) -> tuple[Finding, ...]:
    deciding = evidence.assessments[-max(1, policy.frames_window) :]
    return (*(finding for a in deciding for finding in a.findings), *evidence.sequence_findings)
