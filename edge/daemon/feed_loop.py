"""Frames of a feed through a gate, one after the other: what ``run``, ``watch`` and the demo have in common."""

from collections.abc import Callable, Iterator

from edge.capture.source import SourceKind
from edge.capture.supervisor import CameraFeed, Nothing
from edge.domain.errors import CameraError, EdgeError, PictureError
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step

POLL_MS = 200


class GateDefectError(EdgeError):
    """A defect of the gate itself. The attempt was denied and recorded; the gate must not go on."""


def steps(
    feed: CameraFeed,
    gate: Gate,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
    is_patient: bool = False,
    on_frame: Callable[[Frame, Step], None] | None = None,
) -> Iterator[Step]:
    """Yield every step that decided something, or tells of something, until the feed ends or a stop is asked for.

    Stills are attempts by themselves. A camera fault ends the open attempt; a camera that gave frames is then waited
    for, and a recording that cannot be read raises.

    Args:
        feed: the source.
        gate: what judges it.
        is_stopping: asked before every frame.
        is_patient: wait also for a camera that has not given a frame yet.
        on_frame: called with every frame that was processed.

    Raises:
        CameraError: a recording or picture cannot be read at all.
    """
    was_open = False
    while not is_stopping():
        try:
            frame = feed.next_frame(POLL_MS)
        except PictureError as error:
            if not feed.source.is_stills:
                raise
            yield gate.refuse(Reason.FAULT_CAMERA, f"{error} ({error.hint})")
            gate.recovered(Reason.FAULT_CAMERA)
            if feed.source.kind is not SourceKind.FOLDER:
                raise
            continue
        except CameraError as error:
            yield gate.fault(Reason.FAULT_CAMERA, f"{error} ({error.hint})")
            if not feed.source.is_device or not (is_patient or was_open):
                raise
            continue
        was_open = was_open or isinstance(frame, Frame)
        if frame is Nothing.ENDED:
            break
        if isinstance(frame, Frame):
            yield from _through(frame, feed, gate, on_frame)
    if not feed.source.is_stills:
        yield gate.finish()


def _through(
    frame: Frame, feed: CameraFeed, gate: Gate, on_frame: Callable[[Frame, Step], None] | None
) -> Iterator[Step]:
    gate.recovered(Reason.FAULT_CAMERA)
    try:
        step = gate.process(frame)
    except Exception as error:  # a defect of ours: it too must end denied, on record, before it ends the gate
        yield gate.fault(Reason.FAULT_INTERNAL, f"{type(error).__name__} while a frame was judged")
        raise GateDefectError(
            f"a frame could not be judged: {type(error).__name__}: {error}",
            hint="this is a defect of edge-gate: report it with the log; the door stays shut",
        ) from error
    if step.verdicts or step.anomalies:
        yield step
    if on_frame is not None:
        on_frame(frame, step)
    if feed.source.is_stills:
        yield gate.finish()
