"""Findings about an attempt as a whole: every grant needs each mandatory one, passed, once and with a number."""

import datetime as dt
import math
from dataclasses import replace

import pytest

from edge.domain.finding import Finding
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptEnd, AttemptId
from edge.policy.decide import AttemptEvidence, Instant, decide
from edge.policy.limits import Limits
from tests.support.attempts import POLICY, good_frame

NOW = Instant(1_000_000_000, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
STRICT = replace(POLICY, sequence_mandatory=frozenset({"replay"}))
PASSED = Finding(defense="replay", outcome=Outcome.PASS, statistic=0.05, threshold=0.01)
FAILED = replace(PASSED, outcome=Outcome.FAIL, statistic=0.001)
ERROR = Finding(defense="replay", outcome=Outcome.ERROR, statistic=math.nan, threshold=math.nan)
SKIPPED = replace(PASSED, outcome=Outcome.SKIPPED)


def ruled(*findings: Finding, end: AttemptEnd | None = None) -> tuple[Decision, Reason] | None:
    frames = tuple(good_frame(seq, NOW.monotonic_ns) for seq in (1, 2))
    evidence = AttemptEvidence(
        attempt_id=AttemptId("a"), started_ns=0, assessments=frames, sequence_findings=findings, end=end
    )
    verdict, _ = decide(evidence, Limits(), NOW, STRICT)
    return (verdict.decision, verdict.reason) if verdict else None


def test_everything_there_is_a_grant() -> None:
    assert ruled(PASSED) == (Decision.GRANTED, Reason.MATCH)


def test_an_absent_finding_may_still_come_and_denies_at_the_end() -> None:
    assert ruled() is None
    assert ruled(end=AttemptEnd.LEFT) == (Decision.DENIED, Reason.DEFENSE_INCOMPLETE)


@pytest.mark.parametrize(
    ("findings", "reason"),
    [
        ((FAILED,), Reason.ADVERSARIAL_INPUT),
        ((PASSED, FAILED), Reason.ADVERSARIAL_INPUT),
        ((ERROR,), Reason.DEFENSE_INCOMPLETE),
        ((SKIPPED,), Reason.NOT_ENOUGH_FRAMES),
        ((PASSED, SKIPPED), Reason.NOT_ENOUGH_FRAMES),
    ],
    ids=["failed", "one failed", "error", "skipped", "skipped again"],
)
def test_what_is_no_clear_pass_denies(findings: tuple[Finding, ...], reason: Reason) -> None:
    assert ruled(*findings) is None
    assert ruled(*findings, end=AttemptEnd.TIMEOUT) == (Decision.DENIED, reason)


def test_the_policy_digest_names_what_is_mandatory() -> None:
    assert STRICT.digest != POLICY.digest
