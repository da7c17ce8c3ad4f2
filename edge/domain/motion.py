"""What the pixels of one face did over time, and the bounds that tell a replay by it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceChange:
    """How far one frame's face is from being an earlier picture of the same face, seen along a plane.

    Attributes:
        captured_ns: when the frame was captured, monotonic.
        change: 1 - correlation of both pictures' texture, 0..2, after the homography that makes them most alike: what
            no movement of a flat picture explains. NaN = it could not be measured in this frame.
    """

    captured_ns: int
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLimits:
    """When a face counts as more than a flat picture; from the calibration profile.

    Attributes:
        least_change: a face that changes less, wherever and however it moves, is a picture of one.
        most_change: beyond it something else is seen, such as a hand before the face, and it is no evidence of life.
    """

    least_change: float
    most_change: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.least_change) and 0 < self.least_change < self.most_change <= 2):
            raise ValueError("replay limits must be 0 < least_change < most_change <= 2")
