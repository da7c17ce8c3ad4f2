"""The gate over fake eyes and a fake judge: one verdict an attempt, and every fault ends denied, told once."""

from edge.domain.assessment import Assessment
from edge.domain.errors import CameraError, RecognitionError
from edge.domain.face import Quality
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import Verdict
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step
from edge.policy.limits import Allowance, Limits
from tests.support.gate_scene import MS, POLICY, Scene, anomalies, attacked, good, outcomes, raising


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
