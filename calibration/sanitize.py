"""Fits the bounds of pixel statistics on genuine faces, photographed and as a door camera sees them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from calibration.faces import FacePicture
from edge.defenses.pixels.base import face_patch
from edge.defenses.pixels.traces import STATISTICS, pixel_statistics
from edge.domain.pixel_limits import PixelLimits

BOUNDED_BELOW = ("whiteness",)  # less fine noise than coarse is a face that was smoothed or enlarged


def statistics_of(pictures: Iterable[FacePicture]) -> tuple[dict[str, float], ...]:
    """Return the statistics of every picture whose face can be measured; the others are left out."""
    found = []
    for picture in pictures:
        try:
            found.append(pixel_statistics(face_patch(picture.frame.pixels, picture.face)))
        except ValueError:
            continue
    return tuple(found)


def fit_pixel_limits(statistics: Sequence[Mapping[str, float]], *, share: float) -> PixelLimits:
    """Return bounds each of which refuses at most about ``share`` of the pictures.

    Args:
        statistics: of genuine pictures, by name, octaves.
        share: for each bound by itself, 0..1.

    Raises:
        ValueError: no pictures, a statistic missing or not finite, or a share that is none.
    """
    if not statistics or not 0 < share < 0.5:
        raise ValueError("bounds need pictures and a share between 0 and a half")
    if any(name not in each for each in statistics for name in STATISTICS):
        raise ValueError(f"every picture needs {', '.join(STATISTICS)}")
    values = {name: np.array([each[name] for each in statistics]) for name in STATISTICS}
    if not all(np.isfinite(column).all() for column in values.values()):
        raise ValueError("a statistic is not a number")
    return PixelLimits(
        most={name: float(np.quantile(values[name], 1 - share)) for name in STATISTICS},
        least={name: float(np.quantile(values[name], share)) for name in BOUNDED_BELOW},
    )
