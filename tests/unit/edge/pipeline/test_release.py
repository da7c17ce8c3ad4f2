"""The release queue: nothing early, nothing twice, nothing lost."""

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.pipeline.release import ReleaseQueue
from edge.pipeline.step import Step
from tests.support.messages import a_verdict


def verdict(name: str, release_ns: int) -> Verdict:
    return replace(
        a_verdict(Decision.DENIED, Reason.UNKNOWN_PERSON), attempt_id=AttemptId(name), release_ns=release_ns
    )


def anomaly(attempt: str | None) -> AnomalyReport:
    return AnomalyReport(
        anomaly=Anomaly.FAULT_ENGINE,
        detail="x",
        attempt=AttemptId(attempt) if attempt else None,
        occurred_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


def test_an_outcome_waits_for_its_time_and_leaves_once() -> None:
    queue = ReleaseQueue()
    queue.add(Step(verdicts=(verdict("a", 10),)))
    assert queue.due(9) == ()
    assert [s.verdicts[0].attempt_id for s in queue.due(10)] == ["a"]
    assert queue.due(11) == ()


def test_anomalies_of_an_attempt_leave_with_its_outcome_and_others_at_once() -> None:
    queue = ReleaseQueue()
    queue.add(Step(anomalies=(anomaly("a"), anomaly(None))))
    assert [len(s.anomalies) for s in queue.due(1)] == [1]
    queue.add(Step(verdicts=(verdict("a", 10),), anomalies=(anomaly("a"),)))
    assert queue.due(9) == ()
    (step,) = queue.due(10)
    assert len(step.anomalies) == 2


def test_a_stop_releases_all_of_it() -> None:
    queue = ReleaseQueue()
    queue.add(Step(verdicts=(verdict("b", 20), verdict("a", 10)), anomalies=(anomaly("open"),)))
    steps = queue.flush()
    assert [v.attempt_id for s in steps for v in s.verdicts] == ["a", "b"]
    assert [a.attempt for s in steps for a in s.anomalies] == ["open"]
    assert queue.flush() == ()


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 3)), max_size=30), st.lists(st.integers(0, 100)))
def test_whatever_comes_leaves_exactly_once_and_never_early(events: list[tuple[int, int]], looks: list[int]) -> None:
    queue, left = ReleaseQueue(), list[Step]()
    for index, (release_ns, anomalies) in enumerate(events):
        name = str(index)
        queue.add(Step(anomalies=tuple(anomaly(name) for _ in range(anomalies))))
        queue.add(Step(verdicts=(verdict(name, release_ns),)))
    for now_ns in sorted(looks):
        steps = queue.due(now_ns)
        assert all(v.release_ns <= now_ns for s in steps for v in s.verdicts)
        left += steps
    left += queue.flush()
    assert sorted(int(v.attempt_id) for s in left for v in s.verdicts) == list(range(len(events)))
    assert sum(len(s.anomalies) for s in left) == sum(count for _, count in events)
