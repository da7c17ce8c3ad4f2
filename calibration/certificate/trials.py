"""Pictures and visits of people against candidates, counted; the people are what intervals are about."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.bootstrap import Draws, rate_interval
from calibration.statistics.intervals import Interval, clopper_pearson

VISIT = 3
NEEDED = 2
_SCALE = 1_000_000


class Rate(NamedTuple):
    """A share and its 95 % interval."""

    value: float
    ci95: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """What happened when people came.

    Attributes:
        passed: bool (candidates, k).
        compared: bool (candidates, k); False where somebody would meet themselves, or nothing was measured.
        owners: int64 (k,), who came.
    """

    passed: NDArray[np.bool_]
    compared: NDArray[np.bool_]
    owners: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many comparisons with one candidate there were."""
        return int(self.compared.sum())

    def visits(self) -> "Trials":
        """Return visits of three pictures each, passed by two; the rest of a person's pictures is left out."""
        chosen = []
        for person in np.unique(self.owners).tolist():
            own = np.flatnonzero(self.owners == person)
            chosen += [own[start : start + VISIT] for start in range(0, len(own) - VISIT + 1, VISIT)]
        rows = np.array(chosen, np.int64).reshape(-1, VISIT)
        return Trials(
            (self.passed & self.compared)[:, rows].sum(axis=2) >= NEEDED,
            self.compared[:, rows].sum(axis=2) >= NEEDED,
            self.owners[rows[:, 0]],
        )

    def rate(self, gallery: int = 1) -> Rate:
        """Return the share that passes for anybody of a gallery drawn from the candidates, in expectation.

        The interval is a bootstrap over the people who came; where nobody or everybody passed, the exact one with the
        people as trials. Of no trials both are NaN.
        """
        candidates = self.compared.sum(axis=0)
        some = candidates > 0
        if not some.any():
            return Rate(float("nan"), Interval(float("nan"), float("nan")))
        hits = (self.passed & self.compared).sum(axis=0)[some]
        candidates, owners = candidates[some], self.owners[some]
        rates = _reached(hits, candidates, gallery)
        weights = candidates.astype(np.float64) if gallery == 1 else np.ones(len(candidates))
        return Rate(float(np.average(rates, weights=weights)), _interval(rates, weights, owners))


def _reached(hits: NDArray[np.int64], candidates: NDArray[np.int64], gallery: int) -> NDArray[np.float64]:
    """Return the probability that ``gallery`` candidates, drawn without replacement, hold one of the hits; (k,)."""
    missed = np.ones(len(hits))
    for drawn in range(gallery):
        left = np.maximum(candidates - drawn, 1)
        missed *= np.where(drawn < candidates, np.maximum(candidates - hits - drawn, 0) / left, 1.0)
    return 1 - missed


def _interval(rates: NDArray[np.float64], weights: NDArray[np.float64], owners: NDArray[np.int64]) -> Interval:
    people, index = np.unique(owners, return_inverse=True)
    if rates.max() == 0 or rates.min() == 1:
        return clopper_pearson(len(people) if rates.min() == 1 else 0, len(people))
    events = np.bincount(index, rates * weights * _SCALE).round().astype(np.int64)
    trials = np.bincount(index, weights * _SCALE).round().astype(np.int64)
    return rate_interval(events, trials, Draws.of(len(people)))
