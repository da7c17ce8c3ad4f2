"""Counting: galleries, visits of three, and intervals over people."""

import numpy as np
import pytest

from calibration.certificate.trials import Trials


def _trials(passed: list[list[int]], owners: list[int], compared: list[list[int]] | None = None) -> Trials:
    found = np.array(passed, bool)
    return Trials(found, np.ones_like(found) if compared is None else np.array(compared, bool), np.array(owners))


def test_one_candidate_counts_comparisons() -> None:
    trials = _trials([[1, 0], [0, 0]], [1, 2])
    assert trials.count == 4
    assert trials.rate().value == pytest.approx(0.25)


def test_a_gallery_counts_an_impostor_once() -> None:
    trials = _trials([[1, 0], [1, 0], [0, 0]], [1, 2])
    assert trials.rate(3).value == pytest.approx(0.5)
    assert trials.rate(2).value == pytest.approx((1 - 0 / 3) / 2)
    assert trials.rate(99).value == trials.rate(3).value


def test_who_would_meet_themselves_is_not_compared() -> None:
    trials = _trials([[1, 0], [0, 0]], [1, 2], [[0, 1], [1, 1]])
    assert trials.count == 3
    assert trials.rate().value == 0.0


def test_two_of_three_pictures_are_a_visit() -> None:
    visits = _trials([[1, 1, 0, 1, 0, 0, 1, 1]], [1, 1, 1, 1, 1, 1, 2, 2]).visits()
    assert visits.passed.tolist() == [[True, False]]
    assert visits.owners.tolist() == [1, 1]


def test_without_a_visit_there_is_no_rate() -> None:
    visits = _trials([[1, 1]], [1, 2]).visits()
    assert visits.count == 0
    assert np.isnan(visits.rate().value)


def test_nobody_passing_gives_an_exact_bound_over_people() -> None:
    low, high = _trials([[0] * 40], [i // 4 for i in range(40)]).rate().ci95
    assert low == 0.0
    assert high == pytest.approx(0.3085, abs=1e-3)


def test_the_interval_is_about_people() -> None:
    rng = np.random.default_rng(1)
    alike = np.repeat(rng.random(50) < 0.5, 10)
    each = rng.random(500) < 0.5
    owners = [i // 10 for i in range(500)]
    wide = _trials([alike.astype(int).tolist()], owners).rate().ci95
    narrow = _trials([each.astype(int).tolist()], owners).rate().ci95
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
