"""The gate over fake eyes and a fake judge: one verdict an attempt, and every fault ends denied, told once."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edge.domain.assessment import Assessment
from edge.domain.claim import Claim, Factor
from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import CameraError, EdgeError, RecognitionError
from edge.domain.face import Box, Face, Quality
from edge.domain.finding import Finding
from edge.domain.frame import Frame
from edge.domain.level import Level
from edge.domain.match import Match, SubjectRef
from edge.domain.posture import Posture
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import Verdict
from edge.pipeline.attempt_watch import AttemptWatch, WatchTerms
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judging import AtOnce
from edge.pipeline.step import Step
from edge.policy.decide import AttemptEvidence, Policy
from edge.policy.limits import Allowance, Limits, LimitTerms
from edge.policy.rules import FrameTerms
from edge.recognition.clusters import ClusterTerms, FaceClusters

ANN = SubjectRef("ann")
MS = 1_000_000
POINT = MatchPoint(threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={})
POLICY = Policy(
    frames_needed=2,
    frames_window=3,
    most_verifications=5,
    frame=FrameTerms(match=POINT, mandatory=frozenset({"d"}), reasons={}, most_age_ms=2_000),
    limits=LimitTerms(failures=3, window_ms=60_000, hold_ms=5_000),
    level=Level.CONVENIENCE,
    sequence_mandatory=frozenset(),
)
FACE = Face(frame_seq=1, box=Box(10, 10, 50, 50), landmarks=np.zeros((5, 2), np.float32), score=0.9)


class Scene:
    """A camera, a clock, eyes and a judge that do what a test says."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * MS
        self.seq = 0
        self.nearest: int | None = 1
        self.ended: frozenset[int] = frozenset()
        self.unsure: frozenset[int] = frozenset()
        self.eye_error: EdgeError | None = None
        self.judge: Callable[[Frame], Assessment] = good
        self.forgotten = 0
        checks = FrameChecks(CheckTerms(stale_after_ms=500, frozen_after_frames=3, dark_below=10))
        terms = AttemptTerms(timeout_ms=3_000, rearm_after_denial_ms=1_000, rearm_after_grant_ms=5_000)
        self.stages = GateStages(
            checks=checks, eye=self, judging=AtOnce(self), policy=POLICY, terms=terms, clock=self
        )
        self.gate = Gate(self.stages)

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def look(self, frame: Frame) -> Sight:
        if self.eye_error is not None:
            raise self.eye_error
        face = FACE if self.nearest is not None else None
        return Sight(
            frame=frame,
            faces=(face,) if face else (),
            nearest=self.nearest,
            face=face,
            ended=self.ended,
            unsure=self.unsure,
        )

    def forget(self) -> None:
        self.forgotten += 1

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        return self.judge(frame)

    def frame(self, *, age_ms: int = 0, pixels: int | None = None, repeat: bool = False) -> Step:
        self.now_ns += 33 * MS
        self.seq += 1
        noise = np.random.default_rng(0 if repeat else self.seq).integers(100, 200, (48, 64, 3), np.uint8)
        if pixels is not None:
            noise = np.minimum(noise, pixels).astype(np.uint8)
            noise[0, 0, 0] = self.seq % 5
        return self.gate.process(
            Frame(
                camera_id="c",
                seq=self.seq,
                captured_ns=self.now_ns - age_ms * MS,
                captured_utc=self.utc(),
                pixels=noise,
            )
        )


def good(frame: Frame) -> Assessment:
    return Assessment(
        frame_seq=frame.seq,
        captured_ns=frame.captured_ns,
        quality=Quality(width_px=50, sharpness=1, brightness=100, yaw_ratio=0),
        screen=Match(subject=ANN, fused=0.8, per_model={"a": 0.8}),
        verified=Match(subject=ANN, fused=0.8, per_model={"a": 0.8, "b": 0.8}),
        findings=(Finding(defense="d", outcome=Outcome.PASS, statistic=0.1, threshold=0.2),),
    )


def attacked(frame: Frame) -> Assessment:
    failed = Finding(defense="d", outcome=Outcome.FAIL, statistic=0.3, threshold=0.2)
    return replace(good(frame), findings=(failed,))


def raising(error: EdgeError) -> Callable[[Frame], Assessment]:
    def judge(frame: Frame) -> Assessment:
        raise error

    return judge


def outcomes(steps: list[Step]) -> list[tuple[Decision, Reason]]:
    return [(v.decision, v.reason) for s in steps for v in s.verdicts]


def anomalies(steps: list[Step]) -> list[str]:
    return [a.anomaly.value for s in steps for a in s.anomalies]


def test_two_good_frames_grant_once_and_the_face_then_waits() -> None:
    scene = Scene()
    steps = [scene.frame() for _ in range(20)]
    assert outcomes(steps) == [(Decision.GRANTED, Reason.MATCH)]
    assert steps[1].verdicts
    assert not anomalies(steps)


def test_an_attempt_ends_when_its_face_leaves() -> None:
    scene = Scene()
    scene.frame()
    scene.nearest, scene.ended = None, frozenset({1})
    assert outcomes([scene.frame()]) == [(Decision.DENIED, Reason.NOT_ENOUGH_FRAMES)]


def test_tracks_that_may_have_been_swapped_end_the_attempt_as_such() -> None:
    scene = Scene()
    scene.frame()
    scene.nearest, scene.ended, scene.unsure = 2, frozenset({1}), frozenset({1})
    step = scene.frame()
    assert step.verdicts[0].reason is Reason.IDENTITY_CHANGED
    assert anomalies([step]) == ["identity_changed"]


def test_a_stale_frame_is_not_evidence() -> None:
    scene = Scene()
    steps = [scene.frame(), scene.frame(age_ms=600), scene.frame(age_ms=600), scene.frame(age_ms=600)]
    assert not outcomes(steps)
    assert outcomes([scene.frame(), scene.frame()]) == [(Decision.GRANTED, Reason.MATCH)]


def test_a_feed_that_stays_late_ends_the_attempt_and_is_told_once() -> None:
    scene = Scene()
    scene.frame()
    steps = [scene.frame(age_ms=600) for _ in range(40)]
    assert outcomes(steps) == [(Decision.DENIED, Reason.STALE_FRAME)]
    assert anomalies(steps) == ["stale_frame"]


def test_time_runs_out_while_frames_are_refused() -> None:
    scene = Scene()
    scene.frame()
    scene.now_ns += 4_000 * MS
    assert len(scene.frame(age_ms=600).verdicts) == 1


def test_every_unusable_still_has_its_own_denial() -> None:
    scene = Scene()
    steps = [scene.gate.refuse(Reason.FAULT_CAMERA, "unreadable") for _ in range(3)]
    assert outcomes(steps) == [(Decision.DENIED, Reason.FAULT_CAMERA)] * 3


def test_a_repeated_frame_is_not_evidence_and_a_frozen_feed_ends_the_attempt() -> None:
    scene = Scene()
    steps = [scene.frame(repeat=True) for _ in range(10)]
    assert outcomes(steps) == [(Decision.DENIED, Reason.FROZEN_FEED)]
    assert anomalies(steps) == ["frozen_feed"]
    scene.frame()
    assert anomalies([scene.frame(repeat=True) for _ in range(10)]) == ["frozen_feed"]


def test_darkness_ends_the_attempt_and_is_told_once() -> None:
    scene = Scene()
    steps = [scene.frame(), *(scene.frame(pixels=4) for _ in range(5))]
    assert outcomes(steps) == [(Decision.DENIED, Reason.DARK_FRAME)]
    assert anomalies(steps) == ["dark_frame"]


def test_a_dark_source_without_an_attempt_still_ends_denied() -> None:
    scene = Scene()
    scene.nearest = None
    steps = [scene.frame(pixels=4) for _ in range(3)]
    assert outcomes(steps) == []
    assert outcomes([scene.gate.finish()]) == [(Decision.DENIED, Reason.DARK_FRAME)]


def test_a_source_without_a_face_ends_denied() -> None:
    scene = Scene()
    scene.nearest = None
    scene.frame()
    assert outcomes([scene.gate.finish()]) == [(Decision.DENIED, Reason.NO_FACE)]


def test_a_gate_that_is_stopped_decides_no_attempt_that_never_was() -> None:
    scene = Scene()
    assert scene.gate.fault(Reason.FAULT_CAMERA, "gone").anomalies
    assert scene.gate.finish(is_stopped=True) == Step()
    scene.nearest = None
    scene.frame()
    assert scene.gate.finish(is_stopped=True) == Step()


def test_a_gate_that_is_stopped_decides_the_attempt_that_is_open() -> None:
    scene = Scene()
    scene.frame()
    assert outcomes([scene.gate.finish(is_stopped=True)]) == [(Decision.DENIED, Reason.NOT_ENOUGH_FRAMES)]


def test_a_source_that_ends_while_its_camera_is_away_says_so() -> None:
    scene = Scene()
    scene.gate.fault(Reason.FAULT_CAMERA, "gone")
    assert outcomes([scene.gate.finish()]) == [(Decision.DENIED, Reason.FAULT_CAMERA)]


def test_finish_after_a_verdict_adds_none() -> None:
    scene = Scene()
    scene.frame()
    scene.frame()
    assert not scene.gate.finish().verdicts


def test_an_engine_fault_is_a_frame_that_does_not_count_and_one_anomaly() -> None:
    scene = Scene()
    scene.judge = raising(RecognitionError("NaN", hint="verify"))
    steps = [scene.frame() for _ in range(4)]
    assert anomalies(steps) == ["fault_engine"]
    scene.nearest, scene.ended = None, frozenset({1})
    assert outcomes([scene.frame()]) == [(Decision.DENIED, Reason.FAULT_ENGINE)]


def test_a_fault_of_the_eyes_ends_the_attempt() -> None:
    scene = Scene()
    scene.frame()
    scene.eye_error = CameraError("odd frame", hint="x")
    steps = [scene.frame(), scene.frame()]
    assert outcomes(steps) == [(Decision.DENIED, Reason.FAULT_CAMERA)]
    assert anomalies(steps) == ["fault_camera"]


def test_a_camera_fault_is_told_again_after_it_was_over() -> None:
    scene = Scene()
    first = scene.gate.fault(Reason.FAULT_CAMERA, "gone")
    again = scene.gate.fault(Reason.FAULT_CAMERA, "gone")
    scene.gate.recovered(Reason.FAULT_CAMERA)
    later = scene.gate.fault(Reason.FAULT_CAMERA, "gone")
    assert [len(s.anomalies) for s in (first, again, later)] == [1, 0, 1]


def test_an_attack_is_refused_and_told_with_the_defense_that_saw_it() -> None:
    scene = Scene()
    scene.judge = attacked
    steps = [scene.frame() for _ in range(95)]
    assert outcomes(steps) == [(Decision.DENIED, Reason.ADVERSARIAL_INPUT)]
    assert sum(len(step.assessments) for step in steps) == POLICY.most_verifications
    told = [a for s in steps for a in s.anomalies]
    assert [(a.anomaly.value, a.detail) for a in told] == [("adversarial_input", "d: fail")]


def test_near_misses_hold_the_gate_for_everybody() -> None:
    scene = Scene()
    scene.judge = attacked
    verdicts: list[Verdict] = []
    while len(verdicts) < 3:
        verdicts += scene.frame().verdicts
    scene.judge = good
    scene.nearest, scene.ended = 2, frozenset({1})
    steps = [scene.frame() for _ in range(20)]
    assert not outcomes(steps)
    scene.nearest, scene.ended = None, frozenset({2})
    assert outcomes([scene.frame()]) == [(Decision.DENIED, Reason.HELD)]


def test_a_hold_that_ends_while_somebody_waits_lets_them_in() -> None:
    scene = Scene()
    scene.gate = Gate(scene.stages, Limits(gate=Allowance(held_until_ns=scene.now_ns + 2_000 * MS)))
    steps = [scene.frame() for _ in range(80)]
    (verdict,) = [v for step in steps for v in step.verdicts]
    assert verdict.decision is Decision.GRANTED
    assert 0 <= verdict.decided_ns - 3_000 * MS < 100 * MS


def test_an_attempt_that_takes_too_long_is_denied() -> None:
    scene = Scene()
    scene.judge = lambda frame: Assessment(
        frame_seq=frame.seq,
        captured_ns=frame.captured_ns,
        quality=Quality(width_px=50, sharpness=1, brightness=100, yaw_ratio=0),
    )
    steps = [scene.frame() for _ in range(95)]
    assert outcomes(steps) == [(Decision.DENIED, Reason.UNKNOWN_PERSON)]


def test_a_face_that_is_refused_again_and_again_is_told_of_with_its_verdict_and_known_to_the_policy() -> None:
    scene = Scene()
    clusters = FaceClusters(ClusterTerms(threshold=0.5, most_clusters=4, forget_after_ms=600_000))
    watch = AttemptWatch(clusters, WatchTerms(refusals=2, window_ms=600_000))
    scene.gate = Gate(replace(scene.stages, watch=watch))
    face = Embedding(Binding("a", "d", "r", "reference"), np.eye(4, dtype=np.float32)[0])
    known: list[str | None] = []

    def refused(frame: Frame) -> Assessment:
        return replace(attacked(frame), probe=face)

    def assess(frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        known.append(evidence.cluster)
        return refused(frame)

    scene.assess = assess  # type: ignore[method-assign] # to see what the judge is given
    steps = [scene.frame() for _ in range(60)]
    told = [[a.anomaly.value for a in step.anomalies] for step in steps if step.verdicts]
    assert told[:2] == [["adversarial_input"], ["adversarial_input", "repeated_refusals"]]
    assert known[0] is None
    assert len(set(known[1:5])) == 1
    assert known[1] is not None


def test_what_a_granted_attempt_measured_comes_with_its_verdict_and_of_a_refused_one_nothing_does() -> None:
    scene = Scene()
    steps = [scene.frame() for _ in range(4)]
    assert [dict(m) for s in steps for m in s.granted] == [{"fused": 0.8, "sharpness": 1, "brightness": 100}]
    scene = Scene()
    scene.judge = attacked
    assert not [m for _ in range(10) for m in scene.frame().granted]


def test_a_lockdown_denies_whoever_comes_and_is_told_once() -> None:
    scene = Scene()
    step = scene.gate.take_posture(Posture.LOCKDOWN, "ordered")
    assert [(a.anomaly.value, a.detail) for a in step.anomalies] == [("lockdown", "ordered")]
    assert scene.gate.take_posture(Posture.LOCKDOWN, "again") == Step()
    steps = [scene.frame() for _ in range(20)]
    scene.nearest, scene.ended = None, frozenset({1})
    steps.append(scene.frame())
    assert outcomes(steps) == [(Decision.DENIED, Reason.LOCKDOWN)]
    assert not anomalies(steps)
    assert anomalies([scene.gate.take_posture(Posture.OUT_OF_SERVICE, "ordered")]) == ["out_of_service"]
    assert anomalies([scene.gate.take_posture(Posture.NORMAL, "ordered")]) == ["posture_normal"]
    scene.nearest, scene.ended = 2, frozenset()
    assert outcomes([scene.frame(), scene.frame()]) == [(Decision.GRANTED, Reason.MATCH)]


def test_a_lockdown_that_comes_while_a_face_is_judged_counts() -> None:
    scene = Scene()
    scene.frame()
    scene.gate.take_posture(Posture.LOCKDOWN, "ordered")
    steps = [scene.frame(), scene.gate.finish(is_stopped=True)]
    assert outcomes(steps) == [(Decision.DENIED, Reason.LOCKDOWN)]


def test_unlocking_forgets_failures_and_is_told() -> None:
    scene = Scene()
    scene.gate = Gate(scene.stages, Limits(gate=Allowance(held_until_ns=scene.now_ns * 1_000)))
    assert anomalies([scene.gate.unlock("ordered")]) == ["limits_unlocked"]
    assert outcomes([scene.frame(), scene.frame()]) == [(Decision.GRANTED, Reason.MATCH)]


def a_claim(scene: Scene, name: str, *, for_ms: int = 8_000) -> Claim:
    return Claim(
        claim_id=name,
        subject=ANN,
        factor=Factor.BADGE,
        received_ns=scene.now_ns,
        expires_ns=scene.now_ns + for_ms * MS,
    )


def claim_of(scene: Scene) -> str | None:
    evidence = scene.gate._attempts.evidence
    return evidence.claim.claim_id if evidence and evidence.claim else None


def test_a_claim_waits_for_the_next_attempt_and_serves_it_alone() -> None:
    scene = Scene()
    scene.nearest = None
    scene.frame()
    scene.gate.claim(a_claim(scene, "a"))
    scene.nearest, scene.judge = 1, attacked
    scene.frame()
    assert claim_of(scene) == "a"
    scene.nearest, scene.ended = None, frozenset({1})
    scene.frame()
    scene.nearest, scene.ended = 2, frozenset()
    scene.frame()
    assert scene.gate._attempts.evidence is not None
    assert claim_of(scene) is None


def test_a_claim_joins_the_open_attempt_which_keeps_it() -> None:
    scene = Scene()
    scene.judge = attacked
    scene.frame()
    scene.gate.claim(a_claim(scene, "a"))
    assert claim_of(scene) == "a"
    scene.gate.claim(a_claim(scene, "b"))
    scene.frame()
    assert claim_of(scene) == "a"
    scene.nearest = 2
    scene.frame()
    assert claim_of(scene) == "b"


def test_a_claim_that_nobody_came_for_in_time_is_nobodys() -> None:
    scene = Scene()
    scene.gate.claim(a_claim(scene, "a", for_ms=20))
    scene.judge = attacked
    scene.frame()
    assert scene.gate._attempts.evidence is not None
    assert claim_of(scene) is None


def test_a_claim_alone_opens_nothing() -> None:
    scene = Scene()
    scene.nearest = None
    scene.gate.claim(a_claim(scene, "a"))
    steps = [scene.frame() for _ in range(5)]
    assert outcomes([*steps, scene.gate.finish()]) == [(Decision.DENIED, Reason.NO_FACE)]
