"""Presentations: the same for the same seed, moved as their handling says, never twice the same bytes."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from calibration.motion.presentations import HANDLINGS, RATE_HZ, SECONDS, Handling, Portrait, present
from edge.commands.demo.scenes import ENROLLED_PORTRAIT

PORTRAIT = Portrait(np.asarray(cv2.imread(str(ENROLLED_PORTRAIT)), np.uint8), (224.0, 122.0), 86.0)


@pytest.mark.parametrize("handling", HANDLINGS[:3], ids=lambda handling: handling.name)
def test_frames_are_a_cameras_and_repeat_by_seed_alone(handling: Handling) -> None:
    frames = list(present(PORTRAIT, handling, face_px=80, seed=4))
    assert len(frames) == round(SECONDS * RATE_HZ)
    assert all(frame.shape == (480, 640, 3) and frame.dtype == np.uint8 for frame in frames)
    assert all((a != b).any() for a, b in pairwise(frames))
    again = next(present(PORTRAIT, handling, face_px=80, seed=4))
    assert (frames[0] == again).all()
    assert (frames[0] != next(present(PORTRAIT, handling, face_px=80, seed=5))).any()
