"""Statistics of a face's pixels that manipulation leaves and cameras rarely do, each in octaves (log2).

Octaves make them comparable: one more means twice as much. A small constant is added before the logarithm, so that
nothing at all is a number too.
"""

import math
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "histogram": ("comb",),
    "high frequency": ("noise", "whiteness", "residual"),
    "color": ("chroma",),
    "clipping": ("clipping",),
    "resampling": ("periodicity",),
}
"""What a statistic tells of, by the family's name."""

STATISTICS = ("comb", "noise", "whiteness", "chroma", "residual", "clipping", "periodicity")

_MAD_TO_SIGMA = 1 / 0.6745  # of a normal distribution
_LEAST_LEVEL = 1 / 16  # gray levels; far below what rounding to whole levels leaves
_ROUNDING = 0.75  # gray levels; a band of whole levels that is smooth but not flat shows 0.5 over 0.6745
_LEAST_SHARE = 2.0**-10
_PINCH_LEVELS = 8
_COMB_FROM = 32  # of 128 frequencies of the histogram: combs repeat every 8 levels or fewer
_PERIOD_FROM = 0.1  # cycles a pixel; below it is the face's own shape


def pixel_statistics(patch: NDArray[np.uint8]) -> dict[str, float]:
    """Return every statistic of a patch, by the names in ``STATISTICS``, octaves.

    Args:
        patch: uint8 BGR (h, w, 3), sides multiples of 4 and at least 32.

    Raises:
        ValueError: another shape or dtype, or every pixel is alike.
    """
    if patch.dtype != np.uint8 or patch.ndim != 3 or patch.shape[2] != 3:
        raise ValueError(f"expected uint8 (h, w, 3), got {patch.dtype} {patch.shape}")
    if min(patch.shape[:2]) < 32 or any(side % 4 for side in patch.shape[:2]):
        raise ValueError(f"a patch of {patch.shape[1]} x {patch.shape[0]} px cannot be measured")
    counts = level_counts(patch)
    if (counts > 0).sum() == len(counts):
        raise ValueError("every pixel is alike")
    planes = cv2.split(cv2.cvtColor(patch.astype(np.float32), cv2.COLOR_BGR2YCrCb))
    luma = np.asarray(planes[0], np.float32)
    fine, coarse = haar_bands(luma)
    colors = np.concatenate([haar_bands(np.asarray(plane, np.float32))[0].ravel() for plane in planes[1:]])
    return {
        "comb": _octaves(comb(counts), _LEAST_LEVEL),
        "noise": _octaves(noise_sigma(fine), _LEAST_LEVEL),
        "whiteness": whiteness(noise_sigma(fine), noise_sigma(coarse)),
        "chroma": _octaves(noise_sigma(colors), _LEAST_LEVEL),
        "residual": _octaves(residual(luma), _LEAST_LEVEL),
        "clipping": _octaves(clipped_share(counts), _LEAST_SHARE),
        "periodicity": max(_octaves(periodicity(luma), 0), _octaves(periodicity(luma.T), 0)),
    }


def level_counts(patch: NDArray[np.uint8]) -> Plane:
    """Return how many pixels of uint8 (h, w, 3) have each level, float32 (3, 256)."""
    return np.stack([cv2.calcHist([patch], [channel], None, [256], [0, 256]).ravel() for channel in range(3)])


def comb(counts: Plane) -> float:
    """Return how much the histogram of the worst channel jumps from level to level, over what counting alone gives.

    Gain and contrast leave gaps and spikes: high frequencies of the histogram (Stamm and Liu, IEEE TIFS 5(3), 2010),
    whose ends are faded out because clipping makes spikes there. 1 = as pixels drawn one by one from a smooth
    histogram.

    Args:
        counts: float32 (3, 256).
    """
    faded = counts * _FADE
    bands = np.abs(np.fft.rfft(faded, axis=1))[:, _COMB_FROM:]
    return float(np.sqrt(np.mean(bands**2, axis=1) / np.maximum(faded.sum(axis=1), 1.0)).max())


def clipped_share(counts: Plane) -> float:
    """Return the share of pixels at 0 or 255, in the worst channel of (3, 256)."""
    return float(((counts[:, 0] + counts[:, -1]) / counts.sum(axis=1)).max())


def haar_bands(plane: Plane) -> tuple[Plane, Plane]:
    """Return the diagonal bands of the first and second level of an orthonormal Haar transform of (h, w)."""
    fine, rest = _haar(plane)
    return fine, _haar(rest)[0]


def noise_sigma(band: Plane) -> float:
    """Return the noise in a diagonal band, gray levels: the median magnitude over 0.6745.

    Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3), 1994: edges are few
    there, so that the median sees noise alone.
    """
    return float(np.median(np.abs(band))) * _MAD_TO_SIGMA


def whiteness(fine: float, coarse: float) -> float:
    """Return fine over coarse noise, octaves. What rounding to whole levels alone leaves counts as no fine noise.

    A soft picture of a webcam has nothing else, and its coarse noise is as little: the ratio would call it white.
    """
    beyond = fine if fine > _ROUNDING else 0.0
    return _octaves(beyond, _LEAST_LEVEL) - _octaves(coarse, _LEAST_LEVEL)


def residual(luma: Plane) -> float:
    """Return the standard deviation of what a 3 x 3 median takes away, gray levels."""
    return float(np.std(luma - cv2.medianBlur(luma, 3)))


def periodicity(plane: Plane) -> float:
    """Return the highest peak over the median of the spectrum of row-wise second differences, (h, w).

    Interpolation repeats its weights with a period, and the size of second differences with it (Gallagher, CRV 2005;
    Popescu and Farid, IEEE TSP 53(2), 2005).
    """
    second = np.abs(2 * plane[:, 1:-1] - plane[:, :-2] - plane[:, 2:]).mean(axis=0)
    spectrum = np.abs(np.fft.rfft((second - second.mean()) * np.hanning(second.size)))
    spectrum = spectrum[math.ceil(_PERIOD_FROM * second.size) :]
    return float(spectrum.max() / max(float(np.median(spectrum)), 1e-6))


def _haar(plane: Plane) -> tuple[Plane, Plane]:
    """Return diagonal and low band of one level."""
    upper, lower = plane[::2], plane[1::2]
    across, down = upper[:, ::2] - upper[:, 1::2], lower[:, ::2] - lower[:, 1::2]
    low = upper[:, ::2] + upper[:, 1::2] + lower[:, ::2] + lower[:, 1::2]
    diagonal: Plane = np.multiply(across - down, 0.5, dtype=np.float32)
    return diagonal, np.multiply(low, 0.5, dtype=np.float32)


def _octaves(value: float, least: float) -> float:
    return math.log2(value + least)


def _fade() -> NDArray[np.float32]:
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_PINCH_LEVELS) + 0.5) / _PINCH_LEVELS)
    return np.concatenate([ramp, np.ones(256 - 2 * _PINCH_LEVELS), ramp[::-1]]).astype(np.float32)


_FADE = _fade()
