"""Fits the bounds of pixel statistics on genuine faces, photographed and as a door camera sees them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from calibration.pictures.faces import FacePicture
from edge.defenses.pixels.base import face_patch
from edge.defenses.pixels.traces import STATISTICS, pixel_statistics
from edge.domain.pixel_limits import PixelLimits


def statistics_of(pictures: Iterable[FacePicture]) -> tuple[dict[str, float], ...]:
    """Return the statistics of every picture whose face can be measured; the others are left out."""
    found = []
    for picture in pictures:
        try:
            found.append(pixel_statistics(face_patch(picture.frame.pixels, picture.face)))
        except ValueError:
            continue
    return tuple(found)


def fit_pixel_limits(
    statistics: Sequence[Mapping[str, float]],
    *,
    share: float,
    above: Collection[str] = STATISTICS,
    below: Collection[str] = (),
) -> PixelLimits:
    """Return bounds each of which refuses about ``share`` of the pictures.

    Every bound refuses people, whether or not it finds attacks: bound what pays for itself.

    Args:
        statistics: of genuine pictures, by name, octaves.
        share: for each bound by itself, 0..0.5.
        above: statistics that get a greatest value.
        below: statistics that get a least value.

    Raises:
        ValueError: no pictures, nothing to bound, a statistic missing or not finite, or a share that is none.
    """
    if not statistics or not 0 < share < 0.5:
        raise ValueError("bounds need pictures and a share between 0 and a half")
    names = sorted({*above, *below})
    if any(name not in each for each in statistics for name in names):
        raise ValueError(f"every picture needs {', '.join(names)}")
    values = {name: np.array([each[name] for each in statistics]) for name in names}
    if not all(np.isfinite(column).all() for column in values.values()):
        raise ValueError("a statistic is not a number")
    return PixelLimits(
        most={name: float(np.quantile(values[name], 1 - share)) for name in above},
        least={name: float(np.quantile(values[name], share)) for name in below},
    )
