"""The gate under orders from outside, with claims, and with what it knows of earlier attempts."""

from dataclasses import replace

import numpy as np

from edge.domain.assessment import Assessment
from edge.domain.claim import Claim, Factor
from edge.domain.embedding import Binding, Embedding
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Reason
from edge.pipeline.attempt_watch import AttemptWatch, WatchTerms
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step
from edge.policy.decide import AttemptEvidence
from edge.policy.limits import Allowance, Limits
from edge.recognition.clusters import ClusterTerms, FaceClusters
from tests.support.gate_scene import ANN, MS, Scene, anomalies, attacked, outcomes


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
    steps = [scene.frame() for _ in range(260)]
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
