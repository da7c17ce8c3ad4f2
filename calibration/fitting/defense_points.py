"""Thresholds of all defenses that look at embeddings, sharing one budget of false rejection."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.agreement import AgreementFit
from calibration.fitting.attempts import Attempts
from calibration.statistics.joint_refusal import Measure
from edge.defenses.squeeze import SQUEEZERS
from edge.domain.profile import MatchPoint

CAP_QUANTILE = 0.99
"""Of genuine plain scores. A picture that is enrolled itself scores 1, and any view of it would seem to drop."""


@dataclass(frozen=True, slots=True)
class EmbeddingPoints:
    """Thresholds by name of check; see :func:`embedding_measures`."""

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


def plain_score_caps(attempts: Attempts) -> dict[str, float]:
    """Return, by model id, the score that counts as the most a plain picture can have."""
    return {model: float(np.quantile(scores, CAP_QUANTILE)) for model, scores in attempts.plain.items()}


def embedding_measures(
    attempts: Attempts, point: MatchPoint, agreement: AgreementFit, source: str, target: str
) -> dict[str, Measure]:
    """Return what randomize, squeeze and agree measured of genuine attempts, by name of check.

    Args:
        attempts: genuine ones that match.
        point: the operating point, for fused scores.
        agreement: the map; each attempt is judged by the one that has not seen its person.
        source: model id that the map starts from.
        target: model id that it predicts.
    """
    cosines = agreement.left_out_cosines(attempts.vectors[source], attempts.vectors[target], attempts.owners)
    return measures_of(attempts, point, plain_score_caps(attempts), cosines)


def measures_of(
    attempts: Attempts, point: MatchPoint, caps: Mapping[str, float], cosines: NDArray[np.float64]
) -> dict[str, Measure]:
    """Return the same where caps and cosines are known.

    Args:
        attempts: genuine ones that match.
        point: the operating point, for fused scores.
        caps: most that a plain score counts where drops from it are measured, by model id.
        cosines: float64 (n,), of mapped and real embedding.
    """
    fused = np.sum([w * attempts.random[m] for m, w in point.weights.items()], axis=0)
    measures = {"random-score": Measure(fused.mean(axis=1), is_floor=True)}
    for model, plain in attempts.plain.items():
        drop = np.minimum(plain, caps[model]) - attempts.random[model].min(axis=1)
        measures[f"random-drop {model}"] = Measure(drop, is_floor=False)
        for column, squeezer in enumerate(SQUEEZERS):
            measures[f"{squeezer} {model}"] = Measure(attempts.shifts[model][:, column], is_floor=False)
    measures["agreement"] = Measure(cosines, is_floor=True)
    return measures
