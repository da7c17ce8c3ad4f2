import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.statistics.intervals import clopper_pearson
from redteam.report.rates import Rate, median_interval, quantile


def test_a_rate_counts() -> None:
    rate = Rate.of([True, False, False, True])
    assert (rate.success, rate.n, rate.share) == (2, 4, 0.5)
    assert rate.interval == clopper_pearson(2, 4)


def test_nothing_of_nothing_is_no_rate() -> None:
    rate = Rate.of([])
    assert (rate.share, rate.interval, rate.words) == (None, None, "n = 0")


def test_words_never_lack_n() -> None:
    assert Rate(3, 60).words == "3/60: 5.0 % [1.0, 13.9]"
    assert Rate(0, 300).words == "0/300: 0.0 % [0.0, 1.2]"


@pytest.mark.parametrize(("share", "value"), [(0.25, 1), (0.5, 2), (0.75, 3), (1.0, 4)])
def test_quantiles_are_values(share: float, value: float) -> None:
    assert quantile([1, 2, 3, 4], share) == value


def test_the_median_of_what_none_reached_is_infinite() -> None:
    assert quantile([1, math.inf, math.inf], 0.5) == math.inf


def test_the_medians_interval_is_the_sign_tests() -> None:
    # n = 10: the second smallest and second largest value hold the median with 97.9 %
    assert median_interval(range(1, 11)) == (2, 9)
    assert median_interval([1, 2, 3, 4, 5]) is None
    assert median_interval([]) is None
    assert median_interval(range(6)) == (0, 5)


@given(st.lists(st.floats(0, 16), min_size=6, max_size=200))
def test_the_interval_holds_the_median(values: list[float]) -> None:
    interval = median_interval(sorted(values))
    assert interval is not None
    assert interval.low <= quantile(sorted(values), 0.5) <= interval.high
