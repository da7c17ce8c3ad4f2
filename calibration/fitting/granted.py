"""What genuine attempts that match measure, by the names of ``edge.pipeline.measures``: the profile's usual day."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.attempts import Attempts
from calibration.fitting.material import Material
from edge.domain.profile import MatchPoint, QualityLimits
from edge.domain.sketch import Spread
from edge.vision.quality import measure


def usual_of(
    attempts: Attempts,
    material: Material,
    point: MatchPoint,
    ellipsoids: Mapping[str, NDArray[np.float64]],
    limits: QualityLimits,
) -> dict[str, Spread]:
    """Return mean and deviation of every statistic of the day.

    Args:
        attempts: genuine ones that match.
        material: the pictures they show.
        point: for fused scores.
        ellipsoids: float64 (n,) scores of the attempts by a baseline that has not seen their person, by model id.
        limits: of the quality gate; what it measures does not depend on them.
    """
    pictures = [*material.plain.pictures, *material.seen.pictures]
    shown = [measure(pictures[row].frame, pictures[row].face, limits) for row in attempts.rows]
    measured = {
        "fused": np.sum([w * attempts.plain[m] for m, w in point.weights.items()], axis=0),
        **{f"ellipsoid-{model}": scores for model, scores in ellipsoids.items()},
        "sharpness": np.array([q.sharpness for q in shown]),
        "brightness": np.array([q.brightness for q in shown]),
    }
    return {name: Spread(mean=float(np.mean(v)), deviation=float(np.std(v))) for name, v in measured.items()}
