"""Bounds of what a face's pixels may look like, from the calibration profile."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLimits:
    """Bounds of pixel statistics, by the statistic's name; a statistic may have one bound, or both.

    Attributes:
        most: greatest value of a statistic, octaves.
        least: least value of a statistic, octaves.
    """

    most: Mapping[str, float]
    least: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.most and not self.least:
            raise ValueError("pixel limits must bound something")
        if not all(map(math.isfinite, (*self.most.values(), *self.least.values()))):
            raise ValueError("pixel limits must be finite")
        crossed = [name for name in self.most.keys() & self.least.keys() if self.least[name] > self.most[name]]
        if crossed:
            raise ValueError(f"least lies above most for {', '.join(sorted(crossed))}")
