"""Shares one budget of false rejection among many checks, counted jointly: who fails two is refused once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HALVINGS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """What one check measured of every genuine attempt.

    Attributes:
        values: float64 (n,).
        is_floor: True = a value below the threshold fails; False = a value above it.
    """

    values: NDArray[np.float64]
    is_floor: bool

    def threshold(self, share: float) -> float:
        """Return the threshold that fails at most ``share`` of the values."""
        ordered = np.sort(self.values if self.is_floor else -self.values)
        chosen = float(ordered[int(share * len(ordered))])
        return chosen if self.is_floor else -chosen

    def fails(self, threshold: float) -> NDArray[np.bool_]:
        """Return which values fail; bool (n,). NaN fails."""
        return ~(self.values >= threshold) if self.is_floor else ~(self.values <= threshold)


@dataclass(frozen=True, slots=True)
class Shares:
    """Thresholds of all checks.

    Attributes:
        thresholds: by check.
        each: share of attempts that each check alone may refuse.
        together: share that all of them refuse, counted jointly.
    """

    thresholds: Mapping[str, float]
    each: float
    together: float


def share_out(measures: Mapping[str, Measure], budget: float) -> Shares:
    """Return thresholds at which each check refuses the same share, and all together at most ``budget``.

    Raises:
        ValueError: there is nothing to share, or the checks measured different attempts.
    """
    counts = {len(measure.values) for measure in measures.values()}
    if len(counts) != 1 or counts == {0}:
        raise ValueError(f"every check must have measured the same attempts, at least one; got {sorted(counts)}")
    low, high = 0.0, budget
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if refused(measures, _thresholds(measures, middle)).mean() <= budget:
            low = middle
        else:
            high = middle
    thresholds = _thresholds(measures, low)
    return Shares(thresholds, low, float(refused(measures, thresholds).mean()))


def refused(measures: Mapping[str, Measure], thresholds: Mapping[str, float]) -> NDArray[np.bool_]:
    """Return which attempts fail any check; bool (n,)."""
    failed: NDArray[np.bool_] = np.any([m.fails(thresholds[check]) for check, m in measures.items()], axis=0)
    return failed


def _thresholds(measures: Mapping[str, Measure], share: float) -> dict[str, float]:
    return {check: measure.threshold(share) for check, measure in measures.items()}
