"""A group's bound is kept by the union of its masks, and shared where it costs genuine people least."""

import numpy as np
import pytest

from calibration.certificate.shares import share_out, union_rate

RNG = np.random.default_rng(4)
IMPOSTOR = RNG.normal(0.0, 0.1, size=(20_000, 4))
GENUINE = RNG.normal(0.6, 0.1, size=(400, 4)) - np.array([0.0, 0.0, 0.0, 0.15])  # the last mask hides most
GROUPS = ("cheap", "cheap", "dear", "dear")
BOUNDS = {"cheap": 1e-3, "dear": 1e-2}


def test_each_group_keeps_its_bound_and_uses_it() -> None:
    thresholds = share_out(GENUINE, IMPOSTOR, GROUPS, BOUNDS)
    assert 0.9e-3 < union_rate(IMPOSTOR[:, :2], thresholds[:2]) <= 1e-3
    assert 0.95e-2 < union_rate(IMPOSTOR[:, 2:], thresholds[2:]) <= 1e-2


def test_a_mask_that_hides_more_gets_the_larger_share() -> None:
    thresholds = share_out(GENUINE, IMPOSTOR, ("one",) * 4, {"one": 1e-3})
    passed = (thresholds <= IMPOSTOR).mean(axis=0)
    assert passed[3] > 2 * passed[:3].max()


def test_shares_lose_fewer_people_than_equal_ones() -> None:
    bound = 1e-3
    equal = np.quantile(IMPOSTOR, 1 - bound / 4, axis=0)
    shared = share_out(GENUINE, IMPOSTOR, ("one",) * 4, {"one": bound})
    assert (shared <= GENUINE).all(axis=1).mean() >= (equal <= GENUINE).all(axis=1).mean()


def test_masks_that_let_the_same_people_pass_are_counted_once() -> None:
    alike = np.repeat(IMPOSTOR[:, :1], 4, axis=1)
    thresholds = share_out(GENUINE, alike, ("one",) * 4, {"one": 1e-2})
    assert union_rate(alike, thresholds) <= 1e-2
    assert thresholds.min() < np.quantile(IMPOSTOR[:, 0], 1 - 1e-2 / 3)


def test_who_was_not_found_under_a_mask_matches_nobody() -> None:
    impostor = IMPOSTOR.copy()
    impostor[::2] = np.nan
    thresholds = share_out(GENUINE, impostor, GROUPS, BOUNDS)
    assert np.isfinite(thresholds).all()
    assert union_rate(impostor[:, :2], thresholds[:2]) <= 1e-3


@pytest.mark.parametrize("bounds", [{"cheap": 1e-3}, {"cheap": 1e-9, "dear": 1e-2}])
def test_a_bound_that_is_missing_or_cannot_be_resolved_is_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot resolve"):
        share_out(GENUINE, IMPOSTOR, GROUPS, bounds)
