"""A drill passes only if everything happened, in time and in order; time is the test's own."""

import datetime as dt

import pytest

from edge.commands.drill.faults import Fault, gate_faults
from edge.commands.drill.result import DrillResult
from edge.commands.drill.timeline import Phase, Timeline
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.pipeline.step import Step
from tests.support.hand_clock import HandClock

NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
MS = 1_000_000


def verdict(reason: Reason) -> Verdict:
    is_match = reason is Reason.MATCH
    return Verdict(
        attempt_id=AttemptId("a"),
        decision=Decision.GRANTED if is_match else Decision.DENIED,
        reason=reason,
        subject=SubjectRef("p") if is_match else None,
        findings=(),
        frames=1,
        started_ns=0,
        decided_ns=0,
        decided_utc=NOON,
        policy_digest="",
    )


GRANT = Step(verdicts=(verdict(Reason.MATCH),))
DENIAL = Step(verdicts=(verdict(Reason.DARK_FRAME),))
OTHER = Step(verdicts=(verdict(Reason.TIMEOUT),))
TOLD = Step(
    anomalies=(AnomalyReport(anomaly=Anomaly.DARK_FRAME, detail="", attempt=None, occurred_utc=NOON),),
)


class Drill:
    """One drill of a dark camera."""

    def __init__(self, shows_after_ms: float = 0, *, shows_on_decision: bool = False) -> None:
        self.clock = HandClock(NOON)
        self.did: list[str] = []
        fault = Fault(
            name="dark",
            reason=Reason.DARK_FRAME,
            hint="the lens",
            begin=lambda _: None,
            end=lambda _: None,
            shows_after_ms=shows_after_ms,
            shows_on_decision=shows_on_decision,
        )
        self.timeline = Timeline(
            fault, self.clock, begin=lambda: self.did.append("begin"), end=lambda: self.did.append("end")
        )

    def run(self, *events: tuple[int, Step | None]) -> DrillResult:
        """Let things happen, each so many milliseconds after the one before; None = a face is looked at."""
        for wait_ms, event in events:
            self.clock.now_ns += wait_ms * MS
            self.timeline.is_over()
            if event is None:
                self.timeline.on_face()
            else:
                self.timeline.on_step(event)
        for _ in range(100):
            self.clock.now_ns += 1_000 * MS
            if self.timeline.is_over():
                break
        assert self.timeline.phase is Phase.OVER
        return self.timeline.result


def test_a_drill_that_passes() -> None:
    drill = Drill()
    result = drill.run(
        (10, None), (10, OTHER), (10, GRANT), (10, None), (120, DENIAL + TOLD), (1_500, None), (700, GRANT)
    )
    assert drill.did == ["begin", "end"]
    assert result == DrillResult(
        drill="dark",
        ok=True,
        denied=True,
        reason="dark_frame",
        anomaly="dark_frame",
        detected_ms=120,
        recovered_ms=700,
    )


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([], "nobody was granted before"),
        ([(10, GRANT), (10, None), (2_000, TOLD), (9_000, None)], "not denied for its reason"),
        ([(10, GRANT), (10, None), (20, OTHER), (20, TOLD)], "not denied for its reason"),
        ([(10, GRANT), (10, None), (20, DENIAL)], "no anomaly was told"),
        ([(10, GRANT), (10, None), (20, DENIAL), (1_200, TOLD), (900, None), (9, GRANT)], "only after 1220 ms"),
        ([(10, GRANT), (10, None), (20, DENIAL + TOLD)], "did not recover"),
        (
            [(10, GRANT), (10, None), (20, DENIAL + TOLD), (20, GRANT), (1_500, None), (9, GRANT)],
            "granted while the fault lasted",
        ),
    ],
)
def test_a_drill_that_does_not(events: list[tuple[int, Step | None]], why: str) -> None:
    result = Drill().run(*events)
    assert not result.ok
    assert why in result.hint
    assert "the lens" in result.hint


def test_a_fault_that_cannot_show_before_a_deadline_is_timed_from_there() -> None:
    drill = Drill(shows_after_ms=1_000)
    result = drill.run((10, GRANT), (10, None), (1_900, DENIAL + TOLD), (700, None), (50, GRANT))
    assert result.ok
    assert result.detected_ms == 900


def test_a_fault_that_shows_at_the_next_record_is_timed_from_there() -> None:
    drill = Drill(shows_on_decision=True)
    result = drill.run((10, GRANT), (10, None), (3_000, DENIAL), (40, TOLD), (700, None), (50, GRANT))
    assert result.ok
    assert result.detected_ms == 40


def test_names_are_unique_and_every_reason_is_an_anomaly() -> None:
    faults = gate_faults(1_000)
    assert len({fault.name for fault in faults}) == len(faults) == 15
    assert {fault.reason.value for fault in faults} <= {anomaly.value for anomaly in Anomaly}
