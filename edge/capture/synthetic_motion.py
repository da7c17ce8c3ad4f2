"""What the synthetic camera shows: how long a visit lasts, how the portrait moves, how noisy the sensor is."""

import math
from dataclasses import dataclass
from enum import StrEnum

from edge.capture.options import Parsers, parse_options, size_px
from edge.domain.errors import UsageError


class SceneMode(StrEnum):
    """What happens before the camera."""

    VISIT = "visit"
    """A person comes, stays, leaves; again and again."""

    EMPTY = "empty"
    """Nobody ever comes."""

    DARK = "dark"
    """The lens is covered: near black, with the sensor's noise."""

    FROZEN = "frozen"
    """The feed repeats one frame byte by byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMotion:
    """Everything that the pictures depend on besides the portrait: the same values give the same bytes.

    Attributes:
        mode: what happens.
        seed: seeds every pseudo-random path and the noise.
        size: (width, height) of a frame, pixels.
        fps: frames a second.
        frames: how many frames before the end; 0 = endless.
        gap_s: empty scene before a visit, seconds.
        enter_s: coming into view, seconds; 0 = there at once.
        stay_s: standing before the camera, seconds; 0 = for ever.
        leave_s: going out of view, seconds.
        freeze_s: in mode ``frozen``, the moment whose frame is repeated from then on, seconds.
        scale: portrait height as a share of the frame's.
        motion: strength of movement and perspective; 1 = a person who fidgets, 0 = still.
        life: strength of what no flat picture does, a face that stirs; 1 = a person, 0 = a picture of one.
        noise: standard deviation of the sensor noise, gray levels.
    """

    mode: SceneMode = SceneMode.VISIT
    seed: int = 0
    size: tuple[int, int] = (640, 480)
    fps: int = 30
    frames: int = 0
    gap_s: float = 0.4
    enter_s: float = 0.6
    stay_s: float = 4.0
    leave_s: float = 0.6
    freeze_s: float = 0.0
    scale: float = 0.9
    motion: float = 1.0
    life: float = 1.0
    noise: float = 2.5

    def __post_init__(self) -> None:
        width, height = self.size
        if not (64 <= width <= 3840 and 64 <= height <= 2160):
            raise ValueError("the synthetic camera makes frames of 64 x 64 to 3840 x 2160 pixels")
        _within("seed", self.seed, 0, 2**32 - 1)
        _within("fps", self.fps, 1, 240)
        _within("frames", self.frames, 0, 10**9)
        for name in ("gap_s", "enter_s", "stay_s", "leave_s", "freeze_s"):
            _within(name, getattr(self, name), 0, 3600)
        _within("scale", self.scale, 0.2, 2.0)
        _within("motion", self.motion, 0, 3)
        _within("life", self.life, 0, 3)
        _within("noise", self.noise, 0.5, 30)


_PARSERS: Parsers = {
    "mode": SceneMode,
    "seed": int,
    "size": size_px,
    "fps": int,
    "frames": int,
    "gap_s": float,
    "enter_s": float,
    "stay_s": float,
    "leave_s": float,
    "freeze_s": float,
    "scale": float,
    "motion": float,
    "life": float,
    "noise": float,
}


def parse_motion(text: str) -> SyntheticMotion:
    """Return the motion that the options behind a synthetic source's ``?`` ask for.

    Raises:
        UsageError: unknown or wrong.
    """
    values = parse_options(text, _PARSERS, what="the synthetic camera")
    try:
        return SyntheticMotion(**values)
    except ValueError as error:
        raise UsageError(f"the synthetic camera cannot do that: {error}", hint="change that option") from error


def _within(name: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"{name} must lie within {least}..{most}, got {value}")
