"""A head of five points in space, turned and seen by a camera far away."""

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Box, Face
from edge.vision.align import ARCFACE_TEMPLATE

_HEAD_MM = np.array(
    [[-31.5, -30.0, 0.0], [31.5, -30.0, 0.0], [0.0, 2.5, 28.0], [-25.0, 35.0, 2.0], [25.0, 35.0, 2.0]]
)


def landmarks_of(
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    scale: float = 1.0,
    place: tuple[float, float] = (300.0, 200.0),
    noise_px: float = 0.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Return float32 (5, 2): positive yaw turns to the person's left (viewer's right), positive pitch looks up."""
    yaw, pitch, roll = np.radians([yaw_deg, -pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    seen = (_HEAD_MM @ (about_z @ about_y @ about_x).T)[:, :2] * scale + place
    return np.asarray(seen + np.random.default_rng(seed).normal(0, noise_px, (5, 2)), np.float32)


def face_at(x: float, y: float, scale: float = 1.0) -> Face:
    """Return a face whose aligned crop begins at (x, y) of its frame, so many times as large as the template."""
    landmarks = (ARCFACE_TEMPLATE * scale + np.array([x, y])).astype(np.float32)
    return Face(frame_seq=0, box=Box(x, y, 112 * scale, 112 * scale), landmarks=landmarks, score=0.9)
