"""Frames through a gate: what ends the loop, what it waits for, and a defect that still ends denied."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edge.capture.source import SourceKind
from edge.capture.supervisor import CameraFeed, Nothing
from edge.daemon.feed_loop import GateDefectError, steps
from edge.domain.errors import CameraError, DeviceGoneError, PictureError
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step

FRAME = Frame(
    camera_id="c",
    seq=1,
    captured_ns=1,
    captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    pixels=np.zeros((2, 2, 3), np.uint8),
)
GONE = CameraError("gone", hint="plug it in")
BAD = PictureError("bad", hint="another one")


class Script:
    """A feed that gives, and a gate that notes."""

    def __init__(self, *given: object, kind: SourceKind = SourceKind.V4L2) -> None:
        self._given: Iterator[object] = iter(given)
        is_device = kind is SourceKind.V4L2
        self.source = SimpleNamespace(
            kind=kind, is_device=is_device, is_stills=kind in {SourceKind.FOLDER, SourceKind.PICTURE}
        )
        self.seen: list[str] = []
        self.breaks: Exception | None = None
        self.defect: Exception | None = None
        self.is_closed = False

    def next_frame(self, timeout_ms: int) -> object:
        given = next(self._given, Nothing.ENDED)
        if isinstance(given, Exception):
            raise given
        return given

    def process(self, frame: Frame) -> Step:
        if self.breaks is not None:
            raise self.breaks
        self.seen.append("frame")
        return Step()

    def fault(self, reason: Reason, hint: str) -> Step:
        self.seen.append(reason.value)
        return Step()

    refuse = fault

    def collect(self) -> Step:
        self.seen.append("collect")
        return Step()

    def close(self) -> None:
        self.is_closed = True

    def recovered(self, *reasons: Reason) -> None: ...

    def finish(self, *, is_stopped: bool = False) -> Step:
        self.seen.append("stopped" if is_stopped else "finish")
        return Step()


def run(script: Script, **options: Any) -> list[Step]:
    return list(steps(cast("CameraFeed", script), cast("Gate", script), **options))


def test_frames_then_the_end() -> None:
    script = Script(FRAME, Nothing.NOT_YET, FRAME)
    run(script)
    assert script.seen == ["frame", "collect", "frame", "finish"]


def test_what_is_due_between_frames_is_done_also_while_none_comes() -> None:
    script = Script(FRAME, Nothing.NOT_YET, GONE, FRAME)
    run(script, every_turn=lambda: script.seen.append("between"))
    told = ["frame", "collect", "fault_camera", "frame"]
    assert script.seen == [*(seen for one in told for seen in ("between", one)), "between", "finish"]


def test_stills_are_attempts_by_themselves_and_a_bad_one_is_refused() -> None:
    script = Script(FRAME, BAD, FRAME, kind=SourceKind.FOLDER)
    run(script)
    assert script.seen == ["frame", "finish", "fault_camera", "frame", "finish"]


def test_a_single_bad_picture_raises() -> None:
    script = Script(BAD, kind=SourceKind.PICTURE)
    with pytest.raises(PictureError):
        run(script)
    assert script.seen == ["fault_camera"]


def test_a_recording_that_cannot_be_read_raises() -> None:
    script = Script(GONE, kind=SourceKind.VIDEO)
    with pytest.raises(CameraError):
        run(script)
    assert script.seen == ["fault_camera"]


def test_a_camera_that_never_was_there_raises_unless_patient() -> None:
    with pytest.raises(CameraError):
        run(Script(GONE))
    script = Script(GONE, GONE, FRAME)
    run(script, is_patient=True)
    assert script.seen == ["fault_camera", "fault_camera", "frame", "finish"]


def test_a_camera_that_vanishes_is_waited_for() -> None:
    script = Script(FRAME, GONE, FRAME)
    run(script)
    assert script.seen == ["frame", "fault_camera", "frame", "finish"]


def test_a_stop_is_heard() -> None:
    script = Script(FRAME, FRAME, FRAME)
    run(script, is_stopping=lambda: bool(script.seen))
    assert script.seen == ["frame", "stopped"]


def test_a_defect_ends_denied_before_it_ends_the_gate() -> None:
    script = Script(FRAME)
    script.breaks = ZeroDivisionError("oops")
    with pytest.raises(GateDefectError, match="ZeroDivisionError"):
        run(script)
    assert script.seen == ["fault_internal"]


def test_a_defect_while_judging_aside_ends_denied_before_it_ends_the_gate() -> None:
    script = Script(FRAME)
    script.defect = ZeroDivisionError("oops")
    with pytest.raises(GateDefectError, match="ZeroDivisionError"):
        run(script)
    assert script.seen == ["frame", "fault_internal"]


def test_a_lost_device_ends_denied_before_it_ends_the_gate_as_what_it_is() -> None:
    script = Script(FRAME)
    script.defect = DeviceGoneError("it burned", hint="end the process")
    with pytest.raises(DeviceGoneError, match="it burned") as caught:
        run(script)
    assert script.seen == ["frame", "fault_engine"]
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("given", [(FRAME,), (GONE,)])
def test_the_gate_is_closed_however_the_feed_ends(given: tuple[object, ...]) -> None:
    script = Script(*given, kind=SourceKind.VIDEO)
    with contextlib.suppress(CameraError):
        run(script)
    assert script.is_closed
