"""Intervals are never narrower than the people or the trials allow."""

import numpy as np
import pytest

from calibration.statistics.bootstrap import Draws, rate_interval
from calibration.statistics.counted import counted_by_pair, counted_by_person
from calibration.statistics.intervals import clopper_pearson

pytest.importorskip("scipy")

DRAWS = Draws.of(50)


def test_nothing_seen_is_bounded_by_the_trials() -> None:
    found = counted_by_person(np.zeros(50, np.int64), np.full(50, 4), DRAWS)
    assert found.rate == 0
    assert found.interval == clopper_pearson(0, 200)
    assert str(found).startswith("none seen: at most 0.018")


def test_alike_pictures_widen_it() -> None:
    events = np.zeros(50, np.int64)
    events[:5] = 20
    trials = np.full(50, 20)
    found = counted_by_person(events, trials, DRAWS)
    assert found.interval == rate_interval(events, trials, DRAWS)
    exact = clopper_pearson(100, 1000)
    assert found.interval is not None
    assert found.interval.high - found.interval.low > exact.high - exact.low


def test_a_higher_level_is_wider() -> None:
    events, trials = np.tile([0, 1], 25), np.full(50, 5)
    usual, wide = (counted_by_person(events, trials, Draws.of(50, repeats=4000), level=v) for v in (0.95, 0.99))
    assert usual.interval is not None
    assert wide.interval is not None
    assert wide.interval.low < usual.interval.low
    assert usual.interval.high < wide.interval.high


def test_no_trials_have_no_rate() -> None:
    nobody = np.zeros(50, np.int64)
    found = counted_by_person(nobody, nobody, DRAWS)
    assert (found.rate, found.ends, str(found)) == (None, None, "not measured")


def test_pairs_leave_out_ones_own_and_who_has_no_template() -> None:
    owners = np.array([0, 0, 1, 2])
    everything = np.ones((4, 3), np.bool_)
    draws = Draws.of(3)
    assert (counted_by_pair(everything, owners, draws).hits, counted_by_pair(everything, owners, draws).trials) == (
        8,
        8,
    )
    enrolled = np.array([True, False, False])
    found = counted_by_pair(everything, owners, draws, enrolled=enrolled)
    assert (found.hits, found.trials) == (2, 2)
    assert everything.all()
