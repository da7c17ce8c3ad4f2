"""Who climbs displacement gets square pixels of the clean crop, none for a face that the gate would not compare."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.face import Box, Face  # noqa: E402
from edge.vision.align import ARCFACE_TEMPLATE  # noqa: E402
from redteam.attacks.base import gain_and_gradient  # noqa: E402
from redteam.objectives.displacement import Displacement  # noqa: E402

Tensor = Any

SCALE = 2.0
FACE = Face(
    frame_seq=0,
    box=Box(60, 50, 180, 240),
    landmarks=(SCALE * ARCFACE_TEMPLATE + 50).astype(np.float32),
    score=0.95,
)
ROWS = slice(0, 1)
CLEAN = torch.full((1, 3, 8, 8), 100.0)


class _Detector:
    """Sees the face as many pixels to the right as the frame is brighter than the clean one."""

    def __init__(self, score: float = 0.95, landmarks: Any = FACE.landmarks) -> None:
        self._score = score
        self._landmarks = torch.from_numpy(np.asarray(landmarks, np.float32))

    def look(self, frames: Tensor, near: Tensor) -> Any:
        from redteam.twins.detector import Sightings

        right = (frames.mean(dim=(1, 2, 3)) - 100)[:, None, None] * torch.tensor([1.0, 0.0])
        return Sightings(near, self._landmarks + right, torch.full((len(frames),), self._score))


def _gain(frames: Tensor, detector: _Detector | None = None) -> float:
    seen: Any = detector or _Detector()
    return float(Displacement(seen, [FACE], least_score=0.85, most_yaw_ratio=0.5).gain(frames, ROWS))


def test_a_face_where_it_was_gains_nothing() -> None:
    assert _gain(CLEAN) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("shift", [3.0, -8.0])
def test_gains_are_square_pixels_of_the_clean_crop(shift: float) -> None:
    assert _gain(CLEAN + shift) == pytest.approx((shift / SCALE) ** 2, rel=1e-4)


def test_a_landmark_that_moves_alone_counts_for_what_it_moves_of_the_crop() -> None:
    landmarks = FACE.landmarks.copy()
    landmarks[:, 1] += [4.0, -4.0, 0.0, 4.0, -4.0]
    assert 0 < _gain(CLEAN, _Detector(landmarks=landmarks)) < (4.0 / SCALE) ** 2


def test_a_face_that_is_about_to_be_lost_gains_by_coming_back_alone() -> None:
    assert _gain(CLEAN + 20, _Detector(score=0.8)) == pytest.approx(-0.05, abs=1e-6)
    assert _gain(CLEAN + 20, _Detector(score=0.86)) > 0


def test_a_head_that_seems_turned_away_costs() -> None:
    landmarks = FACE.landmarks.copy()
    landmarks[2, 0] += 0.6 * (landmarks[1, 0] - landmarks[0, 0]) / 2
    assert _gain(CLEAN, _Detector(landmarks=landmarks)) < 0


def test_landmarks_that_are_nearly_no_face_cost() -> None:
    squashed = (FACE.landmarks - FACE.landmarks.mean(axis=0)) * [1.0, 0.05] + FACE.landmarks.mean(axis=0)
    squashed[3:, 0] = squashed[[4, 3], 0]
    assert _gain(CLEAN, _Detector(landmarks=squashed)) < 0


def test_gradients_point_away_from_the_clean_place() -> None:
    detector: Any = _Detector()
    objective = Displacement(detector, [FACE], least_score=0.85, most_yaw_ratio=0.5)
    for shift in (2.0, -2.0):
        _, gradient = gain_and_gradient(objective, CLEAN + shift)
        assert bool((gradient.sign() == np.sign(shift)).all())
    objective.advance()
