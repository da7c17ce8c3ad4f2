"""Days of granted attempts: what is usual is silent, and what moved is named without a number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.sketch import Sketch, Spread
from edge.policy.drift import FIRST_DAYS, LEAST_ATTEMPTS, LEAST_DAYS, drifted

USUAL = {"fused": Spread(mean=0.7, deviation=0.1)}


def day(mean: float, seed: int, count: int = 40, deviation: float = 0.1) -> dict[str, Sketch]:
    sketch = Sketch()
    for value in np.random.default_rng(seed).normal(mean, deviation, count):
        sketch = sketch.with_value(float(value))
    return {"fused": sketch}


def test_a_day_like_the_profile_says_nothing() -> None:
    assert drifted(day(0.72, 1), USUAL, []) == {}


def test_a_day_where_hardly_any_attempt_lay_is_off_the_profile() -> None:
    assert drifted(day(0.3, 1), USUAL, []) == {"fused": "the profile"}


def test_few_attempts_say_nothing() -> None:
    assert drifted(day(0.3, 1, count=LEAST_ATTEMPTS - 1), USUAL, []) == {}


def test_a_site_that_differs_from_the_profile_a_little_is_measured_by_itself() -> None:
    first = [day(0.85, seed) for seed in range(FIRST_DAYS)]
    assert drifted(day(0.85, 99), USUAL, first) == {}
    assert drifted(day(0.70, 99), USUAL, first) == {"fused": "the first days"}
    assert drifted(day(0.70, 99), USUAL, first[: LEAST_DAYS - 1]) == {}


def test_ordinary_days_are_told_of_less_than_once_in_hundreds() -> None:
    rng = np.random.default_rng(3)
    first = [day(0.85 + rng.normal(0, 0.02), seed) for seed in range(FIRST_DAYS)]
    told = sum(bool(drifted(day(0.85 + rng.normal(0, 0.02), 100 + i), USUAL, first)) for i in range(365))
    assert told <= 2


def test_without_anything_to_compare_with_nothing_is_told() -> None:
    assert drifted(day(0.3, 1), {}, []) == {}


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50))
def test_a_sketch_has_mean_and_variance_of_its_numbers(values: list[float]) -> None:
    sketch = Sketch()
    for value in values:
        sketch = sketch.with_value(value)
    assert sketch.count == len(values)
    assert sketch.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert sketch.variance == pytest.approx(np.var(values, ddof=1) if len(values) > 1 else 0.0, abs=1e-3, rel=1e-6)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_what_is_no_measurement_leaves_a_sketch_as_it_is(value: float) -> None:
    assert Sketch().with_value(1.0).with_value(value) == Sketch(1, 1.0, 0.0)
