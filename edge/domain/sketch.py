"""A day's numbers in three: how many, their mean, their spread. Nobody's face can be told from them."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What a statistic usually is.

    Attributes:
        mean: of single attempts.
        deviation: standard deviation of single attempts, more than 0.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.deviation) and self.deviation > 0):
            raise ValueError("a spread needs a finite mean and a deviation above 0")


@dataclass(frozen=True, slots=True)
class Sketch:
    """Count, mean and sum of squared deviations (Welford, Technometrics 4(3), 1962).

    Attributes:
        count: how many numbers.
        mean: their mean.
        squares: the sum of their squared deviations from it.
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def __post_init__(self) -> None:
        if self.count < 0 or not (math.isfinite(self.mean) and math.isfinite(self.squares) and self.squares >= 0):
            raise ValueError("a sketch needs a count and finite sums")

    def with_value(self, value: float) -> "Sketch":
        """Return the sketch with one more number; the same where it is not finite or far beyond any statistic."""
        if not (math.isfinite(value) and abs(value) < 1e9):
            return self
        count = self.count + 1
        mean = self.mean + (value - self.mean) / count
        return Sketch(count, mean, self.squares + (value - self.mean) * (value - mean))

    @property
    def variance(self) -> float:
        """Of the numbers, without bias; 0 while there are fewer than two."""
        return self.squares / (self.count - 1) if self.count > 1 else 0.0
