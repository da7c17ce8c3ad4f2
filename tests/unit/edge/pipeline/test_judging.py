"""Judging at once and aside: one face at a time, every judgment taken once, the frame kept as it was."""

import datetime as dt
import threading

import numpy as np
import pytest

from edge.domain.assessment import Assessment
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.verdict import AttemptId
from edge.pipeline.judging import AtOnce, Judging
from edge.pipeline.judging_aside import Aside
from edge.policy.decide import AttemptEvidence

FACE = Face(frame_seq=1, box=Box(10, 10, 50, 50), landmarks=np.zeros((5, 2), np.float32), score=0.9)
SEEN = AttemptEvidence(attempt_id=AttemptId("t"), started_ns=0, assessments=())


def frame(seq: int = 1) -> Frame:
    return Frame(
        camera_id="c",
        seq=seq,
        captured_ns=seq,
        captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        pixels=np.full((8, 8, 3), seq, np.uint8),
    )


class Judge:
    """Waits until it may go on, and notes what it saw and on which thread."""

    def __init__(self, *, waits: bool = False, error: Exception | None = None) -> None:
        self.may_go_on = threading.Event()
        if not waits:
            self.may_go_on.set()
        self.error = error
        self.saw: list[int] = []
        self.threads: set[int] = set()

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        assert self.may_go_on.wait(10)
        self.saw.append(int(frame.pixels.max()))
        self.threads.add(threading.get_ident())
        if self.error is not None:
            raise self.error
        return Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns)


@pytest.mark.parametrize("kind", [AtOnce, Aside])
def test_a_judgment_is_taken_once(kind: type[AtOnce] | type[Aside]) -> None:
    judging: Judging = kind(Judge())
    assert judging.take(wait=True) is None
    judging.begin(frame(3), FACE, SEEN)
    was_busy = judging.is_busy
    judgment = judging.take(wait=True)
    assert judgment is not None
    assert (judgment.attempt_id, judgment.frame_seq) == ("t", 3)
    assert isinstance(judgment.outcome, Assessment)
    assert (was_busy, judging.is_busy) == (True, False)
    assert judging.take(wait=True) is None


@pytest.mark.parametrize("kind", [AtOnce, Aside])
def test_one_face_at_a_time(kind: type[AtOnce] | type[Aside]) -> None:
    judging: Judging = kind(Judge())
    judging.begin(frame(), FACE, SEEN)
    with pytest.raises(RuntimeError):
        judging.begin(frame(), FACE, SEEN)


@pytest.mark.parametrize("kind", [AtOnce, Aside])
def test_what_goes_wrong_is_the_outcome(kind: type[AtOnce] | type[Aside]) -> None:
    judging: Judging = kind(Judge(error=ZeroDivisionError("oops")))
    judging.begin(frame(), FACE, SEEN)
    judgment = judging.take(wait=True)
    assert judgment is not None
    assert isinstance(judgment.outcome, ZeroDivisionError)


def test_aside_nobody_waits_and_the_next_frame_may_overwrite_the_pixels() -> None:
    judge = Judge(waits=True)
    judging = Aside(judge)
    shown = frame(7)
    judging.begin(shown, FACE, SEEN)
    assert judging.take(wait=False) is None
    shown.pixels[...] = 99
    judge.may_go_on.set()
    assert judging.take(wait=True) is not None
    assert judge.saw == [7]


def test_aside_all_judging_is_done_by_one_other_thread() -> None:
    judge = Judge()
    judging = Aside(judge)
    for seq in range(5):
        judging.begin(frame(seq), FACE, SEEN)
        judging.take(wait=True)
    assert len(judge.threads) == 1
    assert threading.get_ident() not in judge.threads
