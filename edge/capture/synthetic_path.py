"""Where the synthetic person is at a moment, as pure functions of the motion and the time."""

import math
import random
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from edge.capture.synthetic_motion import SceneMode, SyntheticMotion


class _Channel(Enum):
    X = auto()
    Y = auto()
    SCALE = auto()
    ROLL = auto()
    YAW = auto()
    PITCH = auto()
    BLUR = auto()
    LIGHT_0 = auto()
    LIGHT_1 = auto()
    LIGHT_2 = auto()
    LIGHT_3 = auto()
    STIR_0 = auto()
    STIR_1 = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What the scene looks like at one time.

    Attributes:
        corners: float32 (4, 2): the portrait's corners in the frame (top left, top right, bottom right, bottom left);
            None when nobody is in view.
        light: float64 (2, 2): gain at the frame's corners, about 1.
        blur_px: standard deviation of the lens blur.
        stir: how far the face has stirred, in two ways, about -1..1.
    """

    corners: NDArray[np.float32] | None
    light: NDArray[np.float64]
    blur_px: float
    stir: tuple[float, float] = (0.0, 0.0)


class MotionPath:
    """Smooth pseudo-random paths: each channel is a sum of three slow sines with seeded frequency and phase."""

    def __init__(self, motion: SyntheticMotion, portrait_size: tuple[int, int]) -> None:
        """Keep the motion; ``portrait_size`` is the (width, height) that the portrait has in the frame at rest."""
        self._motion = motion
        self._portrait_size = portrait_size
        rng = random.Random(motion.seed)  # noqa: S311 - a repeatable scene, not a secret
        self._waves = {
            channel: [(rng.uniform(0.08, 0.5), rng.uniform(0, 2 * math.pi)) for _ in range(3)] for channel in _Channel
        }

    def at(self, time_s: float) -> Moment:
        """Return the scene at ``time_s`` seconds from its start."""
        light = [[self._wave(_Channel.LIGHT_0, time_s), self._wave(_Channel.LIGHT_1, time_s)]]
        light.append([self._wave(_Channel.LIGHT_2, time_s), self._wave(_Channel.LIGHT_3, time_s)])
        visit, presence = self.presence(time_s)
        return Moment(
            corners=None if presence <= 0 else self._corners(time_s, visit, presence),
            light=1 + 0.12 * np.asarray(light),
            blur_px=0.55 + 0.25 * self._wave(_Channel.BLUR, time_s),
            stir=(self._stir(_Channel.STIR_0, time_s), self._stir(_Channel.STIR_1, time_s)),
        )

    def presence(self, time_s: float) -> tuple[int, float]:
        """Return (number of the visit, how far the person has come into view: 0 = out, 1 = fully in)."""
        motion = self._motion
        if motion.mode is SceneMode.FROZEN:
            return 0, 1.0
        if motion.mode is not SceneMode.VISIT:
            return 0, 0.0
        stay = motion.stay_s or math.inf
        cycle = motion.gap_s + motion.enter_s + stay + motion.leave_s
        visit = 0 if math.isinf(cycle) else int(time_s // cycle)
        since = time_s - (0.0 if visit == 0 else visit * cycle) - motion.gap_s
        if since < 0:
            return visit, 0.0
        if since < motion.enter_s:
            return visit, _ease(since / motion.enter_s)
        since -= motion.enter_s
        if since < stay:
            return visit, 1.0
        return visit, _ease(1 - (since - stay) / motion.leave_s) if motion.leave_s else 0.0

    def _corners(self, time_s: float, visit: int, presence: float) -> NDArray[np.float32]:
        strength = self._motion.motion
        frame_width, frame_height = self._motion.size
        scale = 1 + 0.07 * strength * self._wave(_Channel.SCALE, time_s)
        half_width, half_height = (side * scale / 2 for side in self._portrait_size)
        yaw = 0.05 * strength * self._wave(_Channel.YAW, time_s)
        pitch = 0.04 * strength * self._wave(_Channel.PITCH, time_s)
        roll = math.radians(4) * strength * self._wave(_Channel.ROLL, time_s)
        unit = np.asarray([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
        # A turned head: the far edge is shorter, and so is the tilted one.
        x = unit[:, 0] * (1 + pitch * unit[:, 1]) * half_width * (1 - abs(yaw))
        y = unit[:, 1] * (1 + yaw * unit[:, 0]) * half_height * (1 - abs(pitch))
        cos, sin = math.cos(roll), math.sin(roll)
        side = 1 if visit % 2 else -1
        away = side * (1 - presence) * (frame_width / 2 + half_width * 1.2)
        center_x = frame_width / 2 + away + 0.06 * frame_width * strength * self._wave(_Channel.X, time_s)
        center_y = frame_height / 2 + 0.03 * frame_height * strength * self._wave(_Channel.Y, time_s)
        return np.stack([center_x + cos * x - sin * y, center_y + sin * x + cos * y], axis=1).astype(np.float32)

    def _stir(self, channel: _Channel, time_s: float) -> float:
        """Return how far a face has stirred: faces do so faster than people walk."""
        return self._motion.life * self._wave(channel, 2 * time_s)

    def _wave(self, channel: _Channel, time_s: float) -> float:
        waves = self._waves[channel]
        return sum(math.sin(2 * math.pi * hertz * time_s + phase) for hertz, phase in waves) / len(waves)


def _ease(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)
