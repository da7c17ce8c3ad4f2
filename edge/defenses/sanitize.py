"""Sanitize: pixels that no camera gave, by statistics that manipulation leaves in them.

It looks at the middle of the face as it is in the frame, and never changes it. Each statistic is an old one of
picture forensics; see edge/defenses/pixels/traces.py. Whoever knows them keeps to what cameras deliver, at the
price of noise that survives compression and halved color; see docs/defenses.
"""

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.defenses.base import Check, error_finding, finding_of
from edge.defenses.pixels.base import face_patch
from edge.defenses.pixels.traces import FAMILIES, pixel_statistics
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.pixel_limits import PixelLimits


class Sanitize:
    """No statistic of the face's pixels may lie outside what genuine pictures show (``PixelDefense``).

    Args:
        limits: bounds by statistic; None = there are none, and every finding is an ERROR.
    """

    name = "sanitize"

    def __init__(self, limits: PixelLimits | None) -> None:
        self._limits = limits

    def judge_pixels(self, pixels: NDArray[np.uint8], face: Face) -> Finding:
        """Compare every bounded statistic of the face's patch with its bounds.

        The finding's detail names the tightest, and then what every family of statistics measured, bounded or not.
        """
        if self._limits is None:
            return error_finding(self.name, "the profile has no bounds of pixels")
        try:
            values = pixel_statistics(face_patch(pixels, face))
            checks = [Check(name, values[name], most, is_floor=False) for name, most in self._limits.most.items()]
            checks += [Check(name, values[name], least, is_floor=True) for name, least in self._limits.least.items()]
        except (ValueError, KeyError, cv2.error) as error:
            return error_finding(self.name, f"not measured: {error}")
        finding = finding_of(self.name, checks)
        return replace(
            finding, detail=f"{finding.detail}; {_families(values)}", measured=tuple(sorted(values.items()))
        )


def _families(values: Mapping[str, float]) -> str:
    """Return every statistic by family, octaves, on one line."""
    return ", ".join(
        f"{family} {' '.join(f'{name} {values[name]:.2f}' for name in names)}" for family, names in FAMILIES.items()
    )
