"""Pictures through a gate whose judging takes longer than any evidence may last: the verdict is the same."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Pace
from edge.daemon.feed_loop import steps
from edge.domain.assessment import Assessment
from edge.domain.clock import SystemClock
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.frame import Frame
from edge.domain.reasons import Decision, Outcome, Reason
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judging import AtOnce
from edge.policy.decide import AttemptEvidence
from tests.support.gate_scene import FACE, POLICY, good


class SlowMachine:
    """The machine's clock, on which eyes and judge take as long as a test says."""

    def __init__(self, takes_s: float, *, fails: int = 0) -> None:
        self._system = SystemClock()
        self._spent_ns = 0
        self._takes_ns = int(takes_s * 1e9)
        self._fails = fails

    def monotonic_ns(self) -> int:
        return self._system.monotonic_ns() + self._spent_ns

    def utc(self) -> dt.datetime:
        return self._system.utc()

    def look(self, frame: Frame) -> Sight:
        self._spent_ns += self._takes_ns
        none: frozenset[int] = frozenset()
        return Sight(frame=frame, faces=(FACE,), nearest=frame.seq, face=FACE, ended=none, unsure=none)

    def forget(self) -> None: ...

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        self._spent_ns += self._takes_ns
        if frame.seq > self._fails:
            return good(frame)
        failed = Finding(defense="d", outcome=Outcome.FAIL, statistic=0.3, threshold=0.2)
        return replace(good(frame), findings=(failed,))


def reasons(folder: Path, machine: SlowMachine, pace: Pace = Pace.REALTIME) -> list[Reason]:
    with CameraFeed(parse_source(str(folder)), pace=pace, clock=machine) as feed:
        gate = Gate(
            GateStages(
                checks=FrameChecks(
                    CheckTerms(stale_after_ms=500, frozen_after_frames=3, dark_below=10, is_stills=True)
                ),
                eye=machine,
                judging=AtOnce(machine),
                policy=replace(POLICY, frames_needed=1, frames_window=1),
                terms=AttemptTerms(timeout_ms=3_000, rearm_after_denial_ms=1_000, rearm_after_grant_ms=5_000),
                clock=feed.clock,
            )
        )
        verdicts = [v for step in steps(feed, gate) for v in step.verdicts]
    assert all((v.decision is Decision.GRANTED) == (v.reason is Reason.MATCH) for v in verdicts)
    return [v.reason for v in verdicts]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for index in range(10):
        noise = np.random.default_rng(index).integers(100, 200, (48, 64, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{index}.png")
    return tmp_path


@pytest.mark.parametrize("pace", list(Pace))
@pytest.mark.parametrize("takes_s", [0.0, 3.0, 30.0])
def test_however_long_a_picture_takes_it_is_granted(pictures: Path, takes_s: float, pace: Pace) -> None:
    assert reasons(pictures, SlowMachine(takes_s), pace) == [Reason.MATCH] * 10


@pytest.mark.parametrize("takes_s", [0.0, 3.0, 30.0])
def test_a_hold_is_as_many_pictures_long_on_every_machine(pictures: Path, takes_s: float) -> None:
    expected = [Reason.ADVERSARIAL_INPUT] * 3 + [Reason.HELD] * 4 + [Reason.MATCH] * 3
    assert reasons(pictures, SlowMachine(takes_s, fails=3)) == expected
