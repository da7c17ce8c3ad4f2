"""``edge-gate bench pipeline``: wrong calls, the clip in memory, the yardstick, and how figures are made."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.capture.source import SourceKind
from edge.commands import bench
from edge.commands.app import run_command_line
from edge.commands.bench_clip import Clip, read_clip, synthetic_source, video_source
from edge.commands.bench_opencv import opencv_threads
from edge.commands.bench_pipeline import ScreeningTimes, Spent, measure_screening, measure_verifications
from edge.domain.certificate import Alignment
from edge.domain.errors import CameraError, UsageError
from edge.domain.face import Face
from edge.domain.frame import Frame
from engines.runtime.metered import Meter
from tests.support.patch_certificates import a_certificate
from tests.support.profiles import a_profile
from tests.support.white_rectangle_engine import make_face

FACE = make_face(10, 10, 30, 40)


def clip_of(count: int) -> Clip:
    when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Clip(
        "test",
        tuple(
            Frame(camera_id="t", seq=9, captured_ns=7, captured_utc=when, pixels=np.full((48, 64, 3), i, np.uint8))
            for i in range(count)
        ),
    )


class ScriptedGate:
    """Stands for both of the gate's stages: writes down who looked, and spends engine time."""

    def __init__(self, meter: Meter, log: list[str], faces: Mapping[int, Face] | None = None) -> None:
        self._meter, self._log, self._faces = meter, log, faces
        self.verified: list[int] = []

    def look(self, frame: Frame, face: Face | None = None) -> Face | None:
        self._meter.add(1_000)
        if face is not None:
            self.verified.append(frame.seq)
            return None
        self._log.append(f"gate {frame.seq}")
        return FACE if self._faces is None else self._faces.get(frame.seq)


class ScriptedOpenCV:
    def __init__(self, log: list[str]) -> None:
        self._log = log

    def look(self, pixels: object) -> bool:
        self._log.append("opencv")
        return True


def screened(count: int, faces: Mapping[int, Face] | None = None) -> tuple[ScreeningTimes, list[str]]:
    meter, log = Meter(), list[str]()
    gate: Any = ScriptedGate(meter, log, faces)
    opencv: Any = ScriptedOpenCV(log)
    return measure_screening(clip_of(2).repeated(count), gate, opencv, meter), log


@pytest.mark.parametrize("arguments", [(), ("--synthetic", "--video", "x.mkv")])
def test_exactly_one_recording_must_be_named(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["bench", "pipeline", *arguments]) == 2
    assert "hint:" in capsys.readouterr().err


def test_a_recording_that_is_gone_is_a_device_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["bench", "pipeline", "--video", "/nowhere/clip.mkv"]) == 5
    assert "/nowhere/clip.mkv" in capsys.readouterr().err


def test_a_picture_is_no_recording(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(UsageError, match="no video"):
        video_source(str(tmp_path / "a.png"))


def test_a_file_that_is_no_video_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    path.write_bytes(b"")
    with pytest.raises(CameraError):
        read_clip(video_source(str(path)))


def test_the_synthetic_clip_ends_and_has_the_size_of_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.commands.bench_clip.SYNTHETIC_FRAMES", 3)
    source = synthetic_source()
    assert source.kind is SourceKind.SYNTHETIC
    clip = read_clip(source)
    assert clip.size == (640, 480)
    assert len(clip.frames) == 3
    assert not np.shares_memory(clip.frames[0].pixels, clip.frames[1].pixels)


def test_a_long_recording_is_cut_where_memory_would_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.commands.bench_clip.MOST_BYTES", 2 * 640 * 480 * 3)
    assert len(read_clip(synthetic_source()).frames) == 2


def test_repeated_frames_are_numbered_and_timed_as_one_recording() -> None:
    frames = list(clip_of(3).repeated(2))
    assert [f.seq for f in frames] == list(range(6))
    assert [int(f.pixels[0, 0, 0]) for f in frames] == [0, 1, 2, 0, 1, 2]
    assert all(later.captured_ns > sooner.captured_ns for sooner, later in pairwise(frames))


def test_both_look_at_every_frame_and_take_turns_at_being_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.commands.bench_pipeline._BLOCK_FRAMES", 3)
    times, log = screened(4)
    assert log == [
        *("opencv", "opencv", "opencv", "gate 0", "gate 1", "gate 2"),
        *("gate 3", "gate 4", "gate 5", "opencv", "opencv", "opencv"),
        *("opencv", "opencv", "gate 6", "gate 7"),
    ]
    assert len(times.gate.stage_ms) == len(times.opencv_ms) == 5
    assert times.gate.engine_ms == [1e-3] * 5
    assert times.opencv_faces == [True] * 5


def test_only_counted_frames_with_a_judged_face_can_be_verified() -> None:
    times, _ = screened(4, faces={0: FACE, 4: FACE, 6: FACE})
    assert [frame.seq for frame, _ in times.judged] == [4, 6]


def test_verification_goes_round_the_judged_faces() -> None:
    meter = Meter()
    gate = ScriptedGate(meter, [])
    stage: Any = gate
    judged = [(frame, FACE) for frame in clip_of(2).repeated(1)]
    spent = measure_verifications(judged, {"": stage}, meter, rounds=4)[""]
    assert gate.verified == [0, 1, 0, 1, 0, 1, 0]
    assert len(spent.stage_ms) == 4
    assert spent.engine_ms == [1e-3] * 4


def test_overhead_is_the_median_of_the_ratios() -> None:
    assert Spent([2.0, 3.0, 40.0], [1.0, 2.0, 10.0]).overhead == 2.0


def test_figures_have_the_promised_keys_and_the_larger_overhead() -> None:
    screening = ScreeningTimes(Spent([10.0], [8.0]), [25.0], [], [True])
    record = bench._record(screening, Spent([100.0], [99.0]), [1.0, 2.0])
    assert record["fps"] == 100.0
    assert record["opencv_fps"] == 40.0
    assert record["ratio"] == 2.5
    assert record["overhead"] == record["screen_overhead"] == 1.25
    assert record["screen_ms"]["p50"] == record["screen_ms"]["p95"] == 10.0
    assert record["verify_ms"]["p50"] == 100.0
    assert record["engine_ms"] == 8.0
    assert record["motion_ms"]["p50"] == 1.5
    assert record["faces"] == 0
    json.dumps(record, allow_nan=False)


def test_the_certificate_costs_what_the_rounds_differ_by() -> None:
    plain = Spent([100.0, 200.0, 110.0], [1.0] * 3, [True] * 3)
    certified = Spent([130.0, 240.0, 400.0], [1.0] * 3, [True] * 3)
    record = bench._certified_record(plain, {"tiered": certified})
    assert record["occlude_ms"] == {"tiered": 40.0}
    assert record["certified_verify_ms"]["tiered"]["p50"] == 240.0
    assert record["certified_verifications"] == 3
    assert ("certified verify ms tiered p50", 240.0) in bench._flat(record)


def test_a_round_refused_before_the_certificate_was_asked_says_nothing_of_its_cost() -> None:
    plain = Spent([100.0, 100.0, 100.0], [1.0] * 3, [True] * 3)
    certified = Spent([101.0, 140.0, 101.0], [1.0] * 3, [False, True, False])
    record = bench._certified_record(plain, {"tiered": certified})
    assert record["occlude_ms"] == {"tiered": 40.0}
    assert record["certified_verifications"] == 1
    refused = Spent([101.0], [1.0], [False])
    assert bench._certified_record(Spent([100.0], [1.0], [True]), {"tiered": refused}) == {
        "certified_verifications": 0
    }


def test_what_is_timed_is_the_default_certificate_and_it_with_a_realigned_one() -> None:
    again = replace(a_certificate("again"), alignment=Alignment.REALIGNED)
    profile = replace(a_profile(), certificates=(a_certificate("worn"), again, a_certificate("tiered")))
    timed = {title: [c.name for c in certificates] for title, certificates in bench._certified(profile).items()}
    assert timed == {"tiered": ["tiered"], "tiered+again": ["tiered", "again"]}
    assert list(bench._certified(replace(profile, certificates=(again,)))) == ["again"]
    assert bench._certified(a_profile()) == {}


def test_opencv_gets_its_threads_back() -> None:
    before = cv2.getNumThreads()
    with opencv_threads(1):
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
