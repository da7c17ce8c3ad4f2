"""A fitted threshold's rate on other people: the interval covers, and is no narrower than one that trusts the fit."""

import numpy as np
import pytest

from calibration.statistics.bootstrap import Draws
from calibration.statistics.counted import counted_by_pair
from calibration.statistics.refitted import Impostors, refitted_rate
from calibration.statistics.verification import threshold_at_far

pytest.importorskip("scipy")

PEOPLE, PICTURES, FAR, LEVEL = 60, 3, 3e-3, 0.95


def group(seed: int) -> Impostors:
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(PEOPLE), PICTURES)
    scores = rng.normal(size=(len(owners), PEOPLE)) + rng.normal(scale=0.3, size=PEOPLE)
    scores[np.arange(len(owners)), owners] = -np.inf
    return Impostors(scores, owners, len(owners) * (PEOPLE - 1))


def draws(seed: int) -> tuple[Draws, Draws]:
    return Draws.of(PEOPLE, repeats=200, seed=seed), Draws.of(PEOPLE, repeats=200, seed=seed + 1)


def test_the_interval_covers_the_aim_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(40):
        fitted, counted = group(2 * seed), group(2 * seed + 1)
        threshold = threshold_at_far(fitted.scores[np.isfinite(fitted.scores)], FAR)
        found = refitted_rate(fitted, counted, threshold, FAR, draws(seed), LEVEL)
        assert found.interval is not None
        inside += found.interval.low <= FAR <= found.interval.high
    assert inside >= 36


def test_it_is_no_narrower_than_the_interval_that_trusts_the_fit() -> None:
    fitted, counted = group(100), group(101)
    threshold = threshold_at_far(fitted.scores[np.isfinite(fitted.scores)], FAR)
    found = refitted_rate(fitted, counted, threshold, FAR, draws(1), LEVEL)
    trusting = counted_by_pair(counted.scores >= threshold, counted.owners, draws(1)[1], level=LEVEL)
    assert found.interval is not None
    assert trusting.interval is not None
    assert found.hits == trusting.hits
    assert found.interval.low <= trusting.interval.low
    assert found.interval.high >= trusting.interval.high


def test_without_impostors_nothing_was_measured() -> None:
    fitted, one = group(5), Impostors(np.full((1, 1), -np.inf), np.zeros(1, np.int64), 0)
    found = refitted_rate(fitted, one, 0.5, FAR, (draws(1)[0], Draws.of(1, repeats=200)), LEVEL)
    assert found.interval is None
