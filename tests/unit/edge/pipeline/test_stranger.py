"""Sixty seconds of a stranger's failures, and then somebody who is enrolled: how long does that person wait?

The stranger is another face than the user, seen under every defense as a would-be grant that is refused: the dearest
failure there is. ``None`` for the face is a gate whose faces are not told apart: the gate's own bucket alone counts.
"""

import datetime as dt
from dataclasses import replace

import pytest

from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptEnd
from edge.policy.decide import Instant, decide
from edge.policy.limits import Limits, LimitTerms
from edge.settings.load import load_settings
from tests.unit.edge.policy.test_decide import MISSING, NOW_NS, POLICY, evidence, good

MS = 1_000_000
ATTACK_MS = 60_000
MOST_DELAY_MS = 10_000
LOOK_MS = 100
SECTION = load_settings(environ={}).policy
TERMS = LimitTerms(
    failures=SECTION.failures_before_hold,
    window_ms=SECTION.failure_window_ms,
    hold_ms=SECTION.hold_ms,
    escalate_after=SECTION.failures_before_escalation,
    gate_failures=SECTION.gate_failures_before_hold,
)
RULES = replace(POLICY, limits=TERMS)
NOON = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def attacked(every_ms: int, cluster: str | None) -> tuple[Limits, int, list[Reason]]:
    """Return the limits after the stranger, the time then in milliseconds, and how the stranger's attempts ended."""
    spoil, _ = MISSING["a defense failed"]
    limits, reasons = Limits(), list[Reason]()
    for now_ms in range(0, ATTACK_MS, every_ms):
        now = Instant(NOW_NS + now_ms * MS, NOON)
        seen = replace(evidence(spoil(good(1)), end=AttemptEnd.LEFT), cluster=cluster)
        verdict, limits = decide(seen, limits, now, RULES)
        assert verdict is not None
        assert verdict.decision is Decision.DENIED
        reasons.append(verdict.reason)
    return limits, now_ms, reasons


def wait_of(limits: Limits, from_ms: int, cluster: str | None) -> int:
    """Return after how many milliseconds somebody who shows two good frames all the time is granted."""
    for waited_ms in range(0, 120_000, LOOK_MS):
        now = Instant(NOW_NS + (from_ms + waited_ms) * MS, NOON)
        frames = [replace(good(n), captured_ns=now.monotonic_ns) for n in (1, 2)]
        verdict, _ = decide(replace(evidence(*frames), cluster=cluster), limits, now, RULES)
        if verdict is not None:
            assert verdict.decision is Decision.GRANTED
            return waited_ms
    raise AssertionError("never granted")


@pytest.mark.parametrize("every_ms", [300, 1_000, 2_900, 6_250, 9_250])
def test_another_face_does_not_wait_for_a_strangers_hold(every_ms: int) -> None:
    limits, now_ms, _ = attacked(every_ms, "stranger")
    assert wait_of(limits, now_ms, "user") == 0


@pytest.mark.parametrize("every_ms", [300, 1_000, 2_900, 6_250, 9_250])
@pytest.mark.parametrize("same", [None, "taken for each other"])
def test_a_face_that_is_not_told_from_the_strangers_waits_ten_seconds_at_most(
    every_ms: int, same: str | None
) -> None:
    limits, now_ms, _ = attacked(every_ms, same)
    assert wait_of(limits, now_ms, same) <= MOST_DELAY_MS


def test_the_stranger_is_held_meanwhile() -> None:
    _, _, reasons = attacked(1_000, "stranger")
    assert reasons[:5] == [Reason.ADVERSARIAL_INPUT] * 5
    assert reasons[5] is Reason.HELD
    assert reasons.count(Reason.HELD) > 40


def test_stranger_after_stranger_holds_the_gate_and_no_longer_than_that() -> None:
    spoil, _ = MISSING["a defense failed"]
    limits = Limits()
    for index in range(60):
        now = Instant(NOW_NS + index * 1_000 * MS, NOON)
        seen = replace(evidence(spoil(good(1)), end=AttemptEnd.LEFT), cluster=str(index))
        _, limits = decide(seen, limits, now, RULES)
    assert len(limits.clusters) <= TERMS.of_gate().failures + 40
    assert 0 < wait_of(limits, 59_000, "user") <= MOST_DELAY_MS
