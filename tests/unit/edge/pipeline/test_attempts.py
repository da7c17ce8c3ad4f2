"""The life of attempts: one open at most, each ends once, and a face that stays waits for its next."""

import datetime as dt

import pytest

from edge.domain.assessment import Assessment
from edge.domain.challenge import Challenge, ChallengeOutcome, Movement
from edge.domain.claim import Claim, Factor
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptEnd, Verdict
from edge.pipeline.attempts import Attempts, AttemptTerms
from edge.policy.decide import AttemptEvidence

SECOND = 1_000_000_000
TERMS = AttemptTerms(timeout_ms=6_000, rearm_after_denial_ms=3_000, rearm_after_grant_ms=10_000)


def verdict(evidence: AttemptEvidence, now_ns: int, *, granted: bool) -> Verdict:
    return Verdict(
        attempt_id=evidence.attempt_id,
        decision=Decision.GRANTED if granted else Decision.DENIED,
        reason=Reason.MATCH if granted else Reason.UNKNOWN_PERSON,
        subject=SubjectRef("x") if granted else None,
        findings=(),
        frames=1,
        started_ns=0,
        decided_ns=now_ns,
        decided_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        policy_digest="p",
    )


def a_challenge(*, deadline_ns: int) -> Challenge:
    return Challenge(
        movements=(Movement.LOOK_UP, Movement.TURN_LEFT, Movement.LOOK_DOWN),
        done=0,
        started_ns=2 * SECOND,
        deadline_ns=deadline_ns,
        outcome=ChallengeOutcome.PENDING,
    )


def opened(track: int = 1, now_ns: int = SECOND) -> Attempts:
    attempts = Attempts(TERMS)
    assert attempts.follow(track, (), now_ns) is None
    assert attempts.evidence is not None
    return attempts


def evidence_of(attempts: Attempts) -> AttemptEvidence:
    evidence = attempts.evidence
    assert evidence is not None
    return evidence


def test_nobody_there_opens_nothing() -> None:
    attempts = Attempts(TERMS)
    assert attempts.follow(None, (), SECOND) is None
    assert attempts.evidence is None


def test_a_face_that_leaves_ends_its_attempt() -> None:
    over = opened().follow(None, (1,), 2 * SECOND)
    assert over is not None
    assert over.end is AttemptEnd.LEFT


def test_a_nearer_face_ends_the_attempt_of_the_other() -> None:
    over = opened().follow(2, (), 2 * SECOND)
    assert over is not None
    assert over.end is AttemptEnd.LEFT


def test_a_missed_detection_does_not_end_it() -> None:
    attempts = opened()
    assert attempts.follow(None, (), 2 * SECOND) is None
    assert attempts.track == 1


def test_time_does_not_run_out_while_a_challenge_has_some() -> None:
    attempts = opened()
    attempts.ask(a_challenge(deadline_ns=8 * SECOND))
    assert attempts.follow(1, (), 10 * SECOND) is None
    over = attempts.follow(1, (), 10 * SECOND + 1)
    assert over is not None
    assert over.end is AttemptEnd.TIMEOUT
    assert over.ended_ns == 10 * SECOND


def test_a_challenge_is_of_the_open_attempt_alone() -> None:
    attempts = Attempts(TERMS)
    attempts.ask(a_challenge(deadline_ns=8 * SECOND))
    attempts.follow(1, (), SECOND)
    assert attempts.evidence is not None
    assert attempts.evidence.challenge is None


def test_time_runs_out() -> None:
    over = opened().follow(1, (), 8 * SECOND)
    assert over is not None
    assert over.end is AttemptEnd.TIMEOUT


@pytest.mark.parametrize(("granted", "wait_s"), [(False, 3), (True, 10)])
def test_a_face_that_stays_waits_before_it_may_try_again(granted: bool, wait_s: int) -> None:
    attempts = opened()
    first = evidence_of(attempts)
    attempts.settle(verdict(first, SECOND, granted=granted))
    attempts.follow(1, (), SECOND + (wait_s * SECOND - 1))
    assert attempts.track is None
    attempts.follow(1, (), SECOND + wait_s * SECOND)
    assert evidence_of(attempts).attempt_id != first.attempt_id


def test_another_face_need_not_wait() -> None:
    attempts = opened()
    assert attempts.evidence is not None
    attempts.settle(verdict(attempts.evidence, SECOND, granted=False))
    attempts.follow(2, (), SECOND + 1)
    assert attempts.track == 2


def test_a_fault_ends_the_open_attempt_only() -> None:
    assert Attempts(TERMS).fail(Reason.FAULT_CAMERA, "x") is None
    over = opened().fail(Reason.FAULT_CAMERA, "x")
    assert over is not None
    assert (over.end, over.fault, over.hint) == (AttemptEnd.FAULT, Reason.FAULT_CAMERA, "x")


def test_frames_need_an_open_attempt() -> None:
    with pytest.raises(RuntimeError):
        Attempts(TERMS).add(Assessment(frame_seq=1, captured_ns=1))


def test_an_attempt_has_one_claim_and_a_claim_an_attempt() -> None:
    claim = Claim(claim_id="a", subject=SubjectRef("x"), factor=Factor.PIN, received_ns=0, expires_ns=9)
    attempts = Attempts(TERMS)
    assert not attempts.lacks_claim
    with pytest.raises(RuntimeError):
        attempts.attach(claim)
    an_open = opened()
    assert an_open.lacks_claim
    an_open.attach(claim)
    assert evidence_of(an_open).claim == claim
    with pytest.raises(RuntimeError):
        an_open.attach(claim)


def test_frames_accumulate() -> None:
    attempts = opened()
    attempts.add(Assessment(frame_seq=1, captured_ns=1))
    assert [a.frame_seq for a in attempts.add(Assessment(frame_seq=2, captured_ns=2)).assessments] == [1, 2]


def test_a_source_without_a_face_still_leaves_evidence() -> None:
    left = Attempts(TERMS).leave(SECOND)
    assert left.end is AttemptEnd.LEFT
    assert left.assessments == ()


def test_what_waited_is_forgotten() -> None:
    attempts = Attempts(TERMS)
    for track in range(100):
        attempts.follow(track, (), track * 60 * SECOND)
        assert attempts.evidence is not None
        attempts.settle(verdict(attempts.evidence, track * 60 * SECOND, granted=False))
    attempts.follow(None, (), 200 * 60 * SECOND)
    assert not attempts._rearm_ns
