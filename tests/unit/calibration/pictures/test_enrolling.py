"""Who is enrolled with which pictures: the first that pass and belong together, and why others are not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from calibration.pictures.enrolling import Enrolled, Office
from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture, Refusal, RefusedPicture
from edge.domain.face import Quality
from edge.domain.frame import Frame
from engines.progress import Silent
from tests.support.one_answer_models import face
from tests.support.profiles import A, B, a_profile

OF_GRAY = {200: np.array([1, 0, 0], np.float32), 100: np.array([0, 1, 0], np.float32)}


class Taker:
    """Takes pictures by their shade: dark ones are refused, each other shade is a person."""

    def take(self, frame: Frame, source: str) -> EnrollmentPicture | RefusedPicture:
        vector = OF_GRAY.get(int(frame.pixels[0, 0, 0]))
        if vector is None:
            return RefusedPicture(source, Refusal.TOO_DARK)
        return EnrollmentPicture(
            source=source,
            crop=np.zeros((4, 4, 3), np.uint8),
            face=face(),
            quality=Quality(width_px=112, sharpness=1, brightness=100, yaw_ratio=0),
            embeddings={"a": Embedding(A, vector.copy()), "b": Embedding(B, vector.copy())},
        )


def pictures(tmp_path: Path, name: str, *grays: int | None) -> list[Path]:
    """Write a picture a shade; None = one that cannot be read."""
    paths = [tmp_path / f"{name}_{number:04d}.png" for number in range(1, len(grays) + 1)]
    for path, gray in zip(paths, grays, strict=True):
        if gray is None:
            path.write_bytes(b"broken")
        else:
            Image.new("L", (20, 20), gray).save(path)
    return paths


def enroll(templates: int, **people: list[Path]) -> Enrolled:
    return Office(Taker(), {"a": A, "b": B}, a_profile()).enroll(people, templates, Silent())


def test_the_first_that_pass_are_enrolled(tmp_path: Path) -> None:
    ann = pictures(tmp_path, "ann", 0, 200, None, 200, 200)
    done = enroll(2, ann=ann)
    assert done.gallery.subjects == ("ann",)
    assert done.used == {ann[1], ann[3]}
    assert done.not_enrolled == {}


def test_one_that_does_not_belong_gives_way_to_the_next(tmp_path: Path) -> None:
    ann = pictures(tmp_path, "ann", 200, 100, 200, 200, 200)
    assert enroll(3, ann=ann).used == {ann[0], ann[2], ann[3]}


@pytest.mark.parametrize(
    ("grays", "words"),
    [
        ((200, 200), "too few pictures: 2; 2 to enroll and 1 to ask with"),
        ((200, 0, 0), "1 pictures that can be enrolled"),
    ],
)
def test_who_cannot_be_enrolled_is_named_with_why(tmp_path: Path, grays: tuple[int, ...], words: str) -> None:
    done = enroll(2, ann=pictures(tmp_path, "ann", *grays))
    assert len(done.gallery) == 0
    assert done.used == frozenset()
    assert words in done.not_enrolled["ann"]


def test_the_same_person_is_not_enrolled_twice(tmp_path: Path) -> None:
    done = enroll(2, ann=pictures(tmp_path, "ann", 200, 200, 200), bob=pictures(tmp_path, "bob", 200, 200, 200))
    assert done.gallery.subjects == ("ann",)
    assert list(done.not_enrolled) == ["bob"]
