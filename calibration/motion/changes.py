"""How much of a face no flat picture explains, over the frames of a recording or a presentation."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.domain.clock import SystemClock
from edge.domain.frame import Frame
from edge.domain.motion import FaceChange
from edge.pipeline.eye import Eye
from edge.pipeline.motion import LEAST_GAP_NS
from edge.vision.detect import FaceDetector
from edge.vision.motion.plane import PlaneFollower

_NS = 1_000_000_000


def changes_of(frames: Iterable[Frame], detector: FaceDetector, *, most: float) -> tuple[FaceChange, ...]:
    """Return the changes of the nearest face's longest track, as a gate would measure them with every effort.

    Args:
        frames: oldest first.
        detector: finds faces.
        most: change from which a frame shows something else.

    Raises:
        EdgeError: the detector failed.
    """
    eye = Eye(detector)
    tracks: dict[int, tuple[PlaneFollower, list[FaceChange]]] = {}
    for frame in frames:
        sight = eye.look(frame)
        if sight.face is None or sight.nearest is None:
            continue
        follower, found = tracks.setdefault(sight.nearest, (PlaneFollower(enough=0.0, lost=most), []))
        if found and frame.captured_ns - found[-1].captured_ns < LEAST_GAP_NS:
            continue
        change = follower.change(sight.frame.pixels, sight.face.landmarks)
        found.append(FaceChange(captured_ns=frame.captured_ns, change=change))
    return max((tuple(found) for _, found in tracks.values()), key=len, default=())


def frames_of(pictures: Iterable[NDArray[np.uint8]], rate_hz: float) -> Iterator[Frame]:
    """Yield pictures as a camera of so many frames a second gives them."""
    for seq, pixels in enumerate(pictures):
        yield Frame(
            camera_id="presentation",
            seq=seq,
            captured_ns=round(seq * _NS / rate_hz),
            captured_utc=dt.datetime.fromtimestamp(seq / rate_hz, dt.UTC),
            pixels=pixels,
        )


def recorded_frames(file: Path) -> Iterator[Frame]:
    """Yield a recording's frames, timed by the recording.

    Raises:
        CameraError: it cannot be read.
    """
    with CameraFeed(parse_source(str(file)), pace=Pace.FAST, clock=SystemClock()) as feed:
        while (frame := feed.next_frame(1_000)) is not Nothing.ENDED:
            if isinstance(frame, Frame):
                yield frame
