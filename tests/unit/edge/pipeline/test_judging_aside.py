"""Judging within a deadline, and engines that must prove themselves after a fault."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from edge.domain.assessment import Assessment
from edge.domain.errors import RecognitionError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.pipeline.golden_probe import GoldenProbe
from edge.pipeline.judging_aside import Aside
from edge.policy.decide import AttemptEvidence
from engines.catalog import find_spec
from engines.runtime.base import FloatArray
from tests.support.golden_engine import GoldenEngine
from tests.support.waiting import wait_for
from tests.unit.edge.pipeline.test_judging import FACE, SEEN, Judge, frame

BROKEN = RecognitionError("NaN", hint="h")


class Engines:
    """Engines that are well, or not, or do not answer."""

    def __init__(self) -> None:
        self.fault: RecognitionError | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.probes: list[bool] = []

    def probe(self, *, everything: bool) -> None:
        assert self.may_answer.wait(10)
        self.probes.append(everything)
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def engines() -> Iterator[Engines]:
    made = Engines()
    yield made
    made.may_answer.set()


@pytest.fixture
def judge() -> Iterator[Judge]:
    made = Judge()
    yield made
    made.may_go_on.set()


def rested(judging: Aside, is_so: Callable[[], bool], what: str) -> None:
    """Let it rest until something is so."""

    def rest() -> bool:
        judging.take(wait=False)
        judging.rest()
        return is_so()

    wait_for(rest, what, within_s=10)


def test_a_frame_is_judged_as_copies_that_nobody_can_change() -> None:
    saw: list[Frame] = []

    class Keeps(Judge):
        def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
            saw.append(frame)
            return super().assess(frame, face, evidence)

    native = np.full((12, 8), 7, np.uint8)
    judging = Aside(Keeps())
    for given in (frame(), replace(frame(), native=native)):
        judging.begin(given, FACE, SEEN)
        judging.take(wait=True)
    assert saw[0].native is None
    assert saw[1].native is not None
    np.testing.assert_array_equal(saw[1].native, native)
    for pixels in (saw[0].pixels, saw[1].pixels, saw[1].native):
        assert pixels.flags.owndata
        assert not pixels.flags.writeable
    assert not np.shares_memory(saw[1].native, native)


def test_who_is_not_judged_in_time_is_a_fault_and_the_late_answer_is_thrown_away(
    judge: Judge, engines: Engines
) -> None:
    judging = Aside(judge, answer_within_ms=60, probe=engines)
    judge.may_go_on.clear()
    judging.begin(frame(3), FACE, SEEN)
    assert judging.take(wait=False) is None
    judgment = judging.take(wait=True)  # returns at the deadline, not when the engine does
    assert judgment is not None
    assert (judgment.attempt_id, judgment.frame_seq) == ("t", 3)
    assert isinstance(judgment.outcome, RecognitionError)
    assert judging.is_busy
    assert judging.take(wait=True) is None
    assert judging.fault is not None
    assert judging.fault.reason is Reason.FAULT_ENGINE
    with pytest.raises(RuntimeError):
        judging.begin(frame(4), FACE, SEEN)
    judging.rest()
    assert engines.probes == []  # its thread is not free
    judge.may_go_on.set()
    rested(judging, lambda: judging.fault is None, "the engines proved themselves")
    assert engines.probes == [True]
    judging.begin(frame(5), FACE, SEEN)
    following = judging.take(wait=True)
    assert following is not None
    assert following.frame_seq == 5


def test_without_a_deadline_it_waits(judge: Judge) -> None:
    judging = Aside(judge)
    judge.may_go_on.clear()
    threading.Timer(0.1, judge.may_go_on.set).start()
    judging.begin(frame(), FACE, SEEN)
    judgment = judging.take(wait=True)
    assert judgment is not None
    assert isinstance(judgment.outcome, Assessment)


def test_an_engine_that_failed_is_believed_only_when_every_engine_proved_itself(
    judge: Judge, engines: Engines
) -> None:
    judge.error = engines.fault = BROKEN
    judging = Aside(judge, answer_within_ms=5_000, probe=engines)
    judging.begin(frame(), FACE, SEEN)
    judgment = judging.take(wait=True)
    assert judgment is not None
    assert judgment.outcome is BROKEN
    rested(judging, lambda: len(engines.probes) == 2, "it was probed twice")
    assert judging.fault is BROKEN
    engines.fault = None
    rested(judging, lambda: judging.fault is None, "it is believed")
    assert set(engines.probes) == {True}


def test_what_is_no_fault_of_an_engine_is_not_held_against_it(judge: Judge, engines: Engines) -> None:
    judge.error = ZeroDivisionError("oops")
    judging = Aside(judge, probe=engines)
    judging.begin(frame(), FACE, SEEN)
    judging.take(wait=True)
    assert judging.fault is None


def test_while_nobody_is_there_engines_are_probed_in_turn_and_a_fault_is_found(
    judge: Judge, engines: Engines
) -> None:
    judging = Aside(judge, answer_within_ms=5_000, probe=engines, probe_every_s=0.02)
    judging.rest()
    assert not judging.is_busy  # not due yet
    rested(judging, lambda: len(engines.probes) >= 2, "it was probed")
    assert set(engines.probes) == {False}
    engines.fault = BROKEN
    rested(judging, lambda: judging.fault is BROKEN, "the fault is found")


def test_a_probe_that_hangs_is_a_fault_as_well(judge: Judge, engines: Engines) -> None:
    engines.may_answer.clear()
    judging = Aside(judge, answer_within_ms=50, probe=engines, probe_every_s=0.01)
    rested(judging, lambda: judging.fault is not None, "the hang is found")
    assert judging.is_busy
    engines.may_answer.set()
    rested(judging, lambda: judging.fault is None, "it is well again")


@pytest.mark.parametrize("batch", [1, 4, 8])
@pytest.mark.parametrize("model", ["sface-2021dec", "facenet-20180408"])
def test_the_golden_probe_finds_what_the_field_has_seen(model: str, batch: int) -> None:
    def probe_of(fault: Callable[[FloatArray, int], FloatArray]) -> GoldenProbe:
        engine = GoldenEngine(find_spec(model), batch=batch, fault=fault)
        engine.activate()
        return GoldenProbe([engine])

    probe_of(lambda rows, _: rows).probe(everything=False)
    faults: list[Callable[[FloatArray, int], FloatArray]] = [
        lambda rows, _: rows * float("nan"),
        lambda rows, _: rows * 0,
        lambda rows, _: 0 * rows + 1,
        lambda rows, _: rows[:, ::-1],
    ]
    for fault in faults:
        with pytest.raises(RecognitionError) as caught:
            probe_of(fault).probe(everything=True)
        assert caught.value.hint


def test_engines_take_turns() -> None:
    engines = [GoldenEngine(find_spec("sface-2021dec")) for _ in range(2)]
    for engine in engines:
        engine.activate()
    probe = GoldenProbe(engines)
    for _ in range(3):
        probe.probe(everything=False)
    assert [engine._calls for engine in engines] == [4, 2]  # two portraits a probe
    GoldenProbe([]).probe(everything=False)
