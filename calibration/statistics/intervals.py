"""Exact intervals for counted rates."""

from typing import NamedTuple

from edge.domain.errors import ConfigError


class Interval(NamedTuple):
    """A two-sided 95 % confidence interval."""

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


def clopper_pearson(successes: int, trials: int) -> Interval:
    """Return the exact 95 % interval of a binomial rate (Clopper and Pearson, Biometrika 26, 1934).

    Raises:
        ConfigError: scipy is not installed.
        ValueError: no trials, or more successes than trials.
    """
    require_exact_intervals()
    from scipy.stats import beta

    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} is not a rate")
    low = 0.0 if successes == 0 else float(beta.ppf(0.025, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(0.975, successes + 1, trials - successes))
    return Interval(low, high)
