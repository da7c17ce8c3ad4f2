"""Who is shown what is judged changes nothing of the judging."""

import datetime as dt

import numpy as np

from edge.domain.assessment import Assessment
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.verdict import AttemptId
from edge.pipeline.judging import AtOnce, Judging
from edge.pipeline.judging_seen import SeenJudging
from edge.policy.decide import AttemptEvidence

FACE = Face(frame_seq=1, box=Box(1, 1, 5, 5), landmarks=np.zeros((5, 2), np.float32), score=0.9)
FRAME = Frame(
    camera_id="c",
    seq=3,
    captured_ns=3,
    captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    pixels=np.zeros((8, 8, 3), np.uint8),
)
OPEN = AttemptEvidence(attempt_id=AttemptId("t"), started_ns=0, assessments=())


class Judge:
    """Assesses anything."""

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        return Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns)


def test_every_face_is_shown_and_judged_as_ever() -> None:
    shown: list[tuple[AttemptId, int]] = []
    judging: Judging = SeenJudging(AtOnce(Judge()), lambda attempt, frame, _: shown.append((attempt, frame.seq)))
    was_busy = judging.is_busy
    judging.begin(FRAME, FACE, OPEN)
    assert (was_busy, judging.is_busy) == (False, True)
    judgment = judging.take(wait=True)
    assert judgment is not None
    assert (judgment.attempt_id, judgment.frame_seq) == ("t", 3)
    assert shown == [("t", 3)]
    judging.rest()
    assert judging.fault is None
    assert judging.answered_ns is None
    assert judging.take(wait=True) is None
