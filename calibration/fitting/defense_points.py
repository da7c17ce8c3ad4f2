"""Thresholds of all defenses, sharing one budget of false rejection; the certificate has its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.attempts import Attempts
from calibration.statistics.joint_refusal import Measure
from edge.defenses.squeeze import SQUEEZERS
from edge.domain.baseline import CHECKS
from edge.domain.pixel_limits import PixelLimits
from edge.domain.profile import MatchPoint

CAP_QUANTILE = 0.99
"""Of genuine plain scores. A picture that is enrolled itself scores 1, and any view of it would seem to drop."""

BOUNDED_PIXELS = ("comb", "noise", "whiteness")
"""Pixel statistics that are bounded. Noise in color tells of attacks too, but also of cameras that do not halve the
color's resolution, of which the pictures that numbers are fitted on show none."""


DETECTOR = "detector"
"""The learned head's check, of a profile that has one."""


@dataclass(frozen=True, slots=True)
class DefensePoints:
    """Thresholds by name of check; see :func:`defense_measures`."""

    thresholds: Mapping[str, float]

    @property
    def random_score(self) -> float:
        """Least mean fused score over the random views."""
        return self.thresholds["random-score"]

    def random_drop(self, model: str) -> float:
        """Most drop of one model from the plain score to the lowest random view."""
        return max(0.0, self.thresholds[f"random-drop {model}"])

    def shift(self, model: str, squeezer: str) -> float:
        """Most shift of one model under one squeezer."""
        return self.thresholds[f"{squeezer} {model}"]

    @property
    def agreement(self) -> float:
        """Least cosine between mapped and real embedding."""
        return self.thresholds["agreement"]

    def baseline(self, model: str) -> dict[str, float]:
        """Least score of each check of one model's baseline."""
        return {check: self.thresholds[f"{check} {model}"] for check in CHECKS}

    @property
    def pixels(self) -> PixelLimits:
        """Bounds of the pixel statistics."""
        return PixelLimits(most={name: self.thresholds[f"pixel {name}"] for name in BOUNDED_PIXELS}, least={})


def plain_score_caps(attempts: Attempts) -> dict[str, float]:
    """Return, by model id, the score that counts as the most a plain picture can have."""
    return {model: float(np.quantile(scores, CAP_QUANTILE)) for model, scores in attempts.plain.items()}


def defense_measures(
    attempts: Attempts,
    point: MatchPoint,
    left_out: Mapping[str, NDArray[np.float64]],
    *,
    caps: Mapping[str, float] | None = None,
) -> dict[str, Measure]:
    """Return what every check measured of genuine attempts, by name of check.

    Args:
        attempts: genuine ones that match.
        point: the operating point, for fused scores.
        left_out: float64 (n,) by name of check, for those that learned from people: each attempt as judged by a fit
            that has not seen its person. All are floors.
        caps: most that a plain score counts as, by model id; None = as these attempts have it.
    """
    fused = np.sum([w * attempts.random[m] for m, w in point.weights.items()], axis=0)
    most = plain_score_caps(attempts) if caps is None else caps
    measures = {"random-score": Measure(fused.mean(axis=1), is_floor=True)}
    for model, plain in attempts.plain.items():
        drop = np.minimum(plain, most[model]) - attempts.random[model].min(axis=1)
        measures[f"random-drop {model}"] = Measure(drop, is_floor=False)
        for column, squeezer in enumerate(SQUEEZERS):
            measures[f"{squeezer} {model}"] = Measure(attempts.shifts[model][:, column], is_floor=False)
    measures |= {f"pixel {name}": Measure(attempts.pixels[name], is_floor=False) for name in BOUNDED_PIXELS}
    return measures | {check: Measure(values, is_floor=True) for check, values in left_out.items()}
