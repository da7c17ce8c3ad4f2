"""Fits the linear map between two models' embeddings, and its threshold on people that the map has not seen."""

from dataclasses import dataclass

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
    """

    weights: Vectors
    penalty: float
    held_out: NDArray[np.float64]


def fit_agreement(source: Vectors, target: Vectors, people: NDArray[np.int64]) -> AgreementFit:
    """Fit ``target`` from ``source`` (ridge regression), choosing the penalty by the mean held-out cosine."""
    held = {penalty: _held_out(source, target, people, penalty) for penalty in PENALTIES}
    penalty = max(held, key=lambda p: float(held[p].mean()))
    return AgreementFit(_ridge(source, target, penalty), penalty, held[penalty])


def mapped_cosines(weights: Vectors, source: Vectors, target: Vectors) -> NDArray[np.float64]:
    """Return the cosine of each mapped source row with its target row; float64 (n,)."""
    mapped = source.astype(np.float64) @ weights[:-1].astype(np.float64) + weights[-1]
    cosines: NDArray[np.float64] = np.sum(mapped * target, axis=1) / np.linalg.norm(mapped, axis=1)
    return cosines


def _held_out(source: Vectors, target: Vectors, people: NDArray[np.int64], penalty: float) -> NDArray[np.float64]:
    cosines = np.empty(len(source))
    for fold in range(FOLDS):
        out = people % FOLDS == fold
        weights = _ridge(source[~out], target[~out], penalty)
        cosines[out] = mapped_cosines(weights, source[out], target[out])
    return cosines


def _ridge(source: Vectors, target: Vectors, penalty: float) -> Vectors:
    x, y = source.astype(np.float64), target.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    slope = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return np.vstack([slope, y_mean - x_mean @ slope]).astype(np.float32)
