"""A device that is lost denies whoever stands there, and is the end of the gate: no later frame can be judged."""

import pytest

from edge.domain.errors import DeviceGoneError, RecognitionError
from edge.domain.reasons import Decision, Reason
from tests.support.gate_scene import Scene, anomalies, outcomes, raising
from tests.unit.edge.pipeline.test_gate_health import Patient

GONE = DeviceGoneError("it burned", hint="end the process")


def test_a_judgment_that_loses_the_device_is_denied_and_ends_the_gate() -> None:
    scene = Scene()
    first = scene.frame()
    scene.judge = raising(GONE)
    steps = [first, scene.frame(), scene.frame()]
    assert scene.gate.defect is GONE
    assert Reason.FAULT_ENGINE in {a.fault for step in steps for a in step.assessments}
    steps.append(scene.gate.fault(GONE.reason, "told by the loop"))
    assert outcomes(steps) == [(Decision.DENIED, Reason.FAULT_ENGINE)]
    assert anomalies(steps) == ["fault_engine"]


def test_a_detector_that_loses_the_device_ends_the_gate() -> None:
    scene = Scene()
    scene.frame()
    scene.eye_error = GONE
    assert outcomes([scene.frame()]) == [(Decision.DENIED, Reason.FAULT_ENGINE)]
    assert scene.gate.defect is GONE


def test_a_probe_that_finds_the_device_lost_ends_the_gate_also_while_nobody_is_there() -> None:
    patient = Patient()
    patient.nearest = None
    patient.frame()
    patient.judging.illness = GONE
    assert anomalies([patient.frame()]) == ["fault_engine"]
    assert patient.gate.defect is GONE


@pytest.mark.parametrize("fault", [RecognitionError("it hangs", hint="wait")])
def test_any_other_fault_of_an_engine_is_outlived(fault: RecognitionError) -> None:
    patient = Patient()
    patient.judging.illness = fault
    patient.frame()
    patient.judge = raising(fault)
    patient.judging.illness = None
    patient.frame()
    assert patient.gate.defect is None
