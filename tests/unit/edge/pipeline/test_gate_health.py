"""The gate while something else is wrong: everybody is denied, it is told once, and it is over when it is over."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.domain.errors import (
    CameraSwappedError,
    ClockJumpedError,
    EdgeError,
    RecognitionError,
    StoreError,
    TrustError,
)
from edge.domain.reasons import Decision, Reason
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judging import AtOnce
from tests.support.gate_scene import Scene

FAULTS = [
    RecognitionError("hangs", hint="h"),
    TrustError("exchanged", hint="h"),
    StoreError("full", hint="h"),
    ClockJumpedError("set", hint="h"),
    CameraSwappedError("another", hint="h"),
]


class Sick(AtOnce):
    """Judging that says what is wrong with it."""

    illness: EdgeError | None = None
    rests = 0

    @property
    def fault(self) -> EdgeError | None:
        return self.illness

    def rest(self) -> None:
        self.rests += 1


class Patient(Scene):
    """A scene whose gate can be ill."""

    def __init__(self) -> None:
        super().__init__()
        self.illness: EdgeError | None = None
        self.judging = Sick(self)
        stages: GateStages = self.gate._stages
        self.gate = Gate(replace(stages, health=lambda: self.illness, judging=self.judging))


def of_surroundings(patient: Patient, illness: EdgeError | None) -> None:
    patient.illness = illness


def of_engines(patient: Patient, illness: EdgeError | None) -> None:
    patient.judging.illness = illness


@pytest.mark.parametrize("falls", [of_surroundings, of_engines])
@pytest.mark.parametrize("illness", FAULTS, ids=lambda fault: str(fault.reason))
def test_an_open_attempt_is_denied_at_once_and_nobody_is_granted_until_it_is_over(
    falls: Callable[[Patient, EdgeError | None], None], illness: EdgeError
) -> None:
    patient = Patient()
    assert not patient.frame().verdicts  # one good frame: the next would grant
    falls(patient, illness)
    step = patient.frame()
    (verdict,) = step.verdicts
    assert (verdict.decision, verdict.reason) == (Decision.DENIED, illness.reason)
    assert [report.anomaly.value for report in step.anomalies] == [illness.reason.value]
    patient.now_ns += 10 * 10**9
    later = [patient.frame() for _ in range(5)]
    assert not any(step.verdicts or step.anomalies for step in later)
    assert patient.judging.rests >= 5  # a chance to get well
    falls(patient, None)
    verdicts = [v for _ in range(3) for v in patient.frame().verdicts]
    assert [v.decision for v in verdicts] == [Decision.GRANTED]
    falls(patient, illness)
    assert [report.anomaly.value for report in patient.frame().anomalies] == [illness.reason.value]


def test_a_fault_that_becomes_another_is_told_again() -> None:
    patient = Patient()
    told = []
    for illness in (FAULTS[0], FAULTS[1], FAULTS[1], FAULTS[0]):
        patient.illness = illness
        told += [report.anomaly.value for report in patient.frame().anomalies]
    assert told == ["fault_engine", "fault_integrity", "fault_engine"]


def test_engines_rest_only_while_nobody_tries() -> None:
    patient = Patient()
    patient.frame()
    assert patient.judging.rests == 0
    patient.nearest, patient.ended = None, frozenset({1})
    patient.frame()
    assert patient.judging.rests == 1


def test_a_covered_lens_is_told_and_denies_and_is_over_when_it_sees_again() -> None:
    patient = Patient()
    checks = FrameChecks(CheckTerms(stale_after_ms=500, frozen_after_frames=3, dark_below=10, blank_below=8))
    patient.gate = Gate(replace(patient.gate._stages, checks=checks))
    assert checks.is_lasting(Reason.BLANK_FRAME)
    step = patient.frame()  # noise alone: even, once it is averaged
    assert [report.anomaly.value for report in step.anomalies] == ["blank_frame"]
    assert not patient.frame().anomalies
