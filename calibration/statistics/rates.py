"""A counted rate with its exact interval; a rate of nothing has neither."""

from dataclasses import dataclass

from calibration.statistics.intervals import Interval, clopper_pearson


@dataclass(frozen=True, slots=True)
class Rate:
    """So many hits of so many trials.

    Attributes:
        hits: how often it happened.
        trials: how often it could have.
    """

    hits: int
    trials: int

    @property
    def value(self) -> float | None:
        """The share of trials; None without trials: what was never tried has no rate."""
        return self.hits / self.trials if self.trials else None

    @property
    def ci95(self) -> Interval | None:
        """The exact interval. After no hit at all its upper end is what the trials can exclude.

        Raises:
            ConfigError: scipy is not installed.
        """
        return clopper_pearson(self.hits, self.trials) if self.trials else None

    def __str__(self) -> str:
        if self.value is None or self.ci95 is None:
            return "not measured: 0 trials"
        low, high = self.ci95
        return f"{self.hits} of {self.trials} = {self.value:.3%} [{low:.3%}, {high:.3%}]"
