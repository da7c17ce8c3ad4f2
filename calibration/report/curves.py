"""ROC, DET and histograms of split B as numbers; the operating point lies on the curve of the fused score.

The curve of the fused score moves the fused threshold while the profile's floors stay, as the gate decides: a
comparison under a floor is refused at every threshold. Terms: ISO/IEC 19795-1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.score_set import ScoreSet
from edge.domain.profile import MatchPoint

FUSED = "fused"
_POINTS = 60
_BINS = 60
_LEAST_HITS = 1  # below one comparison of all there is no rate

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Genuine and impostor scores of one way to score, as flat rows.

    Attributes:
        genuine: float64 (n,); -inf = refused at every threshold.
        impostor: float64 (m,).
    """

    genuine: Scores
    impostor: Scores

    def rates_at(self, threshold: float) -> tuple[float, float]:
        """Return (FAR, TAR) where scores from ``threshold`` on pass."""
        return float(np.mean(self.impostor >= threshold)), float(np.mean(self.genuine >= threshold))


@dataclass(frozen=True, slots=True)
class Curve:
    """TAR over FAR.

    Attributes:
        name: whose scores.
        genuine: how many comparisons TAR rests on.
        impostors: how many FAR rests on.
        points: (FAR, TAR), ascending.
        marked: (FAR, TAR) at the profile's own threshold.
    """

    name: str
    genuine: int
    impostors: int
    points: tuple[tuple[float, float], ...]
    marked: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of scores by bins of equal width.

    Attributes:
        name: whose scores.
        edges: of the bins, one more than bins.
        genuine: share of genuine scores in each.
        impostor: share of impostor scores in each.
        threshold: the profile's own.
    """

    name: str
    edges: tuple[float, ...]
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]
    threshold: float


def scored(scores: ScoreSet, point: MatchPoint) -> dict[str, Scored]:
    """Return flat scores by model id, and of both fused behind the point's floors as ``FUSED``."""
    has_genuine = scores.has_genuine
    flat = {
        model: Scored(scores.genuine[model][has_genuine], rows[np.isfinite(rows)].astype(np.float64))
        for model, rows in scores.impostor.items()
    }
    return {**flat, FUSED: _fused(flat, point)}


def curve_of(name: str, found: Scored, threshold: float) -> Curve:
    """Return a curve at rates from one impostor comparison of all up to all of them, evenly spaced by logarithm."""
    ordered = np.sort(found.impostor)[::-1]
    own = np.sort(found.genuine)
    ranks = np.unique(np.geomspace(_LEAST_HITS, len(ordered), _POINTS).astype(int))
    thresholds = ordered[ranks - 1]
    # Equal scores pass together, so the rate is counted at the score and not read off the rank.
    fars = np.searchsorted(-ordered, -thresholds, side="right") / len(ordered)
    tars = 1 - np.searchsorted(own, thresholds, side="left") / len(own)
    is_reached = np.isfinite(thresholds)
    points = dict(zip(fars[is_reached].tolist(), tars[is_reached].tolist(), strict=True))
    return Curve(name, len(own), len(ordered), tuple(points.items()), found.rates_at(threshold))


def histogram_of(name: str, found: Scored, threshold: float) -> Histogram:
    """Return the shares of scores by bins over the range of both kinds; refused ones are in no bin."""
    genuine, impostor = found.genuine[np.isfinite(found.genuine)], found.impostor[np.isfinite(found.impostor)]
    both = np.concatenate([genuine, impostor])
    edges = np.linspace(both.min(), both.max(), _BINS + 1) if len(both) else np.linspace(-1, 1, _BINS + 1)
    return Histogram(
        name,
        tuple(edges.tolist()),
        tuple((np.histogram(genuine, edges)[0] / len(found.genuine)).tolist()),
        tuple((np.histogram(impostor, edges)[0] / len(found.impostor)).tolist()),
        threshold,
    )


def thresholds_of(point: MatchPoint) -> dict[str, float]:
    """Return what is marked on each curve: the floors, and the fused threshold."""
    return {**point.floors, FUSED: point.threshold}


def _fused(flat: Mapping[str, Scored], point: MatchPoint) -> Scored:
    both = []
    for kind in ("genuine", "impostor"):
        rows: dict[str, Scores] = {m: getattr(found, kind) for m, found in flat.items()}
        fused = np.sum([w * rows[m] for m, w in point.weights.items()], axis=0)
        over = np.all([rows[m] >= floor for m, floor in point.floors.items()], axis=0)
        both.append(np.where(over, fused, -np.inf))
    return Scored(*both)
