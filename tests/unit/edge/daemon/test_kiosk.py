"""What the person is shown: outcomes for a while, hints and prompts meanwhile, and no reason ever."""

from dataclasses import replace

import pytest

from edge.daemon.kiosk import REPEAT_MS, SHOWN_MS, Kiosk
from edge.domain.assessment import Assessment
from edge.domain.challenge import Challenge, ChallengeOutcome, Movement
from edge.domain.face import Quality
from edge.domain.reasons import Decision, QualityIssue, Reason
from edge.domain.verdict import AttemptId
from edge.messaging.payloads import KioskV1
from edge.policy.decide import AttemptEvidence
from tests.support.messages import IDENTITY, a_verdict

MS = 1_000_000
SEEN = AttemptEvidence(attempt_id=AttemptId("a"), started_ns=0, assessments=())


def quality(*issues: QualityIssue) -> Assessment:
    measured = Quality(width_px=20, sharpness=1, brightness=100, yaw_ratio=0, issues=issues)
    return Assessment(frame_seq=1, captured_ns=1, quality=measured)


def shown() -> tuple[Kiosk, list[KioskV1]]:
    told: list[KioskV1] = []
    return Kiosk(told.append, "boot"), told


def outcomes(told: list[KioskV1]) -> list[str]:
    return [t.outcome.value for t in told]


@pytest.mark.parametrize(
    ("decision", "reason", "text"),
    [
        (Decision.GRANTED, Reason.MATCH, "granted"),
        *((Decision.DENIED, r, "denied") for r in Reason if r is not Reason.MATCH),
    ],
)
def test_a_released_outcome_is_shown_for_a_while_and_never_why(decision: Decision, reason: Reason, text: str) -> None:
    kiosk, told = shown()
    kiosk.follow(None, 0)
    kiosk.tell(a_verdict(decision, reason), 10 * MS)
    kiosk.follow(None, 10 * MS)
    kiosk.follow(None, (10 + SHOWN_MS) * MS)
    assert outcomes(told) == ["idle", text, "idle"]
    assert all(set(t.model_dump()) == {"boot_id", "outcome", "prompt"} for t in told)


def test_it_is_told_on_change_and_again_every_second() -> None:
    kiosk, told = shown()
    for ms in range(0, 3 * REPEAT_MS, 33):
        kiosk.follow(None, ms * MS)
    assert outcomes(told) == ["idle"] * 3


def test_a_face_that_is_too_small_is_asked_to_come_closer() -> None:
    kiosk, told = shown()
    kiosk.follow(replace(SEEN, assessments=(quality(QualityIssue.TOO_SMALL),)), 0)
    kiosk.follow(replace(SEEN, assessments=(quality(QualityIssue.TOO_DARK),)), MS)
    kiosk.follow(SEEN, 2 * MS)
    assert outcomes(told) == ["come_closer", "idle"]


def test_the_next_movement_of_a_challenge_is_shown() -> None:
    kiosk, told = shown()
    challenge = Challenge(
        movements=(Movement.TURN_LEFT, Movement.LOOK_UP, Movement.TURN_RIGHT),
        done=1,
        started_ns=0,
        deadline_ns=10**10,
        outcome=ChallengeOutcome.PENDING,
    )
    kiosk.follow(replace(SEEN, challenge=challenge), 0)
    kiosk.follow(replace(SEEN, challenge=replace(challenge, outcome=ChallengeOutcome.FAILED)), MS)
    assert [t.prompt for t in told] == [Movement.LOOK_UP, None]


def test_its_topic_keeps_nothing_for_later() -> None:
    assert not IDENTITY.topics.kiosk.is_retained
    assert IDENTITY.topics.kiosk.expiry_s == SHOWN_MS // 1_000
