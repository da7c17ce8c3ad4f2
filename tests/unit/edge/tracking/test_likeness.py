"""Likeness of faces in place and size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.face import Box, Face
from edge.tracking.likeness import likeness


def face(x: float, y: float, size: float) -> Face:
    landmarks = np.array(
        [[x + size * u, y + size * v] for u, v in ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.4, 0.8), (0.6, 0.8))]
    )
    return Face(frame_seq=1, box=Box(x, y, size, size), landmarks=landmarks.astype(np.float32), score=0.9)


places = st.builds(face, st.integers(-50, 700), st.integers(-50, 500), st.integers(5, 300))


def test_a_face_is_wholly_like_itself() -> None:
    assert likeness([face(10, 20, 50)], [face(10, 20, 50)])[0, 0] == pytest.approx(1)


def test_faces_that_do_not_touch_are_not_alike() -> None:
    assert likeness([face(0, 0, 50)], [face(51, 0, 50)])[0, 0] == 0


def test_likeness_falls_with_distance_and_size() -> None:
    moved = likeness([face(100, 100, 60)], [face(100 + d, 100, 60) for d in (0, 10, 20, 40)])[0]
    grown = likeness([face(100, 100, 60)], [face(100, 100, 60 + g) for g in (0, 10, 20, 40)])[0]
    assert (np.diff(moved) < 0).all()
    assert (np.diff(grown) < 0).all()


@given(st.lists(places, max_size=6), st.lists(places, max_size=6))
def test_overlap_is_the_boxes_own(old: list[Face], new: list[Face]) -> None:
    scores = likeness(old, new)
    assert scores.shape == (len(old), len(new))
    assert ((scores >= 0) & (scores <= 1 + 1e-9)).all()
    for i, a in enumerate(old):
        for j, b in enumerate(new):
            assert scores[i, j] >= a.box.iou(b.box) / 2 - 1e-9


def test_a_walker_is_known_again_after_a_moment_but_not_across_the_room() -> None:
    before, near, far = face(100, 100, 60), face(190, 100, 60), face(500, 100, 60)
    at_once, later = (likeness([before], [near, far], [gap])[0] for gap in (0, 150_000_000))
    assert at_once[0] < 0.3
    assert later[0] >= 0.3
    assert later[1] == 0


def test_a_face_of_quite_another_size_elsewhere_is_another_face() -> None:
    assert likeness([face(100, 100, 60)], [face(170, 100, 150)], [150_000_000])[0, 0] == 0
