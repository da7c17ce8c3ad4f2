"""The head's sum, and what is no head."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge.domain.detector_head import DetectorHead
from tests.support.detector_heads import a_head


def test_the_score_is_the_weighted_sum_of_standardized_numbers() -> None:
    head = DetectorHead(
        features=("one", "two"),
        center=np.array([1.0, 0.0]),
        scale=np.array([2.0, 1.0]),
        weights=np.array([3.0, -1.0]),
        bias=0.5,
        threshold=0.0,
    )
    found = head.scores({"two": np.array([4.0, 0.0]), "one": np.array([3.0, 1.0]), "more": np.array([9.0, 9.0])})
    np.testing.assert_allclose(found, [3 - 4 + 0.5, 0.5])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_gives_none_even_without_weight(bad: float) -> None:
    head = replace(a_head(("one", "two")), weights=np.array([1.0, 0.0]))
    found = head.scores({"one": np.array([1.0, 1.0]), "two": np.array([bad, 1.0])})
    assert math.isnan(found[0])
    assert math.isfinite(found[1])


def test_a_feature_that_is_missing_is_no_zero() -> None:
    with pytest.raises(KeyError):
        a_head(("one", "two")).scores({"one": np.array([1.0])})


@pytest.mark.parametrize(
    "changed",
    [
        {"features": ()},
        {"features": ("one", "one")},
        {"features": ("one", "")},
        {"center": np.zeros(3)},
        {"center": np.array([0.0, math.nan])},
        {"weights": np.array([0.0, math.inf])},
        {"weights": np.zeros(2, np.float32)},
        {"scale": np.array([1.0, 0.0])},
        {"scale": np.array([1.0, -1.0])},
        {"bias": math.nan},
        {"threshold": math.inf},
    ],
)
def test_what_is_no_head_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"head|finite|scale"):
        replace(a_head(("one", "two")), **changed)
