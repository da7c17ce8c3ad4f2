import datetime as dt

import pytest

from edge.domain.errors import DoorError
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.door.guard import OpeningGuard


class _Clock:
    def __init__(self) -> None:
        self.now_ns = 10**12

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def _grant(attempt: str, decided_ns: int) -> Verdict:
    return Verdict(
        attempt_id=AttemptId(attempt),
        decision=Decision.GRANTED,
        reason=Reason.MATCH,
        subject=SubjectRef("p-1"),
        findings=(),
        frames=2,
        started_ns=decided_ns,
        decided_ns=decided_ns,
        decided_utc=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        policy_digest="d",
    )


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_the_age_limit_must_limit(limit: float) -> None:
    with pytest.raises(ValueError, match="age limit"):
        OpeningGuard(_Clock(), longest_age_ms=limit)


def test_only_fresh_attempts_are_remembered() -> None:
    clock = _Clock()
    guard = OpeningGuard(clock, longest_age_ms=1_000)
    for n in range(1_000):
        clock.now_ns += 100_000_000
        with guard.opening(_grant(f"a{n}", clock.now_ns)) as is_new:
            assert is_new
    assert len(guard._decided_ns) <= 12


def test_a_later_verdict_of_an_attempt_does_not_make_room_for_the_first() -> None:
    clock = _Clock()
    guard = OpeningGuard(clock, longest_age_ms=1_000)
    first = _grant("a", clock.now_ns)
    earlier = _grant("a", clock.now_ns - 900_000_000)
    for verdict, expected in ((first, True), (earlier, False)):
        with guard.opening(verdict) as is_new:
            assert is_new is expected
    clock.now_ns += 500_000_000
    with guard.opening(first) as is_new:
        assert not is_new


def test_an_interrupted_opening_has_failed() -> None:
    clock = _Clock()
    guard = OpeningGuard(clock, longest_age_ms=1_000)
    verdict = _grant("a", clock.now_ns)

    def interrupted() -> None:
        with guard.opening(verdict):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(DoorError, match="failed before"), guard.opening(verdict):
        pass
