"""Counted rates and medians, each with its exact interval; nothing is divided by nothing."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calibration.statistics.intervals import Interval, clopper_pearson


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many.

    Attributes:
        success: how many did.
        n: how many were tried; may be 0, and then there is no share.
    """

    success: int
    n: int

    @staticmethod
    def of(outcomes: Iterable[bool]) -> "Rate":
        """Count outcomes."""
        every = list(outcomes)
        return Rate(sum(every), len(every))

    @property
    def share(self) -> float | None:
        """0..1; None of nothing."""
        return self.success / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Exact 95 % interval (Clopper and Pearson); None of nothing.

        Raises:
            ConfigError: scipy is not installed.
        """
        return clopper_pearson(self.success, self.n) if self.n else None

    @property
    def words(self) -> str:
        """Count, percentage and interval, such as ``3/60: 5.0 % [1.0, 13.9]``."""
        if not self.n or (interval := self.interval) is None:
            return "n = 0"
        low, high = interval
        return f"{self.success}/{self.n}: {100 * self.success / self.n:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least a share of the values does not exceed; none is made up in between.

    Of an even number the lower middle is the median. Infinite values are values.

    Args:
        ordered: at least one value, ascending.
        share: above 0 up to 1.
    """
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


def median_interval(ordered: Sequence[float]) -> Interval | None:
    """Return an interval that holds the median with 95 % or more, from order statistics; None of fewer than six.

    The k-th smallest and k-th largest values, with k as large as the binomial distribution allows (David and
    Nagaraja, Order Statistics, 2003, section 7.1).

    Args:
        ordered: values, ascending.
    """
    n, tail, k = len(ordered), 0.0, 0
    while k < n:
        tail += math.comb(n, k) / 2**n
        if tail > 0.025:
            break
        k += 1
    return Interval(ordered[k - 1], ordered[n - k]) if k else None
