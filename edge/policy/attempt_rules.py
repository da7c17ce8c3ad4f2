"""What an attempt must show beside its good frames: small rules, composed. The level says which.

A rule returns None when it is satisfied and the reason to deny otherwise. As with frames, evidence that is missing,
late, of somebody else, SKIPPED or not a number satisfies none.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from edge.domain.challenge import Challenge, ChallengeOutcome
from edge.domain.claim import Claim
from edge.domain.finding import Finding
from edge.domain.level import Level
from edge.domain.match import SubjectRef
from edge.domain.reasons import Outcome, Reason
from edge.policy.limits import Restriction


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidacy:
    """Somebody of whom enough frames are good, and what else is known of the attempt.

    Attributes:
        subject: whom the good frames show.
        oldest_ns: when the oldest of them was captured, monotonic.
        is_strong: every model by itself is sure in every one of them (``MatchPoint.alone``).
        sequence: findings about the attempt as a whole, oldest first.
        claim: a badge's or PIN's, if it counts now and serves this attempt alone.
        challenge: what was asked of the person.
        restriction: what stands against the gate, the claimed identity and the face.
    """

    subject: SubjectRef
    oldest_ns: int
    is_strong: bool
    sequence: tuple[Finding, ...]
    claim: Claim | None
    challenge: Challenge | None
    restriction: Restriction

    @property
    def is_claimed(self) -> bool:
        """Whether a badge or PIN names the person whom the frames show."""
        return self.claim is not None and self.claim.subject == self.subject


AttemptRule = Callable[[Candidacy], Reason | None]
"""Why a candidacy does not become a grant, or None."""


def attempt_rules(level: Level, sequence_mandatory: frozenset[str], reasons: Mapping[str, Reason]) -> AttemptRule:
    """Return the rule that a candidacy must satisfy. The order decides which reason is reported.

    Args:
        level: what is asked for besides the face.
        sequence_mandatory: findings about the attempt as a whole that must have passed, by name.
        reasons: what a failure of a defense is called, by its name.
    """
    return all_of(
        (
            sequence_passed(sequence_mandatory, reasons),
            claim_names_the_face,
            limits_allow,
            second_step_of(level),
        )
    )


def all_of(rules: Iterable[AttemptRule]) -> AttemptRule:
    """Return a rule satisfied when every rule is. Of no rules it is never satisfied: an empty policy denies."""
    every = tuple(rules)

    def check(candidacy: Candidacy) -> Reason | None:
        if not every:
            return Reason.EMPTY_POLICY
        return next((reason for rule in every if (reason := rule(candidacy)) is not None), None)

    return check


def sequence_passed(mandatory: frozenset[str], reasons: Mapping[str, Reason]) -> AttemptRule:
    """No finding about the attempt failed, ever; and the latest one of every mandatory name is PASS with a number.

    One that is still SKIPPED had too few frames to say anything: the person may have been too quick.
    """

    def check(candidacy: Candidacy) -> Reason | None:
        failed = failed_sequence(candidacy.sequence, reasons)
        if failed is not None:
            return failed
        latest = {finding.defense: finding for finding in candidacy.sequence}
        for name in sorted(mandatory):
            finding = latest.get(name)
            if finding is None or finding.outcome is Outcome.ERROR:
                return Reason.DEFENSE_INCOMPLETE
            if finding.outcome is not Outcome.PASS:
                return Reason.NOT_ENOUGH_FRAMES
            if not (math.isfinite(finding.statistic) and math.isfinite(finding.threshold)):
                return Reason.DEFENSE_INCOMPLETE
        return None

    return check


def failed_sequence(sequence: Iterable[Finding], reasons: Mapping[str, Reason]) -> Reason | None:
    """Return what the first failed finding about an attempt is called; None when none failed."""
    failed = (f.defense for f in sequence if f.outcome is Outcome.FAIL)
    return next((reasons.get(name, Reason.ADVERSARIAL_INPUT) for name in failed), None)


def claim_names_the_face(candidacy: Candidacy) -> Reason | None:
    """Whoever shows a badge or PIN must be the one whom it names, at every level."""
    return None if candidacy.claim is None or candidacy.is_claimed else Reason.CLAIM_MISMATCH


def limits_allow(candidacy: Candidacy) -> Reason | None:
    """After failures a face alone is not enough; in a hold, a badge or PIN needs a strong match beside it."""
    match candidacy.restriction:
        case Restriction.NONE:
            return None
        case Restriction.ESCALATED:
            return None if candidacy.is_claimed else Reason.ESCALATED
        case Restriction.HELD:
            return None if candidacy.is_claimed and candidacy.is_strong else Reason.HELD
        case _:
            assert_never(candidacy.restriction)


def second_step_of(level: Level) -> AttemptRule:
    """Return the rule of what a level asks for besides the face."""
    match level:
        case Level.CONVENIENCE:
            return _nothing_more
        case Level.STANDARD:
            return _moved_or_claimed
        case Level.HIGH:
            return _claimed
        case _:
            assert_never(level)


def _nothing_more(candidacy: Candidacy) -> Reason | None:
    del candidacy
    return None


def _claimed(candidacy: Candidacy) -> Reason | None:
    return None if candidacy.is_claimed else Reason.SECOND_STEP_MISSING


def _moved_or_claimed(candidacy: Candidacy) -> Reason | None:
    """The movements were made, and the face was seen since they were first asked for; or a badge or PIN names it."""
    if candidacy.is_claimed:
        return None
    challenge = candidacy.challenge
    if challenge is None or challenge.outcome is ChallengeOutcome.PENDING:
        return Reason.SECOND_STEP_MISSING
    if challenge.outcome is ChallengeOutcome.FAILED or not challenge.movements:
        return Reason.CHALLENGE_FAILED
    return None if candidacy.oldest_ns >= challenge.started_ns else Reason.NOT_ENOUGH_FRAMES
