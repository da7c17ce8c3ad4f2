import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.synthetic_motion import SceneMode, SyntheticMotion
from edge.capture.synthetic_path import MotionPath


def presence(motion: SyntheticMotion, time_s: float) -> tuple[int, float]:
    return MotionPath(motion, (200, 300)).presence(time_s)


def test_a_person_comes_stays_leaves_and_comes_again() -> None:
    motion = SyntheticMotion(gap_s=1, enter_s=1, stay_s=2, leave_s=1)
    assert presence(motion, 0.5) == (0, 0.0)
    assert presence(motion, 1.5) == (0, 0.5)
    assert presence(motion, 3.0) == (0, 1.0)
    assert presence(motion, 4.5) == (0, 0.5)
    assert presence(motion, 5.5) == (1, 0.0)
    assert presence(motion, 8.0) == (1, 1.0)


def test_a_stay_of_zero_is_for_ever() -> None:
    assert presence(SyntheticMotion(stay_s=0), 10_000.0) == (0, 1.0)


def test_nobody_comes_in_an_empty_scene_and_somebody_is_there_in_a_frozen_one() -> None:
    assert presence(SyntheticMotion(mode=SceneMode.EMPTY), 3.0) == (0, 0.0)
    assert presence(SyntheticMotion(mode=SceneMode.FROZEN), 0.0) == (0, 1.0)


@given(st.floats(0, 100), st.integers(0, 1000), st.floats(0, 3))
def test_the_person_in_view_is_in_the_frame(time_s: float, seed: int, strength: float) -> None:
    motion = SyntheticMotion(seed=seed, motion=strength, gap_s=0, enter_s=0, stay_s=0)
    corners = MotionPath(motion, (288, 432)).at(time_s).corners
    assert corners is not None
    assert np.isfinite(corners).all()
    x, y = corners.mean(axis=0)
    assert 100 < x < 540
    assert 120 < y < 360


@given(st.floats(0, 100), st.integers(0, 1000))
def test_motion_is_smooth(time_s: float, seed: int) -> None:
    path = MotionPath(SyntheticMotion(seed=seed, gap_s=0, enter_s=0, stay_s=0), (288, 432))
    before, after = path.at(time_s).corners, path.at(time_s + 1 / 30).corners
    assert before is not None
    assert after is not None
    assert float(np.abs(after - before).max()) < 12


def test_without_motion_it_stands_still() -> None:
    path = MotionPath(SyntheticMotion(motion=0, gap_s=0, enter_s=0, stay_s=0), (288, 432))
    first, later = path.at(0.0).corners, path.at(9.0).corners
    assert first is not None
    assert later is not None
    assert np.array_equal(first, later)
    assert math.isclose(float(first[1, 0] - first[0, 0]), 288, abs_tol=1e-3)
