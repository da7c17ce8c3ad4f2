"""What embeddings of real faces look like to one model: is this embedding like any face's at all.

Three views of the same cloud: an ellipsoid, and, over embeddings whitened by it, an isolation forest and a one-class
machine; raw coordinates tell those two next to nothing. Their arrays are statistics of many people and never one
person's vector: a mean, a covariance, single coordinates as cuts, and weights over random features. Support vectors
and Nystroem components, which are people's templates, are not used for that reason.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.domain.isolation import IsolationForest
from edge.domain.row_scores import Scores, checked_rows, require_finite, row_scores

CHECKS = ("ellipsoid", "forest", "machine")


def inwardness(white: NDArray[np.float32]) -> Scores:
    """Return minus the length of whitened rows (n, d); float64 (n,), NaN for rows that are not finite."""
    return row_scores(white, white.shape[1], lambda rows: -np.linalg.norm(rows.astype(np.float64), axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ellipsoid:
    """Mean and covariance of the cloud; the covariance shrunk (Ledoit and Wolf, J. Multivariate Analysis 88, 2004).

    Attributes:
        mean: float32 (d,).
        whitening: float32 (d, d), W with W W' the inverse covariance over d.
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]

    def __post_init__(self) -> None:
        require_finite("mean", self.mean, (-1,))
        require_finite("whitening", self.whitening, (self.mean.size, self.mean.size))

    def whiten(self, vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the vectors without what faces have in common: float32 (n, d), an ordinary face about 1 long.

        Rows that are not finite stay so.

        Raises:
            ValueError: the vectors are not rows of d numbers.
        """
        rows = checked_rows(vectors, self.mean.size)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray((rows - self.mean) @ self.whitening, np.float32)

    def score(self, vectors: NDArray[np.floating]) -> Scores:
        """Return minus the Mahalanobis distance over sqrt(d): about -1 for an ordinary face, lower for a strange one.

        Returns:
            float64 (n,), NaN for rows that are not finite.

        Raises:
            ValueError: the vectors are not rows of d numbers.
        """
        return inwardness(self.whiten(vectors))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneClassMachine:
    """A one-class support vector machine in its primal form, over random Fourier features of the Gaussian kernel.

    Schoelkopf et al., Neural Computation 13(7), 2001; Rahimi and Recht, "Random Features for Large-Scale Kernel
    Machines", NIPS 2007. The frequencies are random numbers and the weights one sum over everybody.

    Attributes:
        frequencies: float32 (d, features), drawn from a normal distribution of variance 2 gamma.
        phases: float32 (features,), drawn from 0..2 pi.
        weights: float32 (features,).
    """

    frequencies: NDArray[np.float32]
    phases: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        require_finite("frequencies", self.frequencies, (-1, -1))
        count = self.frequencies.shape[1]
        require_finite("phases", self.phases, (count,))
        require_finite("weights", self.weights, (count,))

    def score(self, vectors: NDArray[np.floating]) -> Scores:
        """Return the machine's sum before its offset, higher = more normal; float64 (n,), NaN for bad rows.

        Raises:
            ValueError: the vectors are not rows of d numbers.
        """
        return row_scores(vectors, self.frequencies.shape[0], self._score)

    def _score(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        waves = np.cos(rows @ self.frequencies + self.phases) * np.float32(math.sqrt(2 / self.phases.size))
        scores: NDArray[np.float64] = waves.astype(np.float64) @ self.weights.astype(np.float64)
        return scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """The baseline of one model's embeddings.

    Attributes:
        model_id: whose embeddings.
        ellipsoid: mean and covariance.
        forest: isolation forest of whitened embeddings.
        machine: one-class machine of whitened embeddings.
        thresholds: least score, by the names in ``CHECKS``.
    """

    model_id: str
    ellipsoid: Ellipsoid
    forest: IsolationForest
    machine: OneClassMachine
    thresholds: Mapping[str, float]

    def __post_init__(self) -> None:
        widths = {self.ellipsoid.mean.size, self.forest.width, self.machine.frequencies.shape[0]}
        if len(widths) != 1:
            raise ValueError("the parts of a baseline must be of one width")
        if set(self.thresholds) != set(CHECKS) or not all(map(math.isfinite, self.thresholds.values())):
            raise ValueError(f"a baseline needs a finite threshold each for {', '.join(CHECKS)}")

    def scores(self, vectors: NDArray[np.floating]) -> dict[str, Scores]:
        """Return the scores of every check, by the names in ``CHECKS``; each float64 (n,), NaN for bad rows.

        Higher is more normal.

        Raises:
            ValueError: the vectors are not rows of the model's width.
        """
        white = self.ellipsoid.whiten(vectors)
        return {
            "ellipsoid": inwardness(white),
            "forest": self.forest.score(white),
            "machine": self.machine.score(white),
        }

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return every array by a name of its own, all float32, for :meth:`from_arrays`."""
        return {
            "mean": self.ellipsoid.mean,
            "whitening": self.ellipsoid.whitening,
            **{f"forest_{name}": values for name, values in self.forest.arrays().items()},
            "frequencies": self.machine.frequencies,
            "phases": self.machine.phases,
            "weights": self.machine.weights,
        }

    @classmethod
    def from_arrays(
        cls, model_id: str, arrays: Mapping[str, NDArray[np.float32]], thresholds: Mapping[str, float]
    ) -> Self:
        """Return the baseline of :meth:`arrays`.

        Raises:
            ValueError: an array or threshold is missing, of a wrong shape or not finite.
        """
        missing = {"mean", "whitening", "frequencies", "phases", "weights"} - arrays.keys()
        if missing:
            raise ValueError(f"the baseline lacks {', '.join(sorted(missing))}")
        of_forest = {name.removeprefix("forest_"): values for name, values in arrays.items() if "forest_" in name}
        return cls(
            model_id=model_id,
            ellipsoid=Ellipsoid(mean=arrays["mean"], whitening=arrays["whitening"]),
            forest=IsolationForest.from_arrays(arrays["mean"].size, of_forest),
            machine=OneClassMachine(
                frequencies=arrays["frequencies"], phases=arrays["phases"], weights=arrays["weights"]
            ),
            thresholds=dict(thresholds),
        )
