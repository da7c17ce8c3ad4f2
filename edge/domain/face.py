"""A detected face and how good its picture is."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.reasons import QualityIssue


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle in frame pixels; may reach beyond the frame."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x, self.y, self.width, self.height))):
            raise ValueError("a box must be finite")
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"a box must have an area, got {self.width} x {self.height}")

    @property
    def center(self) -> tuple[float, float]:
        """Center (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    def iou(self, other: "Box") -> float:
        """Return intersection over union with ``other``, 0..1."""
        dx = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        dy = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if dx <= 0 or dy <= 0:
            return 0.0
        shared = dx * dy
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face in one frame.

    Attributes:
        frame_seq: the frame it was found in.
        box: detector box, frame pixels.
        landmarks: float32 (5, 2), frame pixels, in YuNet's order: right eye, left eye, nose tip,
            right mouth corner, left mouth corner (the subject's right, so the viewer's left).
        score: detector confidence, 0..1.
    """

    frame_seq: int
    box: Box
    landmarks: NDArray[np.float32]
    score: float

    def __post_init__(self) -> None:
        if self.landmarks.shape != (5, 2) or not np.isfinite(self.landmarks).all():
            raise ValueError("landmarks must be five finite points")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the quality gate measured of a face.

    Attributes:
        width_px: face box width.
        sharpness: variance of the Laplacian of the aligned gray crop over that crop's own variance (higher =
            sharper).
        brightness: mean gray level of the aligned crop, 0..255.
        yaw_ratio: signed offset of the nose tip between the eyes, 0 = frontal, about 1 = profile.
        issues: what is wrong; empty = good enough to be judged.
    """

    width_px: float
    sharpness: float
    brightness: float
    yaw_ratio: float
    issues: tuple[QualityIssue, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the face may be judged."""
        return not self.issues
