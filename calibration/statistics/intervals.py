"""Exact intervals for counted rates."""

from typing import NamedTuple

from edge.domain.errors import ConfigError

LEVEL = 0.95
"""Confidence of an interval that names no other."""


class Interval(NamedTuple):
    """A two-sided confidence interval, of 95 % unless whoever made it was asked for another level."""

    low: float
    high: float


def require_exact_intervals() -> None:
    """Return if exact intervals can be had; to be asked before minutes of work that end in one.

    Raises:
        ConfigError: scipy is not installed.
    """
    try:
        import scipy.stats  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        raise ConfigError(
            "exact intervals need scipy, which is not installed",
            hint="install the extra: pip install 'edge-gate[calibration]'",
        ) from error


def clopper_pearson(successes: int, trials: int, *, level: float = LEVEL) -> Interval:
    """Return the exact interval of a binomial rate (Clopper and Pearson, Biometrika 26, 1934).

    Args:
        successes: how often it happened.
        trials: how often it could have.
        level: confidence, 0..1.

    Raises:
        ConfigError: scipy is not installed.
        ValueError: no trials, or more successes than trials.
    """
    require_exact_intervals()
    from scipy.stats import beta

    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} is not a rate")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    return Interval(low, high)
