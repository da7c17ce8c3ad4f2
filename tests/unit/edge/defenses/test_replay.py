"""Replay: PASS only for a face that changed in several frames, FAIL after time without, ERROR when not measurable."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.defenses.replay import Replay
from edge.domain.motion import FaceChange, ReplayLimits
from edge.domain.reasons import Outcome

LIMITS = ReplayLimits(least_change=0.012, most_change=0.2)
STEP_NS = 66_000_000
NOISE = [0.0, 0.001, 0.002, 0.001, 0.003]


def outcome(changes: list[float], limits: ReplayLimits | None = LIMITS) -> Outcome | None:
    found = Replay(limits).judge([FaceChange(captured_ns=i * STEP_NS, change=c) for i, c in enumerate(changes)])
    return found.outcome if found else None


def test_a_face_that_changes_in_several_frames_passes() -> None:
    assert outcome(NOISE * 2 + [0.02, 0.03, 0.02]) is Outcome.PASS


def test_nothing_is_said_before_enough_frames_were_seen() -> None:
    assert outcome([]) is None
    assert outcome([0.0, 0.03, 0.03, 0.03]) is None


def test_a_flat_picture_fails_once_it_had_time() -> None:
    assert outcome(NOISE * 4) is None
    assert outcome(NOISE * 10) is Outcome.FAIL


def test_one_glitch_is_no_life() -> None:
    assert outcome([*NOISE * 9, 0.1, 0.1, *NOISE]) is Outcome.FAIL


def test_something_else_before_the_face_is_no_life() -> None:
    assert outcome([*NOISE * 5, *[0.5] * 20, *NOISE * 5]) is Outcome.FAIL


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_could_not_be_measured_is_an_error(bad: float) -> None:
    assert outcome([bad] * 60) is Outcome.ERROR


def test_only_something_else_is_an_error() -> None:
    assert outcome([0.9] * 60) is Outcome.ERROR


def test_a_profile_without_limits_is_an_error_at_once() -> None:
    assert outcome([], None) is Outcome.ERROR
    assert outcome([0.05] * 60, None) is Outcome.ERROR


@given(changes=st.lists(st.floats(0, 0.0119), max_size=80))
def test_changes_below_the_bound_never_pass(changes: list[float]) -> None:
    assert outcome(changes) is not Outcome.PASS


@given(changes=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=80))
def test_a_pass_has_three_frames_that_changed(changes: list[float]) -> None:
    if outcome(changes) is Outcome.PASS:
        assert sum(0.012 <= c <= 0.2 for c in changes) >= 3


@pytest.mark.parametrize(("least", "most"), [(0.0, 0.2), (0.2, 0.1), (math.nan, 0.2), (0.1, math.nan), (0.1, 3.0)])
def test_limits_that_bound_nothing_are_refused(least: float, most: float) -> None:
    with pytest.raises(ValueError, match="replay limits"):
        ReplayLimits(least_change=least, most_change=most)
