"""Rates of people's comparisons with honest intervals: never narrower than the pictures or the people allow.

The bootstrap over identities knows that one person's pictures are alike, but sees nothing where nothing happened: its
interval of no event is a point. The exact binomial interval knows that, but takes every comparison for a fresh one.
The interval here is the hull of both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.bootstrap import Draws, pair_rate_interval, rate_interval
from calibration.statistics.intervals import LEVEL, Interval, clopper_pearson

People = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counted:
    """A rate, what it rests on and its interval.

    Attributes:
        hits: how often it happened.
        trials: how often it could have.
        interval: of the rate; None without trials.
    """

    hits: int
    trials: int
    interval: Interval | None

    @property
    def rate(self) -> float | None:
        """The share of trials; None without trials."""
        return self.hits / self.trials if self.trials else None

    @property
    def ends(self) -> list[float] | None:
        """The interval as JSON has it."""
        return None if self.interval is None else list(self.interval)

    def __str__(self) -> str:
        if self.rate is None or self.interval is None:
            return "not measured"
        low, high = self.interval
        if not self.hits:
            return f"none seen: at most {high:.4g}"
        return f"{self.rate:.4g} [{low:.4g}, {high:.4g}]"


def counted_by_person(events: People, trials: People, draws: Draws, *, level: float = LEVEL) -> Counted:
    """Return a rate that is counted person by person.

    Args:
        events: int64 (people,), how often it happened to each.
        trials: int64 (people,), how often it could have.
        draws: of the people.
        level: confidence, 0..1.

    Raises:
        ConfigError: scipy is not installed.
    """
    hits, could = int(events.sum()), int(trials.sum())
    interval = rate_interval(events, trials, draws, level=level) if could else None
    return Counted(hits, could, _hull(interval, hits, could, level))


def counted_by_pair(
    accepted: NDArray[np.bool_],
    owners: People,
    draws: Draws,
    *,
    enrolled: NDArray[np.bool_] | None = None,
    level: float = LEVEL,
) -> Counted:
    """Return the rate at which probes are taken for somebody else.

    Args:
        accepted: bool (n, people), whether each probe is taken for each person; one's own person does not count.
        owners: int64 (n,), whose probe each is.
        draws: of the people.
        enrolled: bool (people,), who has a template; None = everybody.
        level: confidence, 0..1.

    Raises:
        ConfigError: scipy is not installed.
    """
    people = accepted.shape[1]
    has_template = np.ones(people, np.bool_) if enrolled is None else enrolled
    wrong = accepted & has_template
    wrong[np.arange(len(owners)), owners] = False
    rows, columns = np.nonzero(wrong)
    trials = np.bincount(owners, minlength=people)
    could = int(len(owners) * has_template.sum() - has_template[owners].sum())
    first, second = owners[rows], columns.astype(np.int64)
    interval = pair_rate_interval(first, second, trials, draws, enrolled=has_template, level=level) if could else None
    return Counted(len(rows), could, _hull(interval, len(rows), could, level))


def _hull(bootstrapped: Interval | None, hits: int, trials: int, level: float) -> Interval | None:
    if bootstrapped is None:
        return None
    exact = clopper_pearson(hits, trials, level=level)
    return Interval(
        float(np.nanmin([bootstrapped.low, exact.low])), float(np.nanmax([bootstrapped.high, exact.high]))
    )
