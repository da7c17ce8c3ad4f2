"""What is noticed beside the policy: told once, of attempts alone, and granted faces are not kept."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.assessment import Assessment
from edge.domain.embedding import Embedding
from edge.domain.match import Match, SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.pipeline.attempt_watch import SAME_PICTURE, AttemptWatch, WatchTerms
from edge.policy.decide import AttemptEvidence
from edge.recognition.clusters import ClusterTerms, FaceClusters
from tests.support.profiles import A

MS = 1_000_000
ANN = SubjectRef("ann")
FACES = [Embedding(A, row) for row in np.eye(8, dtype=np.float32)]


class Door:
    """Attempts before a watch, one after the other."""

    def __init__(self, refusals: int = 3) -> None:
        self.clusters = FaceClusters(ClusterTerms(threshold=0.5, most_clusters=4, forget_after_ms=60_000))
        self.watch = AttemptWatch(self.clusters, WatchTerms(refusals=refusals, window_ms=60_000))
        self.now_ns = 0
        self.attempts = 0

    def attempt(
        self, *faces: Embedding | None, reason: Reason = Reason.UNKNOWN_PERSON, wait_ms: int = 1_000, **seen: object
    ) -> tuple[list[str], str | None]:
        self.now_ns += wait_ms * MS
        self.attempts += 1
        attempt_id = AttemptId(f"a{self.attempts}")
        evidence = AttemptEvidence(attempt_id=attempt_id, started_ns=self.now_ns, assessments=())
        for seq, face in enumerate(faces):
            frame = Assessment(frame_seq=seq, captured_ns=self.now_ns, probe=face)
            frame = replace(frame, **seen)  # type: ignore[arg-type] # fields of an assessment
            evidence = replace(evidence, assessments=(*evidence.assessments, frame))
            evidence = replace(evidence, cluster=self.watch.see(evidence, frame, self.now_ns))
        decision = Decision.GRANTED if reason is Reason.MATCH else Decision.DENIED
        verdict = Verdict(
            attempt_id=attempt_id,
            decision=decision,
            reason=reason,
            subject=ANN,
            findings=(),
            frames=len(faces),
            started_ns=self.now_ns,
            decided_ns=self.now_ns,
            decided_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            policy_digest="",
        )
        told = self.watch.settle(evidence, verdict)
        assert all(report.attempt == attempt_id for report in told)
        return [report.anomaly.value for report in told], evidence.cluster


def test_one_face_refused_again_and_again_is_told_once_a_window() -> None:
    door = Door()
    told = [door.attempt(FACES[0])[0] for _ in range(20)]
    assert told[:4] == [[], [], ["repeated_refusals"], []]
    assert sum(map(len, told)) == 1
    door.now_ns += 50_000 * MS
    assert sum(len(door.attempt(FACES[0])[0]) for _ in range(20)) == 1


def test_different_strangers_are_no_repetition() -> None:
    door = Door()
    assert not any(door.attempt(face)[0] for face in FACES * 2)


def test_refusals_far_apart_are_no_repetition() -> None:
    door = Door()
    assert not any(door.attempt(FACES[0], wait_ms=40_000)[0] for _ in range(10))


@pytest.mark.parametrize("reason", [Reason.NOT_ENOUGH_FRAMES, Reason.HELD, Reason.FAULT_ENGINE, Reason.LOW_QUALITY])
def test_what_is_not_the_faces_own_doing_is_not_counted(reason: Reason) -> None:
    door = Door()
    assert not any(door.attempt(FACES[0], reason=reason)[0] for _ in range(10))
    assert len(door.clusters) == 0


def test_the_cluster_is_known_before_the_verdict_and_stays_the_same() -> None:
    door = Door()
    _, first = door.attempt(FACES[0], FACES[0])
    _, again = door.attempt(FACES[0])
    assert first is not None
    assert first == again
    assert door.attempt(None)[1] is None


def test_one_strange_frame_first_does_not_hide_who_was_refused() -> None:
    door = Door()
    _, known = door.attempt(FACES[0])
    assert door.attempt(FACES[1], FACES[0])[1] == known


def test_a_granted_face_is_not_kept() -> None:
    door = Door()
    door.attempt(FACES[0], reason=Reason.MATCH)
    assert len(door.clusters) == 0
    door.attempt(FACES[1])
    assert len(door.clusters) == 1


def test_the_enrolled_picture_itself_is_told_and_a_good_match_is_not() -> None:
    alike = Match(subject=ANN, fused=0.99, per_model={}, nearest=SAME_PICTURE - 0.004)
    assert Door().attempt(FACES[0], reason=Reason.MATCH, verified=alike)[0] == []
    same = replace(alike, nearest=1.0)
    assert Door().attempt(FACES[0], FACES[0], reason=Reason.MATCH, verified=same)[0] == ["too_perfect"]


def test_the_same_bytes_in_different_frames_are_told() -> None:
    assert Door().attempt(FACES[0], FACES[0], face_digest=b"x")[0] == ["repeated_face"]
    assert Door().attempt(FACES[0], face_digest=b"x")[0] == []
    assert Door().attempt(FACES[0], FACES[0], face_digest=None)[0] == []


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(-30_000, 30_000)), max_size=80))
def test_memory_is_bounded_and_telling_is_rare_however_time_runs(visits: list[tuple[int, int]]) -> None:
    door = Door()
    told = [door.attempt(FACES[who], wait_ms=wait)[0] for who, wait in visits]
    assert len(door.clusters) <= 4
    assert len(door.watch._refused_ns) <= 5
    assert sum(map(len, told)) <= len(visits) / 3
