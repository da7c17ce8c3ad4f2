"""Fits the linear map between two models' embeddings, and its threshold on people that the map has not seen."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

PENALTIES = (0.1, 1.0, 10.0, 100.0)
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class AgreementFit:
    """A ridge map and how well it held on people left out.

    Attributes:
        weights: float32 (d_source + 1, d_target), last row the intercept.
        penalty: the ridge penalty chosen.
        held_out: float64 (n,), cosine of mapped and real embedding, each from a fit without that person.
        folds: float32 (folds, d_source + 1, d_target), the maps without the people of each fold.
    """

    weights: Vectors
    penalty: float
    held_out: NDArray[np.float64]
    folds: Vectors

    def left_out_cosines(self, source: Vectors, target: Vectors, people: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the cosine of other pictures of the same people, each under the map that has not seen the person.

        Args:
            source: float32 (n, d_source) unit rows.
            target: float32 (n, d_target) unit rows.
            people: int64 (n,), numbered as for the fit.
        """
        cosines = np.empty(len(source))
        for fold, weights in enumerate(self.folds):
            own = people % FOLDS == fold
            cosines[own] = mapped_cosines(weights, source[own], target[own])
        return cosines


def fit_agreement(source: Vectors, target: Vectors, people: NDArray[np.int64]) -> AgreementFit:
    """Fit ``target`` from ``source`` (ridge regression), choosing the penalty by the mean held-out cosine."""
    tried = [_tried(source, target, people, penalty) for penalty in PENALTIES]
    return max(tried, key=lambda fit: float(fit.held_out.mean()))


def mapped_cosines(weights: Vectors, source: Vectors, target: Vectors) -> NDArray[np.float64]:
    """Return the cosine of each mapped source row with its target row; float64 (n,)."""
    mapped = source.astype(np.float64) @ weights[:-1].astype(np.float64) + weights[-1]
    cosines: NDArray[np.float64] = np.sum(mapped * target, axis=1) / np.linalg.norm(mapped, axis=1)
    return cosines


def _tried(source: Vectors, target: Vectors, people: NDArray[np.int64], penalty: float) -> AgreementFit:
    outside = [people % FOLDS != fold for fold in range(FOLDS)]
    folds = np.stack([_ridge(source[out], target[out], penalty) for out in outside])
    fit = AgreementFit(_ridge(source, target, penalty), penalty, np.zeros(0), folds)
    return replace(fit, held_out=fit.left_out_cosines(source, target, people))


def _ridge(source: Vectors, target: Vectors, penalty: float) -> Vectors:
    x, y = source.astype(np.float64), target.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    slope = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return np.vstack([slope, y_mean - x_mean @ slope]).astype(np.float32)
