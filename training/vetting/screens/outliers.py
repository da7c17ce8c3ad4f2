"""Statistics of a person's own pictures, by published detectors. They see what does not belong, not why.

On faces they add little to a frozen verifier's word, and some of them are known to be near chance elsewhere; each is
here with its own limit, so that what it finds, and what it costs, can be read off one by one.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.metrics import silhouette_score
from sklearn.neighbors import LocalOutlierFactor

from training.vetting.likeness import Case
from training.vetting.look import LookTable, Rows
from training.vetting.screen import Suspicions

LEAST_PICTURES = 8
"""Of one person; with fewer the statistics say nothing."""

_SEED = 0  # of the forest: a run can be repeated


class FactorScreen:
    """Local outlier factor (Breunig and others, SIGMOD 2000) among a person's pictures.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"lof-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: the factor; about 1 for an inlier."""

        def factors(rows: Rows) -> NDArray[np.float64]:
            count = min(10, len(rows) - 1)
            fitted = LocalOutlierFactor(n_neighbors=count, metric="cosine").fit(rows)
            return -np.asarray(fitted.negative_outlier_factor_, np.float64)

        return _by_person(case.table, self._model, factors, "local outlier factor")


class ForestScreen:
    """Isolation forest (Liu and others, ICDM 2008) among a person's pictures.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"forest-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: 0..1, higher is easier to isolate."""

        def scores(rows: Rows) -> NDArray[np.float64]:
            fitted = IsolationForest(n_estimators=50, random_state=_SEED).fit(rows)
            return -np.asarray(fitted.score_samples(rows), np.float64)

        return _by_person(case.table, self._model, scores, "isolation")


class CovarianceScreen:
    """Mahalanobis distance from a person's mean, with a shrunk covariance (Ledoit and Wolf 2004).

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"covariance-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: squared distance, as a multiple of the person's median one."""

        def distances(rows: Rows) -> NDArray[np.float64]:
            squared: NDArray[np.float64] = np.asarray(LedoitWolf().fit(rows).mahalanobis(rows), np.float64)
            return squared / max(float(np.median(squared)), 1e-12)

        return _by_person(case.table, self._model, distances, "Mahalanobis distance")


class SpectralScreen:
    """Spectral signature (Tran, Li and Madry, NeurIPS 2018): weight on the first singular direction of a person.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"spectral-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: squared projection, as a multiple of the person's mean one."""

        def weights(rows: Rows) -> NDArray[np.float64]:
            centered = (rows - rows.mean(axis=0)).astype(np.float64)
            direction = np.linalg.svd(centered, full_matrices=False)[2][0]
            squared = (centered @ direction) ** 2
            return np.asarray(squared / max(float(squared.mean()), 1e-12), np.float64)

        return _by_person(case.table, self._model, weights, "spectral weight")


class ClusterScreen:
    """Activation clustering (Chen and others, 2018): the smaller of two clusters that stand far apart.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"clusters-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: silhouette of the two clusters for pictures of the smaller one; 0 for the larger."""

        def silhouettes(rows: Rows) -> NDArray[np.float64]:
            sides = KMeans(n_clusters=2, n_init=4, random_state=_SEED).fit_predict(rows)
            sizes = np.bincount(sides, minlength=2)
            if sizes.min() == 0:
                return np.zeros(len(rows))
            apart = float(silhouette_score(rows, sides, metric="cosine"))
            return np.where(sides == int(sizes.argmin()), apart, 0.0).astype(np.float64)

        return _by_person(case.table, self._model, silhouettes, "silhouette of the smaller cluster")


def _by_person(table: LookTable, model: str, judge: Callable[[Rows], NDArray[np.float64]], what: str) -> Suspicions:
    scores = np.full(len(table), np.nan)
    plain = table.plain(model)
    for rows in table.people().values():
        if len(rows) >= LEAST_PICTURES:
            scores[rows] = judge(np.ascontiguousarray(plain[rows]))
    return Suspicions(scores, lambda row: f"{what} {scores[row]:.2f} among {table.shown[row].subject}'s pictures")
