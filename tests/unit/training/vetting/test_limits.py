"""Limits: as many false alarms as were asked for, together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.vetting.limits import ScreenLimits, any_above, fit_limits, shipped_limits


@given(seed=st.integers(0, 999))
def test_as_many_fresh_pictures_are_found_as_were_aimed_at(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"screen-{number}" for number in range(10)]
    limits = fit_limits({name: rng.exponential(size=800) for name in names}, aimed=0.01).limits
    fresh = any_above({name: rng.exponential(size=20_000) for name in names}, limits).mean()
    assert 0.003 < fresh < 0.03


def test_a_screen_that_never_judges_finds_nothing() -> None:
    fitted = fit_limits({"a": np.full(10, np.nan), "b": np.arange(10.0)}, 0.1)
    assert fitted.limits["a"] == np.inf
    assert fitted.limits["b"] == pytest.approx(8.55)


def test_scores_that_are_all_the_same_are_the_limit() -> None:
    fitted = fit_limits({"a": np.zeros(50)}, 0.01)
    assert fitted.limits["a"] == 0.0
    assert fitted.found == 0.0


def test_limits_are_told_apart_by_their_digest() -> None:
    limits = ScreenLimits(false_alarms_aimed=0.01, pictures=1, quarantine={"own": 0.5}, hint={})
    assert limits.digest != limits.model_copy(update={"quarantine": {"own": 0.6}}).digest


def test_the_shipped_limits_name_every_screen() -> None:
    from edge.daemon.models import RECOGNIZERS
    from training.vetting.screens.every import every_hint, every_screen

    limits = shipped_limits()
    assert set(limits.quarantine) == {screen.name for screen in every_screen(RECOGNIZERS)}
    assert set(limits.hint) == {hint.name for hint in every_hint(RECOGNIZERS)}
