"""What every level asks for: with all of it a grant, and never with any one piece missing."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.challenge import Challenge, ChallengeOutcome, Movement
from edge.domain.claim import Claim, Factor
from edge.domain.finding import Finding
from edge.domain.level import Level
from edge.domain.match import Match
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptEnd, Verdict
from edge.policy.attempt_rules import all_of
from edge.policy.decide import AttemptEvidence, Instant, Policy, decide, needs_second_step
from edge.policy.limits import Allowance, Limits, LimitTerms
from tests.unit.edge.policy.test_decide import ANN, BOB, GRANT, MISSING, NOW_NS, POLICY, evidence, good

MS = 1_000_000
NOW = Instant(NOW_NS, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
REPLAY = Finding(defense="replay", outcome=Outcome.PASS, statistic=0.1, threshold=0.2)
CLAIM = Claim(
    claim_id="c", subject=ANN, factor=Factor.BADGE, received_ns=NOW_NS - 1_000 * MS, expires_ns=NOW_NS + 1_000 * MS
)
MOVES = (Movement.TURN_LEFT, Movement.LOOK_UP, Movement.TURN_RIGHT)
DONE = Challenge(
    movements=MOVES, done=3, started_ns=NOW_NS - 400 * MS, deadline_ns=NOW_NS, outcome=ChallengeOutcome.PASSED
)
PENDING = replace(DONE, done=1, outcome=ChallengeOutcome.PENDING)
FAILED = replace(DONE, done=1, outcome=ChallengeOutcome.FAILED)
TERMS = LimitTerms(failures=5, window_ms=60_000, hold_ms=10_000, escalate_after=2, gate_failures=20)


def policy_at(level: Level) -> Policy:
    mandatory = POLICY.frame.mandatory | ({"occlude"} if level is Level.HIGH else set())
    return replace(
        POLICY,
        level=level,
        sequence_mandatory=frozenset({"replay"}),
        frame=replace(POLICY.frame, mandatory=mandatory),
        limits=TERMS,
    )


def seen_at(level: Level, *, by_badge: bool = False) -> AttemptEvidence:
    """Everything that a level asks for."""
    occlude = Finding(defense="occlude", outcome=Outcome.PASS, statistic=0.1, threshold=0.2)
    frames = [good(n) for n in (1, 2)]
    if level is Level.HIGH:
        frames = [replace(a, findings=(*a.findings, occlude)) for a in frames]
    needs_claim = level is Level.HIGH or (level is Level.STANDARD and by_badge)
    return replace(
        evidence(*frames),
        sequence_findings=(REPLAY,),
        claim=CLAIM if needs_claim else None,
        challenge=DONE if level is Level.STANDARD and not by_badge else None,
        cluster="face",
    )


def decided(seen: AttemptEvidence, level: Level, limits: Limits | None = None) -> tuple[Decision, Reason] | None:
    verdict, _ = decide(seen, limits or Limits(), NOW, policy_at(level))
    return (verdict.decision, verdict.reason) if verdict else None


COMPLETE = [
    (Level.CONVENIENCE, False),
    (Level.STANDARD, False),
    (Level.STANDARD, True),
    (Level.HIGH, True),
]
every_way = pytest.mark.parametrize(("level", "by_badge"), COMPLETE)


@every_way
def test_everything_that_a_level_asks_for_grants(level: Level, by_badge: bool) -> None:
    assert decided(seen_at(level, by_badge=by_badge), level) == GRANT


Spoil = Callable[[AttemptEvidence], AttemptEvidence]


def with_replay(outcome: Outcome) -> Spoil:
    return lambda e: replace(e, sequence_findings=(replace(REPLAY, outcome=outcome),))


SEQUENCE: dict[str, tuple[Spoil, Reason]] = {
    "no finding over time": (lambda e: replace(e, sequence_findings=()), Reason.DEFENSE_INCOMPLETE),
    "one of another name": (
        lambda e: replace(e, sequence_findings=(replace(REPLAY, defense="x"),)),
        Reason.DEFENSE_INCOMPLETE,
    ),
    "replay failed": (with_replay(Outcome.FAIL), Reason.ADVERSARIAL_INPUT),
    "replay in error": (with_replay(Outcome.ERROR), Reason.DEFENSE_INCOMPLETE),
    "replay skipped": (with_replay(Outcome.SKIPPED), Reason.NOT_ENOUGH_FRAMES),
    "replay failed once, passed later": (
        lambda e: replace(e, sequence_findings=(replace(REPLAY, outcome=Outcome.FAIL), REPLAY)),
        Reason.ADVERSARIAL_INPUT,
    ),
    "replay passed once, skipped later": (
        lambda e: replace(e, sequence_findings=(REPLAY, replace(REPLAY, outcome=Outcome.SKIPPED))),
        Reason.NOT_ENOUGH_FRAMES,
    ),
    "something else over time failed": (
        lambda e: replace(e, sequence_findings=(REPLAY, replace(REPLAY, defense="x", outcome=Outcome.FAIL))),
        Reason.ADVERSARIAL_INPUT,
    ),
}
CHALLENGED: dict[str, tuple[Spoil, Reason]] = {
    "nothing asked": (lambda e: replace(e, challenge=None), Reason.SECOND_STEP_MISSING),
    "not done yet": (lambda e: replace(e, challenge=PENDING), Reason.SECOND_STEP_MISSING),
    "done wrong": (lambda e: replace(e, challenge=FAILED), Reason.CHALLENGE_FAILED),
    "nothing to do": (lambda e: replace(e, challenge=replace(DONE, movements=(), done=0)), Reason.CHALLENGE_FAILED),
    "frames from before it": (
        lambda e: replace(e, challenge=replace(DONE, started_ns=NOW_NS - 50 * MS)),
        Reason.NOT_ENOUGH_FRAMES,
    ),
}


def with_claim(**changes: object) -> Spoil:
    return lambda e: replace(e, claim=replace(CLAIM, **changes))  # type: ignore[arg-type] # of several fields


CLAIMED: dict[str, tuple[Spoil, Reason]] = {
    "no claim": (lambda e: replace(e, claim=None), Reason.SECOND_STEP_MISSING),
    "expired": (with_claim(expires_ns=NOW_NS), Reason.SECOND_STEP_MISSING),
    "of the future": (with_claim(received_ns=NOW_NS + 1), Reason.SECOND_STEP_MISSING),
    "of somebody else": (with_claim(subject=BOB), Reason.CLAIM_MISMATCH),
}
AT_HIGH: dict[str, tuple[Spoil, Reason]] = {
    "not occluded": (
        lambda e: replace(e, assessments=tuple(replace(a, findings=a.findings[:-1]) for a in e.assessments)),
        Reason.DEFENSE_INCOMPLETE,
    ),
}
LACKING = [
    *((level, by, what, SEQUENCE[what]) for level, by in COMPLETE for what in SEQUENCE),
    *((Level.STANDARD, False, what, CHALLENGED[what]) for what in CHALLENGED),
    *((level, True, what, CLAIMED[what]) for level in (Level.STANDARD, Level.HIGH) for what in CLAIMED),
    *((Level.HIGH, True, what, AT_HIGH[what]) for what in AT_HIGH),
]


@pytest.mark.parametrize(
    ("level", "by_badge", "what", "lack"), LACKING, ids=lambda v: v if isinstance(v, str) else ""
)
def test_one_piece_missing_goes_on_and_then_says_which(
    level: Level, by_badge: bool, what: str, lack: tuple[Spoil, Reason]
) -> None:
    spoil, reason = lack
    seen = spoil(seen_at(level, by_badge=by_badge))
    assert decided(seen, level) is None
    assert decided(replace(seen, end=AttemptEnd.LEFT), level) == (Decision.DENIED, reason)


@given(
    way=st.sampled_from(COMPLETE),
    frames=st.lists(st.sampled_from([*MISSING, None]), min_size=2, max_size=5),
    sequence=st.sampled_from([*SEQUENCE, None]),
    challenge=st.sampled_from([*CHALLENGED, None]),
    claim=st.sampled_from([*CLAIMED, None]),
    posture=st.sampled_from(Posture),
    restriction=st.sampled_from(
        [Allowance(), Allowance(escalated_until_ns=NOW_NS + 1), Allowance(held_until_ns=NOW_NS + 1)]
    ),
    end=st.sampled_from([None, *AttemptEnd]),
)
@settings(max_examples=600, deadline=None)
def test_no_combination_of_missing_pieces_grants(
    *,
    way: tuple[Level, bool],
    frames: list[str | None],
    sequence: str | None,
    challenge: str | None,
    claim: str | None,
    posture: Posture,
    restriction: Allowance,
    end: AttemptEnd | None,
) -> None:
    """The oracle says again, in other words, what a grant needs."""
    level, by_badge = way
    whole = seen_at(level, by_badge=by_badge)
    shown = [replace(whole.assessments[0], frame_seq=n) for n in range(len(frames))]
    spoiled = [a if what is None else MISSING[what][0](a) for a, what in zip(shown, frames, strict=True)]
    seen = replace(whole, assessments=tuple(spoiled), end=end)
    if sequence is not None:
        seen = SEQUENCE[sequence][0](seen)
    if challenge is not None and whole.challenge is not None:
        seen = CHALLENGED[challenge][0](seen)
    if claim is not None and whole.claim is not None:
        seen = CLAIMED[claim][0](seen)
    granted = decided(seen, level, Limits(clusters={"face": restriction}, posture=posture)) == GRANT
    is_claimed = whole.claim is not None and claim is None
    needed = [
        sum(what is None for what in frames[-3:]) >= 2,
        sequence is None,
        whole.challenge is None or challenge is None,
        whole.claim is None or claim is None,
        posture is Posture.NORMAL,
        end is not AttemptEnd.FAULT,
        restriction == Allowance() or is_claimed,
    ]
    assert granted == all(needed)


@every_way
@pytest.mark.parametrize("posture", [Posture.LOCKDOWN, Posture.OUT_OF_SERVICE])
def test_a_posture_denies_whatever_is_shown(level: Level, by_badge: bool, posture: Posture) -> None:
    seen = seen_at(level, by_badge=by_badge)
    limits = Limits(posture=posture)
    assert decided(seen, level, limits) is None
    assert decided(replace(seen, end=AttemptEnd.TIMEOUT), level, limits) == (Decision.DENIED, posture.reason)


def test_a_rule_of_nothing_is_never_satisfied() -> None:
    assert all_of(())(None) is Reason.EMPTY_POLICY  # type: ignore[arg-type] # it looks at nothing


@pytest.mark.parametrize("level", Level)
def test_an_empty_policy_denies_at_every_level(level: Level) -> None:
    empty = replace(policy_at(level), frame=replace(POLICY.frame, mandatory=frozenset()))
    seen = replace(seen_at(level, by_badge=True), end=AttemptEnd.LEFT)
    verdict, _ = decide(seen, Limits(), NOW, empty)
    assert verdict is not None
    assert verdict.reason is Reason.EMPTY_POLICY


def restricted(seen: AttemptEvidence, allowance: Allowance) -> tuple[Decision, Reason] | None:
    return decided(seen, Level.CONVENIENCE, Limits(clusters={"face": allowance}))


def test_an_escalated_face_needs_a_badge_and_a_held_one_a_strong_match_beside_it() -> None:
    face = seen_at(Level.CONVENIENCE)
    badge = replace(face, claim=CLAIM)
    models = {"a": 0.65, "b": 0.8}
    weak = replace(
        badge,
        assessments=tuple(
            replace(a, verified=Match(subject=ANN, fused=0.725, per_model=models)) for a in badge.assessments
        ),
    )
    escalated, held = Allowance(escalated_until_ns=NOW_NS + 1), Allowance(held_until_ns=NOW_NS + 1)
    left = AttemptEnd.LEFT
    assert restricted(weak, Allowance()) == GRANT
    assert restricted(replace(face, end=left), escalated) == (Decision.DENIED, Reason.ESCALATED)
    assert restricted(weak, escalated) == GRANT
    assert restricted(replace(face, end=left), held) == (Decision.DENIED, Reason.HELD)
    assert restricted(replace(weak, end=left), held) == (Decision.DENIED, Reason.HELD)
    assert restricted(badge, held) == GRANT


@pytest.mark.parametrize("per_model", [{"a": 0.9}, {"a": 0.9, "b": math.nan}, {"a": 0.9, "b": 0.69}])
def test_a_match_is_strong_when_every_model_is_sure(per_model: dict[str, float]) -> None:
    badge = replace(seen_at(Level.CONVENIENCE), claim=CLAIM)
    frames = tuple(replace(a, verified=Match(subject=ANN, fused=0.8, per_model=per_model)) for a in badge.assessments)
    assert restricted(replace(badge, assessments=frames), Allowance(held_until_ns=NOW_NS + 1)) is None


def test_a_claim_serves_one_attempt() -> None:
    seen = seen_at(Level.HIGH, by_badge=True)
    verdict, limits = decide(seen, Limits(), NOW, policy_at(Level.HIGH))
    assert verdict is not None
    assert verdict.decision is Decision.GRANTED
    assert decided(seen, Level.HIGH, limits) is None
    denied, after_denial = decide(
        replace(seen, assessments=(), end=AttemptEnd.LEFT), Limits(), NOW, policy_at(Level.HIGH)
    )
    assert denied is not None
    assert decided(seen, Level.HIGH, after_denial) is None


def test_a_badge_before_a_strangers_face_is_a_mismatch_that_counts_for_the_identity() -> None:
    stranger = replace(good(1), screen=None, verified=None, findings=())
    seen = replace(evidence(stranger, end=AttemptEnd.LEFT), claim=CLAIM, cluster="thief")
    verdict, limits = decide(seen, Limits(), NOW, policy_at(Level.STANDARD))
    assert verdict is not None
    assert verdict.reason is Reason.CLAIM_MISMATCH
    assert set(limits.identities) == {ANN}
    assert set(limits.clusters) == {"thief"}


def test_an_attempt_that_could_not_open_anyway_costs_nothing() -> None:
    held = Limits(gate=Allowance(held_until_ns=NOW_NS + 1))
    spoil, _ = MISSING["a defense failed"]
    seen = evidence(spoil(good(1)), end=AttemptEnd.LEFT)
    verdict, limits = decide(seen, held, NOW, policy_at(Level.CONVENIENCE))
    assert verdict is not None
    assert verdict.reason is Reason.HELD
    assert limits == held


def told_findings(verdict: Verdict | None) -> list[str]:
    assert verdict is not None
    return [f.defense for f in verdict.findings]


def test_a_verdict_tells_what_was_found_over_time() -> None:
    verdict, _ = decide(seen_at(Level.CONVENIENCE), Limits(), NOW, policy_at(Level.CONVENIENCE))
    assert "replay" in told_findings(verdict)


def test_a_challenge_helps_where_only_the_second_step_is_missing() -> None:
    policy = policy_at(Level.STANDARD)
    ready = replace(seen_at(Level.STANDARD), challenge=None)
    assert needs_second_step(ready, NOW, policy)
    assert needs_second_step(replace(ready, challenge=PENDING), NOW, policy)
    turned = MISSING["bad quality"][0](good(3))
    assert needs_second_step(replace(ready, assessments=(turned,) * 3, challenge=PENDING), NOW, policy)
    for other in (
        replace(ready, assessments=ready.assessments[:1]),
        replace(ready, assessments=(good(1), good(2, BOB), good(3, BOB))),
        replace(ready, challenge=DONE),
        replace(ready, challenge=FAILED),
        replace(ready, claim=CLAIM),
        replace(ready, end=AttemptEnd.LEFT),
        replace(ready, fault=Reason.FAULT_CAMERA),
        replace(ready, sequence_findings=(replace(REPLAY, outcome=Outcome.FAIL),)),
    ):
        assert not needs_second_step(other, NOW, policy)
    for level in (Level.CONVENIENCE, Level.HIGH):
        assert not needs_second_step(ready, NOW, policy_at(level))
    assert not needs_second_step(ready, NOW, replace(policy, frames_needed=0))
