"""What every door does, whatever it moves."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from edge.domain.errors import DoorError
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.door.base import Door
from edge.door.fake import FakeDoor
from edge.door.mqtt_only import MqttOnlyDoor

_NOW_NS = 5 * 10**9
_LIMIT_MS = 2_000.0


class _Clock:
    now_ns = _NOW_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class _Case:
    """A door with what shows how often it has opened."""

    door: Door
    clock: _Clock
    count: Callable[[], int]


def _mqtt_only(clock: _Clock) -> _Case:
    door = MqttOnlyDoor(clock, longest_age_ms=_LIMIT_MS)
    return _Case(door, clock, lambda: door.openings)


def _fake(clock: _Clock) -> _Case:
    door = FakeDoor(clock, longest_age_ms=_LIMIT_MS)
    return _Case(door, clock, lambda: len(door.openings))


@pytest.fixture(params=[_mqtt_only, _fake], ids=["mqtt-only", "fake"])
def case(request: pytest.FixtureRequest) -> _Case:
    made: _Case = request.param(_Clock())
    return made


@pytest.fixture
def grant() -> Verdict:
    return Verdict(
        attempt_id=AttemptId("a-1"),
        decision=Decision.GRANTED,
        reason=Reason.MATCH,
        subject=SubjectRef("p-1"),
        findings=(),
        frames=2,
        started_ns=_NOW_NS - 10**9,
        decided_ns=_NOW_NS,
        decided_utc=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        policy_digest="d" * 64,
    )


def _refused(case: _Case, verdict: Verdict) -> DoorError:
    before = case.count()
    with pytest.raises(DoorError) as caught:
        case.door.open(verdict)
    assert case.count() == before
    assert caught.value.hint
    assert caught.value.reason is Reason.FAULT_DOOR
    return caught.value


def test_opens_for_a_grant(case: _Case, grant: Verdict) -> None:
    case.door.open(grant)
    assert case.count() == 1


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.MATCH])
def test_stays_shut_for_every_denial(case: _Case, grant: Verdict, reason: Reason) -> None:
    _refused(case, replace(grant, decision=Decision.DENIED, reason=reason))


def test_stays_shut_for_a_forged_grant(case: _Case, grant: Verdict) -> None:
    denial = replace(grant, decision=Decision.DENIED, reason=Reason.UNKNOWN_PERSON)
    object.__setattr__(denial, "decision", Decision.GRANTED)
    _refused(case, denial)
    nobody = replace(grant)
    object.__setattr__(nobody, "subject", None)
    _refused(case, nobody)


def test_opens_once_an_attempt(case: _Case, grant: Verdict) -> None:
    for _ in range(3):
        case.door.open(grant)
    case.door.open(replace(grant, decided_ns=_NOW_NS - 1))
    assert case.count() == 1
    case.door.open(replace(grant, attempt_id=AttemptId("a-2")))
    assert case.count() == 2


def test_never_opens_again_however_late(case: _Case, grant: Verdict) -> None:
    case.door.open(grant)
    for later_ms in (1, 1_999, 2_000):
        case.clock.now_ns = _NOW_NS + later_ms * 10**6
        case.door.open(grant)
    assert case.count() == 1
    case.clock.now_ns += 1
    _refused(case, grant)


@pytest.mark.parametrize("age_ns", [2 * 10**9 + 1, 10**12, -1, -(10**9)])
def test_stays_shut_for_a_verdict_that_is_not_fresh(case: _Case, grant: Verdict, age_ns: int) -> None:
    _refused(case, replace(grant, decided_ns=_NOW_NS - age_ns))


def test_a_refused_verdict_does_not_spend_its_attempt(case: _Case, grant: Verdict) -> None:
    _refused(case, replace(grant, decided_ns=0))
    case.door.open(grant)
    assert case.count() == 1


def test_many_threads_open_it_once(case: _Case, grant: Verdict) -> None:
    threads = [threading.Thread(target=case.door.open, args=(grant,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert case.count() == 1


def test_a_failed_opening_is_not_tried_again(grant: Verdict) -> None:
    door = FakeDoor(_Clock(), longest_age_ms=_LIMIT_MS)
    door.is_broken = True
    with pytest.raises(DoorError, match="told to fail"):
        door.open(grant)
    door.is_broken = False
    with pytest.raises(DoorError, match="failed before"):
        door.open(grant)
    assert door.openings == []
    door.open(replace(grant, attempt_id=AttemptId("a-2")))
    assert door.openings == ["a-2"]
