"""Frames of a feed through a gate, one after the other: what ``run``, ``watch`` and the demo have in common."""

from collections.abc import Callable, Iterator
from typing import Protocol

from edge.capture.source import Source, SourceKind
from edge.capture.supervisor import Nothing
from edge.domain.errors import CameraError, EdgeError, PictureError
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step

POLL_MS = 200


class Feed(Protocol):
    """Where frames come from; :class:`edge.capture.supervisor.CameraFeed`."""

    @property
    def source(self) -> Source:
        """What is read."""
        ...

    def next_frame(self, timeout_ms: int) -> Frame | Nothing:
        """Return the next frame. Raises CameraError; it may be asked again."""
        ...


class GateDefectError(EdgeError):
    """A defect of the gate itself. The attempt was denied and recorded; the gate must not go on."""


def steps(
    feed: Feed,
    gate: Gate,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
    is_patient: bool = False,
    on_frame: Callable[[Frame, Step], None] | None = None,
    after_frame: Callable[[], None] | None = None,
    every_turn: Callable[[], None] = lambda: None,
) -> Iterator[Step]:
    """Yield every step that decided something, or tells of something, until the feed ends or a stop is asked for.

    Stills are attempts by themselves. A camera fault ends the open attempt; a camera that gave frames is then waited
    for, and a recording that cannot be read raises.

    Args:
        feed: the source.
        gate: what judges it.
        is_stopping: asked before every frame.
        is_patient: wait also for a camera that has not given a frame yet.
        on_frame: called with every frame that was processed, before its step is yielded; it must not raise.
        after_frame: called when a frame is over and what it led to was acted on.
        every_turn: called before every wait for a frame, whether one comes or not; at most ``POLL_MS`` apart.

    Raises:
        CameraError: a recording or picture cannot be read at all.
        DeviceGoneError: the engines' device is gone.
        GateDefectError: a frame could not be judged for a defect of ours.
    """
    try:
        yield from _all_steps(
            feed,
            gate,
            is_stopping=is_stopping,
            is_patient=is_patient,
            on_frame=on_frame,
            after_frame=after_frame,
            every_turn=every_turn,
        )
    finally:
        gate.close()


def _all_steps(
    feed: Feed,
    gate: Gate,
    *,
    is_stopping: Callable[[], bool],
    is_patient: bool,
    on_frame: Callable[[Frame, Step], None] | None,
    after_frame: Callable[[], None] | None,
    every_turn: Callable[[], None],
) -> Iterator[Step]:
    was_open = is_over = False
    while not (is_over or is_stopping()):
        every_turn()
        try:
            frame = feed.next_frame(POLL_MS)
        except CameraError as error:
            yield _refused(feed, gate, error)
            yield from _defects(gate)
            if not _goes_on(feed, error, is_patient=is_patient or was_open):
                raise
            continue
        is_over = frame is Nothing.ENDED
        if isinstance(frame, Frame):
            was_open = True
            yield from _through(frame, feed, gate, on_frame)
            if after_frame is not None:
                after_frame()
        elif not is_over:
            yield from _telling(gate.collect())
            yield from _defects(gate)
    if not feed.source.is_stills:
        yield gate.finish(is_stopped=not is_over)
        yield from _defects(gate)


def _refused(feed: Feed, gate: Gate, error: CameraError) -> Step:
    """Deny for a camera's fault; every unreadable still is an attempt by itself."""
    hint = f"{error} ({error.hint})"
    if not feed.source.is_stills:
        return gate.fault(error.reason, hint)
    step = gate.refuse(Reason.FAULT_CAMERA, hint)
    gate.recovered(Reason.FAULT_CAMERA)
    return step


def _goes_on(feed: Feed, error: CameraError, *, is_patient: bool) -> bool:
    """Whether more may come: a camera may be back, and a folder has other pictures."""
    if isinstance(error, PictureError):
        return feed.source.kind is SourceKind.FOLDER
    return feed.source.is_device and is_patient


def _through(frame: Frame, feed: Feed, gate: Gate, on_frame: Callable[[Frame, Step], None] | None) -> Iterator[Step]:
    gate.recovered(Reason.FAULT_CAMERA, Reason.CAMERA_SWAPPED)
    try:
        step = gate.process(frame)
    except Exception as error:  # a defect of ours: it too must end denied, on record, before it ends the gate
        yield _ended_by(gate, error)
        raise _defect_of(error) from error
    if on_frame is not None:
        on_frame(frame, step)
    yield from _telling(step)
    yield from _defects(gate)
    if feed.source.is_stills:
        yield gate.finish()


def _telling(step: Step) -> Iterator[Step]:
    if step.verdicts or step.anomalies:
        yield step


def _defects(gate: Gate) -> Iterator[Step]:
    """End the gate if judging, on whatever thread, failed by a defect of ours, or for good."""
    error = gate.defect
    if error is not None:
        yield _ended_by(gate, error)
        raise _defect_of(error) from error


def _ended_by(gate: Gate, error: Exception) -> Step:
    if isinstance(error, EdgeError):
        return gate.fault(error.reason, f"{error} ({error.hint})")
    return gate.fault(Reason.FAULT_INTERNAL, f"{type(error).__name__} while a frame was judged")


def _defect_of(error: Exception) -> EdgeError:
    if isinstance(error, EdgeError):
        return error
    return GateDefectError(
        f"a frame could not be judged: {type(error).__name__}: {error}",
        hint="this is a defect of edge-gate: report it with the log; the door stays shut",
    )
