"""The pictures of a benchmark: a recording decoded into memory, so that no one's time includes decoding."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from edge.capture.source import Source, SourceKind, parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.domain.clock import SystemClock
from edge.domain.errors import CameraError, UsageError
from edge.domain.frame import Frame
from edge.vision.color import BgrConverter

MOST_BYTES = 512 * 2**20
SYNTHETIC_FRAMES = 90

_PORTRAIT = Path(__file__).parent / "demo" / "portraits" / "astronaut.jpg"
_POLL_MS = 1_000
_FRAME_NS = 33_333_333


@dataclass(frozen=True, slots=True)
class Clip:
    """BGR frames in memory, all of one size.

    Attributes:
        name: what it shows.
        frames: at least one, as a 30 Hz camera would time them.
    """

    name: str
    frames: tuple[Frame, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.frames[0].width_px, self.frames[0].height_px

    def repeated(self, times: int) -> Iterator[Frame]:
        """Give the frames over and over, numbered and timed as one uninterrupted recording."""
        for seq in range(times * len(self.frames)):
            yield replace(self.frames[seq % len(self.frames)], seq=seq, captured_ns=seq * _FRAME_NS)


def synthetic_source() -> Source:
    """Return a portrait before the synthetic camera, 640 x 480, there from the first frame to the last."""
    return parse_source(f"synthetic:{_PORTRAIT}?gap_s=0&enter_s=0&stay_s=0&frames={SYNTHETIC_FRAMES}")


def video_source(file: str) -> Source:
    """Return a video file as a source.

    Raises:
        UsageError: it is something else.
        CameraError: it is not there.
    """
    source = parse_source(file)
    if source.kind is not SourceKind.VIDEO:
        raise UsageError(f"{source.redacted} is no video file", hint="give --video a recording, or use --synthetic")
    return source


def read_clip(source: Source) -> Clip:
    """Decode a recording, all of it or the first 512 MiB of pixels.

    Raises:
        CameraError: it cannot be read, has no picture, or changes size.
    """
    frames: list[Frame] = []
    converter = BgrConverter()
    with CameraFeed(source, pace=Pace.FAST, clock=SystemClock()) as feed:
        while (frame := feed.next_frame(_POLL_MS)) is not Nothing.ENDED:
            if not isinstance(frame, Frame):
                continue
            bgr = converter.convert(frame)
            frames.append(replace(bgr, pixels=bgr.pixels.copy()))
            if len(frames) * bgr.pixels.nbytes >= MOST_BYTES:
                break
    if not frames:
        raise CameraError(f"{source.redacted} holds no picture", hint="try another recording")
    if len({frame.pixels.shape for frame in frames}) > 1:
        raise CameraError(f"{source.redacted} changes its size", hint="try a recording of one size")
    return Clip(source.redacted, tuple(frames))
