"""What one frame must show to count toward a grant: small rules, composed.

A rule returns None when it is satisfied and the reason to deny otherwise. A rule never satisfied by absent evidence
is the point: missing, late, NaN, empty and SKIPPED all have reasons of their own.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edge.domain.assessment import Assessment
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Outcome, Reason

Rule = Callable[[Assessment, int], Reason | None]
"""(assessment, now in monotonic ns) -> why it does not count, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameTerms:
    """What the frame rules need to know.

    Attributes:
        match: the joint operating point.
        mandatory: defenses that must have passed, by name.
        reasons: what a failure of a defense is called, by its name; mandatory or not.
        most_age_ms: a frame older than this is no evidence.
    """

    match: MatchPoint
    mandatory: frozenset[str]
    reasons: Mapping[str, Reason]
    most_age_ms: float


def frame_rules(terms: FrameTerms) -> Rule:
    """Return the rule that a frame must satisfy to count. The order decides which reason is reported."""
    return all_of(
        (
            no_fault,
            _is_fresh(terms.most_age_ms),
            has_good_quality,
            _no_objection(terms.mandatory, terms.reasons),
            has_candidate,
            models_agree(terms.match),
            matches(terms.match),
            _defenses_passed(terms.mandatory, terms.reasons),
        )
    )


def all_of(rules: Iterable[Rule]) -> Rule:
    """Return a rule satisfied when every rule is. Of no rules it is never satisfied: an empty policy denies."""
    every = tuple(rules)

    def check(assessment: Assessment, now_ns: int) -> Reason | None:
        if not every:
            return Reason.EMPTY_POLICY
        return next((reason for rule in every if (reason := rule(assessment, now_ns)) is not None), None)

    return check


def no_fault(assessment: Assessment, now_ns: int) -> Reason | None:
    """A frame that could not be judged does not count."""
    del now_ns
    return assessment.fault


def has_good_quality(assessment: Assessment, now_ns: int) -> Reason | None:
    """A face must have been measured and found good."""
    del now_ns
    if assessment.quality is None:
        return Reason.NO_FACE
    numbers = (assessment.quality.width_px, assessment.quality.sharpness, assessment.quality.brightness)
    if not assessment.quality.is_good or not all(map(math.isfinite, numbers)):
        return Reason.LOW_QUALITY
    return None


def has_candidate(assessment: Assessment, now_ns: int) -> Reason | None:
    """Screening must have named somebody, and verification must be about that same person."""
    del now_ns
    if assessment.screen is None:
        return Reason.UNKNOWN_PERSON
    if assessment.verified is None:
        return Reason.DEFENSE_INCOMPLETE
    if assessment.verified.subject != assessment.screen.subject:
        return Reason.IDENTITY_CHANGED
    return None if assessment.verified.is_finite else Reason.FAULT_ENGINE


def _is_fresh(most_age_ms: float) -> Rule:
    def check(assessment: Assessment, now_ns: int) -> Reason | None:
        age_ms = (now_ns - assessment.captured_ns) / 1e6
        return None if 0 <= age_ms <= most_age_ms else Reason.STALE_FRAME

    return check


def _no_objection(mandatory: frozenset[str], reasons: Mapping[str, Reason]) -> Rule:
    """Whoever else was asked, such as the second opinion on an unknown face, must not have objected."""

    def check(assessment: Assessment, now_ns: int) -> Reason | None:
        del now_ns
        failed = [f.defense for f in assessment.findings if f.outcome is Outcome.FAIL and f.defense not in mandatory]
        return reasons.get(failed[0], Reason.ADVERSARIAL_INPUT) if failed else None

    return check


def models_agree(point: MatchPoint) -> Rule:
    """Each model by itself must reach its loose floor.

    One sure of the person and another below its floor is a disagreement; one merely near is a stranger who resembles
    somebody, as every large gallery has.
    """

    def check(assessment: Assessment, now_ns: int) -> Reason | None:
        del now_ns
        if not point.floors or assessment.verified is None:
            return Reason.DEFENSE_INCOMPLETE
        scores = assessment.verified.per_model
        if set(point.floors) != set(scores):
            return Reason.DEFENSE_INCOMPLETE
        if all(scores[model] >= floor for model, floor in point.floors.items()):
            return None
        return _no_match(scores, point)

    return check


def _no_match(scores: Mapping[str, float], point: MatchPoint) -> Reason:
    """Return why models that do not match together do not: one was sure by itself, or none was."""
    is_sure = any(scores.get(model, -1.0) >= sure for model, sure in point.alone.items())
    return Reason.MODEL_DISAGREEMENT if is_sure else Reason.UNKNOWN_PERSON


def _defenses_passed(mandatory: frozenset[str], reasons: Mapping[str, Reason]) -> Rule:
    """Exactly one finding of every mandatory defense, and it must be PASS with a finite number."""

    def check(assessment: Assessment, now_ns: int) -> Reason | None:
        del now_ns
        if not mandatory:
            return Reason.EMPTY_POLICY
        failed = [f.defense for f in assessment.findings if f.outcome is Outcome.FAIL]
        if failed:
            return reasons.get(failed[0], Reason.ADVERSARIAL_INPUT)
        for defense in mandatory:
            of_it = [finding for finding in assessment.findings if finding.defense == defense]
            if len(of_it) != 1 or of_it[0].outcome is not Outcome.PASS or not math.isfinite(of_it[0].statistic):
                return Reason.DEFENSE_INCOMPLETE
        return None

    return check


def matches(point: MatchPoint) -> Rule:
    """The fused score, computed again here from the models' scores, must reach the threshold.

    One model sure of the person is a disagreement here too: a floor may be loose, and what is forged for one model
    must not pass for a stranger who resembles somebody.
    """

    def check(assessment: Assessment, now_ns: int) -> Reason | None:
        del now_ns
        if assessment.verified is None:
            return Reason.DEFENSE_INCOMPLETE
        fused = point.fuse(assessment.verified.per_model)
        is_match = math.isfinite(fused) and fused >= point.threshold and assessment.verified.fused >= point.threshold
        return None if is_match else _no_match(assessment.verified.per_model, point)

    return check
