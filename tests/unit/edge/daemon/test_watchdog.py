"""The watchdog is fed while frames come and engines answer, and for no other reason."""

import datetime as dt
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from edge.capture.source import SourceKind
from edge.capture.supervisor import CameraFeed, Nothing
from edge.daemon.feed_loop import steps
from edge.daemon.watchdog import Watchdog, engines_within_s
from edge.domain.errors import CameraError, DeviceGoneError, RecognitionError
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.pipeline.gate import Gate
from edge.pipeline.judging_aside import Aside
from edge.settings.load import load_settings
from tests.support.gate_scene import MS, Scene
from tests.support.hand_clock import HandClock

FRAME_MS = 100
WITHIN_S = 5.0
GONE = CameraError("no frame for 3000 ms", hint="look at the cable")


class Meal:
    """Counts how often the watchdog was fed."""

    def __init__(self) -> None:
        self.times = 0

    def alive(self) -> None:
        self.times += 1


class Engines:
    """Engines that answer a probe, hang in it, or fail it."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.fault: RecognitionError | None = None
        self.probes = 0

    def probe(self, *, everything: bool) -> None:
        assert self.may_answer.wait(10)
        self.probes += 1
        if self.fault is not None:
            raise self.fault


class Door:
    """A real gate over a scene in which nobody stands, its loop and its watchdog; a frame takes 100 ms."""

    def __init__(self) -> None:
        self.scene, self.engines, self.meal = Scene(), Engines(), Meal()
        self.scene.nearest = None
        self.source = SimpleNamespace(kind=SourceKind.V4L2, is_device=True, is_stills=False)
        self.given: Callable[[], Frame | Nothing] = self.frame
        self.turns = 0
        judging = Aside(self.scene, clock=self.scene, answer_within_ms=1_000, probe=self.engines, probe_every_s=1)
        self.gate = Gate(replace(self.scene.stages, judging=judging))
        self.watchdog = Watchdog(self.meal, self.scene, engines_within_s=WITHIN_S)

    def next_frame(self, timeout_ms: int) -> Frame | Nothing:
        time.sleep(0.001)  # lets the engines' thread have its turn
        self.scene.now_ns += FRAME_MS * MS
        return self.given()

    def frame(self, brightest: int = 255) -> Frame:
        self.scene.seq += 1
        noise = np.random.default_rng(self.scene.seq).integers(0, brightest, (48, 64, 3), np.uint8)
        return Frame(
            camera_id="c",
            seq=self.scene.seq,
            captured_ns=self.scene.now_ns,
            captured_utc=self.scene.utc(),
            pixels=noise,
        )

    def passes(self, seconds: int) -> int:
        """Let so much of its time pass and return how often the watchdog was fed in it."""
        before, turns = self.meal.times, itertools.count()
        last = seconds * 1_000 // FRAME_MS
        for _ in steps(
            cast("CameraFeed", self),
            self.gate,
            is_stopping=lambda: next(turns) >= last,
            is_patient=True,
            after_frame=lambda: self.watchdog.frame_passed(self.gate.answered_ns),
        ):
            pass
        return self.meal.times - before


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.engines.may_answer.set()


def test_an_empty_scene_feeds_it_once_a_second(door: Door) -> None:
    assert 18 <= door.passes(20) <= 21
    assert door.engines.probes >= 10


def test_a_dark_night_feeds_it_too(door: Door) -> None:
    door.given = lambda: door.frame(brightest=3)
    assert door.passes(20) >= 18


def stuck(door: Door) -> Nothing:
    return Nothing.NOT_YET


def away(door: Door) -> Nothing:
    raise GONE


@pytest.mark.parametrize("camera", [stuck, away])
def test_a_camera_that_gives_nothing_starves_it_and_one_that_is_back_feeds_it(
    door: Door, camera: Callable[[Door], Nothing]
) -> None:
    assert door.passes(3)
    door.given = lambda: camera(door)
    assert door.passes(60) == 0
    door.given = door.frame
    assert door.passes(10) >= 5


def test_an_engine_that_hangs_starves_it_though_frames_go_on(door: Door) -> None:
    assert door.passes(3)
    door.engines.may_answer.clear()
    assert door.passes(10) <= WITHIN_S + 2  # what it had earned
    assert door.passes(60) == 0
    door.engines.may_answer.set()
    assert door.passes(10) >= 5


def test_an_engine_that_answers_wrongly_starves_it(door: Door) -> None:
    door.passes(3)
    door.engines.fault = RecognitionError("NaN", hint="h")
    door.passes(10)
    assert door.passes(30) == 0
    door.engines.fault = None
    assert door.passes(10) >= 5


def test_a_device_that_is_lost_ends_the_gate_denied(door: Door) -> None:
    door.engines.fault = DeviceGoneError("the context is gone", hint="restart")
    told: list[str] = []

    def run() -> None:
        for step in steps(cast("CameraFeed", door), door.gate, is_patient=True):
            told.extend(anomaly.anomaly.value for anomaly in step.anomalies)

    with pytest.raises(DeviceGoneError) as caught:
        run()
    assert caught.value.exit_code == 5
    assert caught.value.reason is Reason.FAULT_ENGINE
    assert "fault_engine" in told


def test_a_detector_whose_device_is_lost_ends_it_too(door: Door) -> None:
    door.scene.eye_error = DeviceGoneError("the context is gone", hint="restart")
    with pytest.raises(DeviceGoneError):
        list(steps(cast("CameraFeed", door), door.gate, is_patient=True))


def test_engines_on_the_gates_own_thread_need_no_mark_of_their_own() -> None:
    meal = Meal()
    Watchdog(meal, HandClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)), engines_within_s=1).frame_passed(None)
    assert meal.times == 1


def test_engines_may_be_silent_through_an_attempt_and_its_challenge() -> None:
    settings = load_settings(environ={"EDGE__ENGINE__PROBE_EVERY_S": "100"})
    assert engines_within_s(settings) > 100 + 2 + 6 + 15
