"""A gate over fake eyes and a fake judge, which do what a test says."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edge.domain.assessment import Assessment
from edge.domain.errors import EdgeError
from edge.domain.face import Box, Face, Quality
from edge.domain.finding import Finding
from edge.domain.frame import Frame
from edge.domain.level import Level
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Decision, Outcome, Reason
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judging import AtOnce
from edge.pipeline.step import Step
from edge.policy.decide import AttemptEvidence, Policy
from edge.policy.limits import LimitTerms
from edge.policy.rules import FrameTerms

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
