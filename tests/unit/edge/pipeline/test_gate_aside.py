"""The gate while judging is slow: faces move as before the synthetic camera, time is the test's own."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.capture.synthetic_motion import SyntheticMotion
from edge.capture.synthetic_path import MotionPath
from edge.domain.assessment import Assessment
from edge.domain.errors import RecognitionError
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import Verdict
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judging import AtOnce, Judgment
from edge.pipeline.step import Step
from edge.policy.decide import AttemptEvidence
from edge.tracking.tracker import TrackId, Tracks, nearest
from tests.support.gate_scene import ANN, MS, POLICY, good

BOB = SubjectRef("bob")
FRAME_MS = 33
PLACES = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.4, 0.8), (0.6, 0.8))

Seen = Sequence[tuple[SubjectRef, Face]]


@dataclass
class Time:
    """A clock that a test moves."""

    now_ns: int = 1_000 * MS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc(self) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Slow(AtOnce):
    """Judges as ``AtOnce`` does, but the judgment is ready only later."""

    def __init__(self, judge: "Stage", time: Time, delays_ms: Sequence[int]) -> None:
        super().__init__(judge)
        self._time = time
        self._delays_ms = itertools.cycle(delays_ms)
        self._ready_ns = 0

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        super().begin(frame, face, evidence)
        self._ready_ns = self._time.now_ns + next(self._delays_ms) * MS

    def take(self, *, wait: bool) -> Judgment | None:
        if self.is_busy and wait:
            self._time.now_ns = max(self._time.now_ns, self._ready_ns)
        return super().take(wait=wait) if self._time.now_ns >= self._ready_ns else None


class Stage:
    """A camera, eyes with the gate's own tracker, and a slow judge who knows whose face is whose."""

    def __init__(self, *delays_ms: int, scene: Callable[[float], Seen]) -> None:
        self.time = Time()
        self.seq = 0
        self.scene = scene
        self.shown: Seen = ()
        self.judge: Callable[[Frame], Assessment] = good
        self.judged: list[tuple[str, SubjectRef]] = []
        self._tracks = Tracks()
        self._judged: TrackId | None = None
        self.gate = Gate(
            GateStages(
                checks=FrameChecks(CheckTerms(stale_after_ms=500, frozen_after_frames=3, dark_below=10)),
                eye=self,
                judging=Slow(self, self.time, delays_ms),
                policy=POLICY,
                terms=AttemptTerms(timeout_ms=6_000, rearm_after_denial_ms=1_000, rearm_after_grant_ms=10_000),
                clock=self.time,
            )
        )

    def look(self, frame: Frame) -> Sight:
        faces = tuple(face for _, face in self.shown)
        update = self._tracks.update(faces, frame.captured_ns)
        self._tracks = update.tracks
        chosen = nearest(self._tracks, self._judged)
        self._judged = chosen.track_id if chosen else None
        return Sight(
            frame=frame,
            faces=faces,
            nearest=self._judged,
            face=chosen.face if chosen and chosen.is_visible else None,
            ended=frozenset(track.track_id for track in update.ended),
            unsure=frozenset(track.track_id for track in update.unsure),
        )

    def forget(self) -> None:
        self._tracks = self._tracks.cleared()
        self._judged = None

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        who = next(subject for subject, shown in self.shown if shown is face)
        self.judged.append((str(evidence.attempt_id), who))
        a = self.judge(frame)
        if a.screen is None or a.verified is None:
            return a
        return replace(a, screen=replace(a.screen, subject=who), verified=replace(a.verified, subject=who))

    def frame(self, *, pixels: int = 200) -> Step:
        self.seq += 1
        self.shown = self.scene(self.time.now_ns / 1e9 - 1.0)
        noise = np.random.default_rng(self.seq).integers(100, 200, (48, 64, 3), np.uint8)
        step = self.gate.process(
            Frame(
                camera_id="c",
                seq=self.seq,
                captured_ns=self.time.now_ns,
                captured_utc=self.time.utc(),
                pixels=np.minimum(noise, pixels).astype(np.uint8),
            )
        )
        self.time.now_ns += FRAME_MS * MS
        return step

    def play(self, seconds: float) -> list[Step]:
        until_ns = self.time.now_ns + int(seconds * 1e9)
        steps = []
        while self.time.now_ns < until_ns:
            steps.append(self.frame())
        return steps


def verdicts(steps: Sequence[Step]) -> list[Verdict]:
    return [v for step in steps for v in step.verdicts]


def outcomes(steps: Sequence[Step]) -> list[tuple[Decision, Reason]]:
    return [(v.decision, v.reason) for v in verdicts(steps)]


def face(x: float, y: float = 100.0, size: float = 80.0) -> Face:
    landmarks = np.array([[x + size * u, y + size * v] for u, v in PLACES], np.float32)
    return Face(frame_seq=1, box=Box(x, y, size, size), landmarks=landmarks, score=0.9)


def visits(motion: SyntheticMotion) -> Callable[[float], Seen]:
    """Ann as the synthetic camera shows her: found while her face, a quarter of the portrait, is in the picture."""
    path = MotionPath(motion, (432, 432))

    def scene(time_s: float) -> Seen:
        corners = path.at(time_s).corners
        if corners is None:
            return ()
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        size = (right - left) / 4
        x, y = (left + right - size) / 2, (top + bottom - size) / 2
        return ((ANN, face(x, y, size)),) if 0 <= x <= motion.size[0] - size else ()

    return scene


def standing(time_s: float) -> Seen:
    ann = face(200 + 10 * np.sin(time_s))
    return ((ANN, ann),)


@pytest.mark.parametrize("delays_ms", [(160,), (300,), (460,), (160, 460, 250, 400), (900,)])
@pytest.mark.parametrize("seed", range(2))
def test_whoever_comes_and_stays_is_granted_every_time_however_slow_judging_is(
    delays_ms: tuple[int, ...], seed: int
) -> None:
    stage = Stage(*delays_ms, scene=visits(SyntheticMotion(seed=seed)))
    assert outcomes(stage.play(28)) == [(Decision.GRANTED, Reason.MATCH)] * 5


@given(st.lists(st.integers(100, 460), min_size=1, max_size=8), st.integers(0, 1_000), st.floats(0.3, 2.0))
@settings(max_examples=25, deadline=None)
def test_no_pace_of_judging_and_no_fidgeting_loses_who_stays(delays: list[int], seed: int, strength: float) -> None:
    stage = Stage(*delays, scene=visits(SyntheticMotion(seed=seed, motion=strength)))
    assert outcomes(stage.play(11.2)) == [(Decision.GRANTED, Reason.MATCH)] * 2


def test_somebody_who_takes_the_place_while_a_face_is_judged_is_not_the_same_attempt() -> None:
    def scene(time_s: float) -> Seen:
        if time_s < 0.1:
            return ((ANN, face(200)),)
        return () if time_s < 0.6 else ((BOB, face(200)),)

    stage = Stage(700, scene=scene)
    stage.play(3)
    assert {who for _, who in stage.judged} == {ANN, BOB}
    assert len({attempt for attempt, who in stage.judged if who == ANN}) == 1
    assert not {a for a, who in stage.judged if who == ANN} & {a for a, who in stage.judged if who == BOB}


@given(st.integers(2, 60), st.integers(100, 900), st.floats(-400, 400), st.booleans())
@settings(max_examples=150, deadline=None)
def test_two_people_before_the_camera_never_share_an_attempt(
    speed_px: int, delay_ms: int, start: float, crossing: bool
) -> None:
    """They pass or meet, at any speed up to 1800 pixels a second."""

    def scene(time_s: float) -> Seen:
        way = speed_px * time_s * 1_000 / FRAME_MS
        ann = 300 + start + (way if crossing else min(way, abs(start) + 40))
        return ((ANN, face(ann)), (BOB, face(900 - way)))

    stage = Stage(delay_ms, scene=scene)
    stage.play(2)
    people: dict[str, set[SubjectRef]] = {}
    for attempt, who in stage.judged:
        people.setdefault(attempt, set()).add(who)
    assert all(len(who) == 1 for who in people.values())


def test_one_attempt_ends_once_and_waits_for_what_is_pending() -> None:
    def scene(time_s: float) -> Seen:
        return standing(time_s) if time_s < 0.5 else ()

    stage = Stage(450, scene=scene)
    found = verdicts(stage.play(3))
    assert [(v.decision, v.frames) for v in found] == [(Decision.GRANTED, 2)]


def test_covering_the_lens_while_a_face_is_judged_does_not_erase_the_near_miss() -> None:
    failing = _failed()
    stage = Stage(400, scene=standing)
    stage.judge = lambda frame: replace(failing, frame_seq=frame.seq, captured_ns=frame.captured_ns)
    ended = []
    for _ in range(POLICY.limits.failures):
        ended += outcomes([stage.frame(), stage.frame(pixels=4)])
    assert ended == [(Decision.DENIED, Reason.DARK_FRAME)] * POLICY.limits.failures
    stage.judge = good
    assert not outcomes(stage.play(1))
    assert outcomes([stage.gate.finish()]) == [(Decision.DENIED, Reason.HELD)]


def test_a_face_that_cannot_be_told_from_another_meanwhile_is_not_granted() -> None:
    def scene(time_s: float) -> Seen:
        if time_s < 0.6:
            return ((ANN, face(200)),)
        return ((ANN, face(160)), (BOB, face(240)))

    stage = Stage(400, scene=scene)
    assert outcomes(stage.play(0.9)) == [(Decision.DENIED, Reason.IDENTITY_CHANGED)]


def test_frames_that_may_not_be_judged_say_nothing_while_another_is() -> None:
    stage = Stage(200, scene=standing)
    steps = []
    for index in range(30):
        steps.append(stage.frame())
        if index % 2:
            stage.seq -= 1  # the next picture repeats this one, as of a camera that is slower than its stream
    assert outcomes(steps) == [(Decision.GRANTED, Reason.MATCH)]


def test_a_fault_of_judging_is_a_frame_that_does_not_count_and_told_once() -> None:
    stage = Stage(100, scene=standing)

    def fails(frame: Frame) -> Assessment:
        raise RecognitionError("NaN", hint="verify")

    stage.judge = fails
    steps = stage.play(1)
    assert [a.anomaly.value for step in steps for a in step.anomalies] == ["fault_engine"]
    stage.scene = lambda _: ()
    assert outcomes(stage.play(1)) == [(Decision.DENIED, Reason.FAULT_ENGINE)]
    assert stage.gate.defect is None


@pytest.mark.parametrize("is_seen_at_the_end", [True, False])
def test_a_defect_of_judging_is_kept_and_ends_denied(is_seen_at_the_end: bool) -> None:
    stage = Stage(100, scene=standing)

    def breaks(frame: Frame) -> Assessment:
        raise ZeroDivisionError

    stage.judge = breaks
    stage.frame()
    step = stage.gate.finish() if is_seen_at_the_end else stage.gate.fault(Reason.FAULT_CAMERA, "gone")
    expected = Reason.FAULT_INTERNAL if is_seen_at_the_end else Reason.FAULT_CAMERA
    assert outcomes([step]) == [(Decision.DENIED, expected)]
    assert isinstance(stage.gate.defect, ZeroDivisionError)


def test_between_slow_frames_a_ready_judgment_is_decided() -> None:
    stage = Stage(100, scene=standing)
    stage.play(0.15)
    stage.time.now_ns += 150 * MS
    assert outcomes([stage.gate.collect()]) == [(Decision.GRANTED, Reason.MATCH)]


def _failed() -> Assessment:
    a = good(
        Frame(camera_id="c", seq=1, captured_ns=1, captured_utc=Time().utc(), pixels=np.zeros((2, 2, 3), np.uint8))
    )
    return replace(a, findings=(replace(a.findings[0], outcome=Outcome.FAIL, statistic=0.3),))


def test_a_defect_of_the_eyes_does_not_lose_a_grant_that_came_in_before() -> None:
    stage = Stage(100, scene=standing)
    stage.play(0.25)

    def breaks(time_s: float) -> Seen:
        return (None,)  # type: ignore[return-value]  # what a defect looks like

    stage.scene = breaks
    assert outcomes([stage.frame()]) == [(Decision.GRANTED, Reason.MATCH)]
    assert isinstance(stage.gate.defect, TypeError)
