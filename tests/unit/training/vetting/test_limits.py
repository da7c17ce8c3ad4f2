"""Limits: as many false alarms as were asked for, together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.vetting.limits import ScreenLimits, any_above, fit_limits, shipped_limits


@given(seed=st.integers(0, 999), count=st.integers(1, 400), aimed=st.floats(0.001, 0.5))
def test_no_more_are_found_than_aimed_and_one_step_more_would_be_too_many(
    seed: int, count: int, aimed: float
) -> None:
    rng = np.random.default_rng(seed)
    scores = {name: rng.standard_normal(count) for name in ("a", "b", "c")}
    fitted = fit_limits(scores, aimed)
    assert fitted.found == any_above(scores, fitted.limits).mean() <= aimed


def test_a_screen_that_never_judges_finds_nothing() -> None:
    fitted = fit_limits({"a": np.full(10, np.nan), "b": np.arange(10.0)}, 0.1)
    assert fitted.limits["a"] == np.inf
    assert fitted.found == pytest.approx(0.1)


def test_limits_are_told_apart_by_their_digest() -> None:
    limits = ScreenLimits(false_alarms_aimed=0.01, pictures=1, quarantine={"own": 0.5}, hint={})
    assert limits.digest != limits.model_copy(update={"quarantine": {"own": 0.6}}).digest


def test_the_shipped_limits_name_every_screen() -> None:
    from edge.daemon.models import RECOGNIZERS
    from training.vetting.screens.every import every_hint, every_screen

    limits = shipped_limits()
    assert set(limits.quarantine) == {screen.name for screen in every_screen(RECOGNIZERS)}
    assert set(limits.hint) == {hint.name for hint in every_hint(RECOGNIZERS)}
