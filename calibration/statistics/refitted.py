"""The rate of a threshold that was fitted on some people, counted on others: an interval that knows both are samples.

A threshold fitted on few impostors is itself uncertain. Each draw of the bootstrap over identities deals both groups
anew, fits the threshold on the first and counts it on the second (Bolle, Ratha and Pankanti, CVIU 93, 2004, applied
to both samples). The interval is never narrower than that of the second group alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.bootstrap import Draws
from calibration.statistics.counted import Counted, counted_by_pair
from calibration.statistics.intervals import Interval

Scores = NDArray[np.float64]

_LEAST_TAIL = 400  # impostors that are kept to fit a threshold again, or twice as many as pass


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """Every impostor score of a group of people.

    Attributes:
        scores: float64 (n, people), each probe against everybody's template; -inf = no comparison, or refused by
            another rule already.
        owners: int64 (n,), whose probe each is.
        comparisons: how many comparisons there are.
    """

    scores: Scores
    owners: NDArray[np.int64]
    comparisons: int

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.scores.shape[1])

    def above(self, threshold: float) -> "_Tail":
        """Return the scores at or above a threshold, the highest first."""
        rows, columns = np.nonzero(self.scores >= threshold)
        values = self.scores[rows, columns]
        order = np.argsort(-values)
        trials = np.bincount(self.owners, minlength=self.people)
        return _Tail(values[order], self.owners[rows][order], columns[order].astype(np.int64), trials)


@dataclass(frozen=True, slots=True, eq=False)
class _Tail:
    values: Scores
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    trials: NDArray[np.int64]

    def passed(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many impostors of a draw pass at each value; int64 (k,), ascending."""
        total: NDArray[np.int64] = np.cumsum(counts[self.first] * counts[self.second])
        return total

    def comparisons(self, counts: NDArray[np.int64]) -> int:
        """Return how many comparisons a draw has."""
        probes = counts * self.trials
        return int(probes.sum() * counts.sum() - (probes * counts).sum())


def refitted_rate(
    fitted: Impostors, counted: Impostors, threshold: float, far: float, draws: tuple[Draws, Draws], level: float
) -> Counted:
    """Return the rate of ``threshold``, fitted for ``far`` on one group, among the impostors of another.

    Args:
        fitted: the group that the threshold was fitted on.
        counted: the other group.
        threshold: what was fitted.
        far: rate that it was fitted for.
        draws: of the people of either group, as many of each.
        level: confidence, 0..1.

    Raises:
        ConfigError: scipy is not installed.
    """
    alone = counted_by_pair(counted.scores >= threshold, counted.owners, draws[1], level=level)
    if alone.interval is None:
        return alone
    thresholds = _thresholds(fitted, far, draws[0])
    tail = counted.above(min(threshold, float(thresholds.min())))
    rates = []
    for counts, value in zip(draws[1].counts, thresholds, strict=True):
        could = tail.comparisons(counts)
        place = int(np.searchsorted(-tail.values, -value, side="right"))
        rates.append(float(tail.passed(counts)[place - 1]) / could if could and place else 0.0)
    low, high = np.quantile(rates, ((1 - level) / 2, (1 + level) / 2))
    interval = Interval(min(float(low), alone.interval.low), max(float(high), alone.interval.high))
    return Counted(alone.hits, alone.trials, interval)


def _thresholds(fitted: Impostors, far: float, draws: Draws) -> Scores:
    """Return the threshold that each draw would have been given; float64 (repeats,)."""
    finite = fitted.scores[np.isfinite(fitted.scores)]
    kept = min(len(finite), max(_LEAST_TAIL, int(2 * far * fitted.comparisons)))
    if not kept:
        return np.full(len(draws.counts), np.inf)
    tail = fitted.above(float(np.partition(finite, len(finite) - kept)[len(finite) - kept]))
    found = []
    for counts in draws.counts:
        place = int(np.searchsorted(tail.passed(counts), tail.comparisons(counts) * far, side="right"))
        found.append(float(tail.values[min(place, len(tail.values) - 1)]))
    return np.array(found)
