"""Which frame of a scene is kept."""

import datetime as dt

import numpy as np

from edge.commands.demo.camera_roll import CameraRoll
from edge.domain.face import Box, Face
from edge.domain.frame import Frame, PixelFormat
from edge.pipeline.step import Step


def a_frame(level: int) -> Frame:
    return Frame(
        camera_id="c",
        seq=level,
        captured_ns=level,
        captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        pixels=np.full((48, 64, 3), level, np.uint8),
    )


def a_face(center_x: float) -> Face:
    box = Box(center_x - 5, 10, 10, 12)
    return Face(frame_seq=1, box=box, landmarks=np.zeros((5, 2), np.float32), score=0.9)


def test_without_frames_the_shot_is_black() -> None:
    shot = CameraRoll().shot
    assert not shot.pixels.any()
    assert shot.face is None


def test_without_faces_the_first_frame_is_kept() -> None:
    roll = CameraRoll()
    roll.follow(a_frame(1), Step())
    roll.follow(a_frame(2), Step())
    assert roll.shot.pixels[0, 0, 0] == 1
    assert roll.shot.face is None


def test_the_face_nearest_to_the_middle_is_kept_and_copied() -> None:
    roll = CameraRoll()
    for level, center_x in ((1, None), (2, 10.0), (3, 30.0), (4, 50.0), (5, None)):
        faces = () if center_x is None else (a_face(center_x),)
        frame = a_frame(level)
        roll.follow(frame, Step(faces=faces))
        frame.pixels[:] = 0
    shot = roll.shot
    assert shot.pixels[0, 0, 0] == 3
    assert shot.face is not None
    assert shot.face.box.center[0] == 30.0


def test_a_frame_that_is_not_bgr_is_passed_over() -> None:
    frame = Frame(
        camera_id="c",
        seq=1,
        captured_ns=1,
        captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        pixels=np.full((72, 64), 9, np.uint8),
        pixel_format=PixelFormat.NV12,
    )
    roll = CameraRoll()
    roll.follow(frame, Step())
    assert roll.shot.pixels.shape == (480, 640, 3)
