"""Head pose from five landmarks: the right way round, and blind to what is no turn of the head."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.pose import HeadPose, head_pose
from tests.support.landmarks import landmarks_of


def relative(*, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> HeadPose:
    neutral, pose = head_pose(landmarks_of()), head_pose(landmarks_of(yaw_deg=yaw_deg, pitch_deg=pitch_deg))
    assert neutral is not None
    assert pose is not None
    return pose.relative_to(neutral)


def test_the_nose_to_the_viewers_right_is_a_turn_to_the_persons_left() -> None:
    landmarks = landmarks_of(yaw_deg=25)
    assert landmarks[2, 0] > landmarks_of()[2, 0]
    assert relative(yaw_deg=25).yaw_deg == pytest.approx(25, abs=4)
    assert relative(yaw_deg=-25).yaw_deg == pytest.approx(-25, abs=4)
    assert abs(relative(yaw_deg=25).pitch_deg) < 3


def test_the_nose_to_the_eyes_is_a_look_up() -> None:
    landmarks = landmarks_of(pitch_deg=20)
    assert landmarks[2, 1] < landmarks_of()[2, 1]
    assert 12 <= relative(pitch_deg=20).pitch_deg <= 28
    assert -28 <= relative(pitch_deg=-20).pitch_deg <= -12
    assert abs(relative(pitch_deg=20).yaw_deg) < 1


@given(
    yaw=st.floats(-30, 30),
    pitch=st.floats(-20, 20),
    roll=st.floats(-40, 40),
    scale=st.floats(0.4, 6),
    x=st.floats(-100, 2_000),
)
def test_roll_size_and_place_make_no_difference(
    yaw: float, pitch: float, roll: float, scale: float, x: float
) -> None:
    plain = head_pose(landmarks_of(yaw_deg=yaw, pitch_deg=pitch))
    moved = head_pose(landmarks_of(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll, scale=scale, place=(x, 50)))
    assert plain is not None
    assert moved is not None
    assert moved.yaw_deg == pytest.approx(plain.yaw_deg, abs=0.3)
    assert moved.pitch_deg == pytest.approx(plain.pitch_deg, abs=0.3)


@given(values=st.lists(st.floats(-1e4, 1e4, width=32), min_size=10, max_size=10))
def test_any_landmarks_give_a_finite_pose_or_none(values: list[float]) -> None:
    pose = head_pose(np.array(values, np.float32).reshape(5, 2))
    assert pose is None or (np.isfinite(pose.yaw_deg) and np.isfinite(pose.pitch_deg))


def test_points_in_one_place_are_no_face() -> None:
    assert head_pose(np.full((5, 2), 7, np.float32)) is None
