"""The decision. Everything that opens a door passes through :func:`decide`, and nothing else makes a grant.

1. A hold denies. 2. A fault denies. 3. A policy without rules or frames denies. 4. Good frames of two people deny.
5. A finding about the attempt as a whole that did not pass denies. 6. With all of those, k good frames among the last
n, of one person, grant. 7. Too many verifications, or an attempt that must end, deny with the most telling reason
seen. 8. Otherwise the attempt goes on.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from edge.domain.assessment import Assessment
from edge.domain.challenge import Challenge
from edge.domain.claim import Claim
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptEnd, AttemptId, Verdict
from edge.policy.limits import COUNTED, Limits, LimitTerms
from edge.policy.rules import FrameTerms, Rule, frame_rules
from edge.policy.sequence import sequence_objection

_TELLING = (
    Reason.IDENTITY_CHANGED,
    Reason.ADVERSARIAL_INPUT,
    Reason.MODEL_DISAGREEMENT,
    Reason.FROZEN_FEED,
    Reason.FAULT_INTEGRITY,
    Reason.FAULT_ENGINE,
    Reason.FAULT_CAMERA,
    Reason.FAULT_INTERNAL,
    Reason.DEFENSE_INCOMPLETE,
    Reason.STALE_FRAME,
    Reason.DARK_FRAME,
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
        most_verifications: expensive verifications an attempt may use up.
        frame: what makes a frame good.
        limits: how often somebody may fail.
        sequence_mandatory: findings about the attempt as a whole that must have passed, by name.
    """

    frames_needed: int
    frames_window: int
    most_verifications: int
    frame: FrameTerms
    limits: LimitTerms
    sequence_mandatory: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """sha256 hex of everything above, for the audit."""
        frame = self.frame
        parts = (
            (self.frames_needed, self.frames_window, self.most_verifications, frame.most_age_ms),
            (frame.match.threshold, sorted(frame.match.weights.items()), sorted(frame.match.floors.items())),
            (sorted(frame.mandatory), sorted(frame.reasons.items()), self.limits),
            (sorted(self.sequence_mandatory),),
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
    ``policy.frames_window`` assessments satisfy every frame rule for one and the same person.
    """
    ruling = _rule(evidence, limits, now.monotonic_ns, policy)
    if ruling is None:
        return None, limits
    verdict = Verdict(
        attempt_id=evidence.attempt_id,
        decision=ruling.decision,
        reason=ruling.reason,
        subject=ruling.subject,
        findings=_findings(evidence.assessments[-max(1, policy.frames_window) :]) + evidence.sequence_findings,
        frames=len(evidence.assessments),
        started_ns=evidence.started_ns,
        decided_ns=now.monotonic_ns,
        decided_utc=now.utc,
        policy_digest=policy.digest,
        hint=evidence.hint,
    )
    is_counted = ruling.decision is Decision.DENIED and ruling.reason is not Reason.HELD
    if is_counted and _came_near(ruling, evidence, now.monotonic_ns, policy):
        limits = limits.after_near_miss(now.monotonic_ns, policy.limits)
    return verdict, limits


def _came_near(ruling: _Ruling, evidence: AttemptEvidence, now_ns: int, policy: Policy) -> bool:
    """Whether a denial counts as a near miss: by what was seen, so that a hand over the lens does not erase it.

    A would-be grant that was refused counts. So does somebody of whom one frame would have opened and another, as
    clear, is a stranger's: that is luck tried out. Good frames alone, too few of them, are a person in a hurry, and
    strangers cost nothing.
    """
    rule = frame_rules(policy.frame)
    shown = [(a.verified is not None and bool(a.findings), _when_new(a, rule, now_ns)) for a in evidence.assessments]
    is_refused = any(is_would_be and reason is not None for is_would_be, reason in shown)
    is_luck = (True, None) in shown and any(reason is Reason.UNKNOWN_PERSON for _, reason in shown)
    return ruling.reason in COUNTED or is_refused or is_luck


def _rule(evidence: AttemptEvidence, limits: Limits, now_ns: int, policy: Policy) -> _Ruling | None:
    candidate = _last_candidate(evidence.assessments)
    if limits.is_held(now_ns):
        return _Ruling(Decision.DENIED, Reason.HELD, candidate)
    if evidence.end is AttemptEnd.FAULT or evidence.fault is not None:
        return _Ruling(Decision.DENIED, evidence.fault or Reason.FAULT_INTERNAL, candidate)
    if not policy.is_complete:
        return _Ruling(Decision.DENIED, Reason.EMPTY_POLICY, candidate)

    rule = frame_rules(policy.frame)
    good = _good_frames(evidence.assessments[-policy.frames_window :], rule, now_ns)
    people = {a.verified.subject for a in good if a.verified is not None}
    if len(people) > 1:
        return _Ruling(Decision.DENIED, Reason.IDENTITY_CHANGED, candidate)
    objection = sequence_objection(evidence.sequence_findings, policy.sequence_mandatory, policy.frame.reasons)
    if objection not in (None, Reason.NOT_ENOUGH_FRAMES):
        return _Ruling(Decision.DENIED, objection, candidate)
    if objection is None and len(good) >= policy.frames_needed and len(people) == 1:
        return _Ruling(Decision.GRANTED, Reason.MATCH, people.pop())

    verifications = sum(1 for a in evidence.assessments if a.verified is not None and a.findings)
    if evidence.end is None and verifications < policy.most_verifications:
        return None
    return _Ruling(Decision.DENIED, _telling_reason(evidence, rule, now_ns), candidate)


def _good_frames(window: Sequence[Assessment], rule: Rule, now_ns: int) -> list[Assessment]:
    """Return the frames that count, each once: the same frame seen twice is one piece of evidence."""
    by_frame = {a.frame_seq: a for a in window if rule(a, now_ns) is None}
    return list(by_frame.values())


def _telling_reason(evidence: AttemptEvidence, rule: Rule, now_ns: int) -> Reason:
    if not evidence.assessments:
        return Reason.NO_FACE
    seen = {_when_new(a, rule, now_ns) for a in evidence.assessments}
    telling = next((reason for reason in _TELLING if reason in seen), None)
    if None in seen and telling in (None, Reason.UNKNOWN_PERSON, Reason.LOW_QUALITY, Reason.NO_FACE):
        return Reason.NOT_ENOUGH_FRAMES
    return telling or Reason.TIMEOUT


def _when_new(assessment: Assessment, rule: Rule, now_ns: int) -> Reason | None:
    """Return what a frame showed when it was new; its age is judged where it is used as evidence."""
    return rule(assessment, min(now_ns, assessment.captured_ns))


def _last_candidate(assessments: Sequence[Assessment]) -> SubjectRef | None:
    return next((a.screen.subject for a in reversed(assessments) if a.screen is not None), None)


def _findings(assessments: Sequence[Assessment]) -> tuple[Finding, ...]:
    return tuple(finding for a in assessments for finding in a.findings)
