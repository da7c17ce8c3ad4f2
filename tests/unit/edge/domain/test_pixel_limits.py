"""Bounds of pixel statistics: what contradicts itself, bounds nothing or is no number is refused."""

import math

import pytest

from edge.domain.pixel_limits import PixelLimits


@pytest.mark.parametrize(
    ("most", "least", "why"),
    [
        ({}, {}, "bound something"),
        ({"a": math.nan}, {}, "finite"),
        ({}, {"a": math.inf}, "finite"),
        ({"a": 1.0}, {"a": 2.0}, "above most for a"),
    ],
)
def test_limits_that_mean_nothing_are_refused(most: dict[str, float], least: dict[str, float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PixelLimits(most=most, least=least)


def test_one_bound_or_both() -> None:
    limits = PixelLimits(most={"a": 2.0, "b": 1.0}, least={"a": 2.0})
    assert limits.least["a"] == limits.most["a"]
