"""The decision: what grants, and everything that must not."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.assessment import Assessment
from edge.domain.face import Quality
from edge.domain.finding import Finding
from edge.domain.level import Level
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Decision, Outcome, QualityIssue, Reason
from edge.domain.verdict import AttemptEnd, AttemptId
from edge.policy.decide import AttemptEvidence, Instant, Policy, decide, may_verify
from edge.policy.limits import Allowance, Limits, LimitTerms
from edge.policy.rules import FrameTerms, all_of

ANN, BOB = SubjectRef("ann"), SubjectRef("bob")
NOW_NS = 10_000_000_000
POINT = MatchPoint(
    threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={"a": 0.7, "b": 0.7}
)
MANDATORY = ("randomize", "squeeze", "agree")
POLICY = Policy(
    frames_needed=2,
    frames_window=3,
    most_verifications=6,
    frame=FrameTerms(
        match=POINT,
        mandatory=frozenset(MANDATORY),
        reasons={"agree": Reason.MODEL_DISAGREEMENT, "second-opinion": Reason.MODEL_DISAGREEMENT},
        most_age_ms=1_000,
    ),
    limits=LimitTerms(failures=3, window_ms=60_000, hold_ms=5_000),
    level=Level.CONVENIENCE,
    sequence_mandatory=frozenset(),
)
GOOD_QUALITY = Quality(width_px=100, sharpness=200, brightness=120, yaw_ratio=0.0)


def passed(name: str) -> Finding:
    return Finding(defense=name, outcome=Outcome.PASS, statistic=0.1, threshold=0.2)


def good(seq: int, subject: SubjectRef = ANN) -> Assessment:
    match = Match(subject=subject, fused=0.8, per_model={"a": 0.8, "b": 0.8})
    return Assessment(
        frame_seq=seq,
        captured_ns=NOW_NS - 100_000_000,
        quality=GOOD_QUALITY,
        screen=Match(subject=subject, fused=0.8, per_model={"a": 0.8}),
        verified=match,
        findings=tuple(passed(name) for name in MANDATORY),
    )


def evidence(*frames: Assessment, end: AttemptEnd | None = None, fault: Reason | None = None) -> AttemptEvidence:
    return AttemptEvidence(
        attempt_id=AttemptId("t"), started_ns=NOW_NS - 500_000_000, assessments=frames, end=end, fault=fault
    )


def outcome(
    seen: AttemptEvidence, *, policy: Policy = POLICY, limits: Limits | None = None
) -> tuple[Decision, Reason] | None:
    now = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    verdict, _ = decide(seen, limits or Limits(), now, policy)
    return (verdict.decision, verdict.reason) if verdict else None


GRANT = (Decision.GRANTED, Reason.MATCH)


def test_two_good_frames_of_three_grant() -> None:
    bad = Assessment(frame_seq=2, captured_ns=NOW_NS, quality=None)
    assert outcome(evidence(good(1), bad, good(3))) == GRANT


def test_one_good_frame_goes_on() -> None:
    assert outcome(evidence(good(1))) is None


def test_the_same_frame_twice_is_one_piece_of_evidence() -> None:
    assert outcome(evidence(good(1), good(1))) is None


def test_good_frames_outside_the_window_do_not_count() -> None:
    bad = Assessment(frame_seq=9, captured_ns=NOW_NS)
    assert outcome(evidence(good(1), bad, bad, good(4))) is None


def test_good_frames_of_two_people_deny() -> None:
    for frames in ((good(1, ANN), good(2, BOB)), (good(1, BOB), good(2, ANN), good(3, ANN), good(4, ANN))):
        assert outcome(evidence(*frames)) is None
        assert outcome(evidence(*frames, end=AttemptEnd.LEFT)) == (Decision.DENIED, Reason.IDENTITY_CHANGED)


MISSING: dict[str, tuple[Callable[[Assessment], Assessment], Reason]] = {
    "fault": (lambda a: replace(a, fault=Reason.FAULT_ENGINE), Reason.FAULT_ENGINE),
    "late": (lambda a: replace(a, captured_ns=NOW_NS - 2_000_000_000), Reason.NOT_ENOUGH_FRAMES),
    "from the future": (lambda a: replace(a, captured_ns=NOW_NS + 1), Reason.STALE_FRAME),
    "no quality": (lambda a: replace(a, quality=None), Reason.NO_FACE),
    "bad quality": (
        lambda a: replace(a, quality=replace(GOOD_QUALITY, issues=(QualityIssue.BLURRED,))),
        Reason.LOW_QUALITY,
    ),
    "NaN quality": (lambda a: replace(a, quality=replace(GOOD_QUALITY, sharpness=math.nan)), Reason.LOW_QUALITY),
    "no candidate": (lambda a: replace(a, screen=None), Reason.UNKNOWN_PERSON),
    "not verified": (lambda a: replace(a, verified=None), Reason.DEFENSE_INCOMPLETE),
    "verified somebody else": (
        lambda a: replace(a, verified=Match(subject=BOB, fused=0.9, per_model={"a": 0.9, "b": 0.9})),
        Reason.IDENTITY_CHANGED,
    ),
    "one model silent": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.9, per_model={"a": 0.9})),
        Reason.DEFENSE_INCOMPLETE,
    ),
    "NaN score": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.9, per_model={"a": 0.9, "b": math.nan})),
        Reason.FAULT_ENGINE,
    ),
    "NaN fused": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=math.nan, per_model={"a": 0.9, "b": 0.9})),
        Reason.FAULT_ENGINE,
    ),
    "one model below its floor": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.6, per_model={"a": 0.95, "b": 0.25})),
        Reason.MODEL_DISAGREEMENT,
    ),
    "one model merely near, the other below its floor": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.5, per_model={"a": 0.69, "b": 0.29})),
        Reason.UNKNOWN_PERSON,
    ),
    "a defense failed on somebody who does not match anyway": (
        lambda a: replace(
            a,
            verified=Match(subject=ANN, fused=0.4, per_model={"a": 0.4, "b": 0.4}),
            findings=(replace(a.findings[0], outcome=Outcome.FAIL), *a.findings[1:]),
        ),
        Reason.UNKNOWN_PERSON,
    ),
    "compared, but not defended": (lambda a: replace(a, findings=()), Reason.DEFENSE_INCOMPLETE),
    "fused claims more than the models": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.9, per_model={"a": 0.4, "b": 0.4})),
        Reason.UNKNOWN_PERSON,
    ),
    "fused below threshold": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.49, per_model={"a": 0.6, "b": 0.6})),
        Reason.UNKNOWN_PERSON,
    ),
    "fused below threshold, one model sure, both over their floors": (
        lambda a: replace(a, verified=Match(subject=ANN, fused=0.49, per_model={"a": 0.7, "b": 0.31})),
        Reason.MODEL_DISAGREEMENT,
    ),
    "no findings": (lambda a: replace(a, findings=()), Reason.DEFENSE_INCOMPLETE),
    "a defense missing": (lambda a: replace(a, findings=a.findings[1:]), Reason.DEFENSE_INCOMPLETE),
    "a defense twice": (lambda a: replace(a, findings=(a.findings[0], *a.findings)), Reason.DEFENSE_INCOMPLETE),
    "a defense skipped": (
        lambda a: replace(a, findings=(replace(a.findings[0], outcome=Outcome.SKIPPED), *a.findings[1:])),
        Reason.DEFENSE_INCOMPLETE,
    ),
    "a defense in error": (
        lambda a: replace(a, findings=(replace(a.findings[0], outcome=Outcome.ERROR), *a.findings[1:])),
        Reason.DEFENSE_INCOMPLETE,
    ),
    "a defense failed": (
        lambda a: replace(a, findings=(replace(a.findings[0], outcome=Outcome.FAIL), *a.findings[1:])),
        Reason.ADVERSARIAL_INPUT,
    ),
    "models disagree": (
        lambda a: replace(a, findings=(*a.findings[:2], replace(a.findings[2], outcome=Outcome.FAIL))),
        Reason.MODEL_DISAGREEMENT,
    ),
    "unknown, but the other model knows them": (
        lambda a: replace(
            a,
            screen=None,
            verified=None,
            findings=(replace(a.findings[0], defense="second-opinion", outcome=Outcome.FAIL),),
        ),
        Reason.MODEL_DISAGREEMENT,
    ),
    "an optional defense failed": (
        lambda a: replace(a, findings=(*a.findings, replace(a.findings[0], defense="x", outcome=Outcome.FAIL))),
        Reason.ADVERSARIAL_INPUT,
    ),
}


@pytest.mark.parametrize("what", MISSING)
def test_one_piece_of_evidence_missing_never_grants_and_says_why(what: str) -> None:
    spoil, reason = MISSING[what]
    seen = evidence(spoil(good(1)), spoil(good(2)), spoil(good(3)))
    assert outcome(seen) is None
    assert outcome(replace(seen, end=AttemptEnd.LEFT)) == (Decision.DENIED, reason)


@given(
    spoiled=st.lists(st.sampled_from([*MISSING, None]), min_size=0, max_size=5),
    end=st.sampled_from([None, *AttemptEnd]),
    fault=st.sampled_from([None, Reason.FAULT_ENGINE]),
    held=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_no_combination_of_bad_evidence_grants(
    spoiled: list[str | None], end: AttemptEnd | None, fault: Reason | None, held: bool
) -> None:
    frames = [good(i) if what is None else MISSING[what][0](good(i)) for i, what in enumerate(spoiled)]
    seen = evidence(*frames, end=end, fault=fault)
    limits = Limits(gate=Allowance(held_until_ns=NOW_NS + 1)) if held else Limits()
    enough = sum(what is None for what in spoiled[-3:]) >= 2
    granted = outcome(seen, limits=limits) == GRANT
    assert granted == (enough and end is not AttemptEnd.FAULT and fault is None and not held)


@pytest.mark.parametrize(
    "policy",
    [
        replace(POLICY, frames_needed=0),
        replace(POLICY, frames_needed=4),
        replace(POLICY, frame=replace(POLICY.frame, mandatory=frozenset())),
    ],
)
def test_an_empty_policy_denies(policy: Policy) -> None:
    assert outcome(evidence(good(1), good(2)), policy=policy) is None
    seen = evidence(good(1), good(2), end=AttemptEnd.LEFT)
    assert outcome(seen, policy=policy) == (Decision.DENIED, Reason.EMPTY_POLICY)


def test_a_policy_without_floors_denies() -> None:
    point = replace(POINT, floors={})
    policy = replace(POLICY, frame=replace(POLICY.frame, match=point))
    seen = evidence(good(1), good(2), end=AttemptEnd.LEFT)
    assert outcome(seen, policy=policy) == (Decision.DENIED, Reason.DEFENSE_INCOMPLETE)


def test_no_rules_at_all_are_never_satisfied() -> None:
    assert all_of(())(good(1), NOW_NS) is Reason.EMPTY_POLICY


def test_verifications_of_bad_frames_are_counted_and_run_out() -> None:
    weak = replace(good(1), verified=Match(subject=ANN, fused=0.4, per_model={"a": 0.4, "b": 0.4}))
    frames = [replace(weak, frame_seq=i) for i in range(6)]
    assert may_verify(evidence(*frames[:5]), NOW_NS, POLICY)
    assert may_verify(evidence(*(good(i) for i in range(9))), NOW_NS, POLICY)
    assert not may_verify(evidence(*frames), NOW_NS, POLICY)
    assert outcome(evidence(*frames)) is None
    assert outcome(evidence(*frames, end=AttemptEnd.TIMEOUT)) == (Decision.DENIED, Reason.UNKNOWN_PERSON)


def test_an_attempt_without_frames_is_denied() -> None:
    assert outcome(evidence(end=AttemptEnd.TIMEOUT)) == (Decision.DENIED, Reason.NO_FACE)


def test_near_misses_start_a_hold_that_denies_good_evidence() -> None:
    now = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    spoil, _ = MISSING["a defense failed"]
    near = evidence(spoil(good(1)), end=AttemptEnd.LEFT)
    limits = Limits()
    for _ in range(3):
        _, limits = decide(near, limits, now, POLICY)
    assert limits.is_held(NOW_NS)
    assert outcome(evidence(good(1), good(2)), limits=limits) is None
    assert outcome(evidence(good(1), good(2), end=AttemptEnd.LEFT), limits=limits) == (Decision.DENIED, Reason.HELD)
    assert not limits.is_held(NOW_NS + 5_000_000_001)


def test_strangers_and_empty_scenes_cost_nothing() -> None:
    now = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    limits = Limits()
    for what in ("no candidate", "no quality", "bad quality", "fused below threshold"):
        seen = replace(MISSING[what][0](good(1)), findings=())
        for _ in range(5):
            _, limits = decide(evidence(seen, end=AttemptEnd.LEFT), limits, now, POLICY)
    assert limits == Limits()


def test_a_hand_over_the_lens_does_not_erase_a_near_miss() -> None:
    now = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    spoil, _ = MISSING["a defense failed"]
    covered = evidence(spoil(good(1)), end=AttemptEnd.FAULT, fault=Reason.DARK_FRAME)
    limits = Limits()
    for _ in range(3):
        verdict, limits = decide(covered, limits, now, POLICY)
        assert verdict is not None
        assert verdict.reason is Reason.DARK_FRAME
    assert limits.is_held(NOW_NS)


def limits_after(*frames: Assessment, end: AttemptEnd = AttemptEnd.LEFT, fault: Reason | None = None) -> Limits:
    now = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return decide(evidence(*frames, end=end, fault=fault), Limits(), now, POLICY)[1]


def test_too_few_good_frames_alone_are_no_near_miss() -> None:
    turned = replace(MISSING["bad quality"][0](good(2)), screen=None, verified=None, findings=())
    assert limits_after(good(1)) == limits_after(good(1), turned) == Limits()
    assert limits_after(good(1), end=AttemptEnd.FAULT, fault=Reason.FAULT_CAMERA) == Limits()


@pytest.mark.parametrize("stranger", ["no candidate", "fused below threshold"])
def test_one_good_frame_among_a_strangers_is_a_near_miss(stranger: str) -> None:
    other = replace(MISSING[stranger][0](good(2)), findings=())
    assert limits_after(other) == Limits()
    assert limits_after(good(1), other) != Limits()
    assert limits_after(other, good(1), end=AttemptEnd.FAULT, fault=Reason.DARK_FRAME) != Limits()


@given(
    before=st.lists(st.sampled_from([*MISSING, None]), max_size=4),
    after=st.lists(st.sampled_from([*MISSING, None]), max_size=4),
    defense=st.sampled_from(["a defense failed", "a defense in error", "a defense skipped", "models disagree"]),
    fault=st.sampled_from([None, Reason.DARK_FRAME, Reason.FAULT_CAMERA]),
)
@settings(deadline=None)
def test_a_refused_would_be_grant_counts_whatever_else_is_seen(
    before: list[str | None], after: list[str | None], defense: str, fault: Reason | None
) -> None:
    whats = [*before, defense, *after]
    frames = [good(i) if what is None else MISSING[what][0](good(i)) for i, what in enumerate(whats)]
    seen = evidence(*frames, end=AttemptEnd.FAULT if fault else AttemptEnd.LEFT, fault=fault)
    now = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    verdict, limits = decide(seen, Limits(), now, POLICY)
    assert verdict is not None
    assert verdict.decision is Decision.GRANTED or limits != Limits()


def test_the_digest_changes_with_any_rule() -> None:
    for other in (
        {"frames_needed": 1},
        {"level": Level.HIGH},
        {"sequence_mandatory": frozenset({"replay"})},
        {"tick_ms": 250.0},
        {"certificates": ("tiered",)},
        {"limits": replace(POLICY.limits, gate_failures=20)},
        {"limits": replace(POLICY.limits, escalate_after=2)},
    ):
        assert POLICY.digest != replace(POLICY, **other).digest
    assert POLICY.digest != replace(POLICY, frame=replace(POLICY.frame, most_age_ms=999)).digest


def test_the_same_bytes_of_a_face_in_two_frames_are_one_piece_of_evidence() -> None:
    first, second = replace(good(1), face_digest=b"x"), replace(good(2), face_digest=b"x")
    assert outcome(evidence(first, second)) is None
    assert outcome(evidence(first, second, end=AttemptEnd.LEFT)) == (Decision.DENIED, Reason.NOT_ENOUGH_FRAMES)
    assert outcome(evidence(first, second, replace(good(3), face_digest=b"y"))) == GRANT
