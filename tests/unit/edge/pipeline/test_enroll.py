"""Who may be enrolled: one person, alike, nobody known; and the best moments of a recording."""

import datetime as dt
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture, Refusal, RefusedPicture
from edge.domain.face import Box, Face, Quality
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.pipeline.enroll import PICTURES_OF_A_RECORDING, best_of_recording, vet
from edge.recognition.gallery import Gallery, Template
from tests.support.profiles import A, B, a_profile

PROFILE = a_profile()
NOBODY = Gallery({"a": A, "b": B}, {})
FACE = Face(frame_seq=0, box=Box(0, 0, 50, 50), landmarks=np.zeros((5, 2), np.float32), score=0.9)
X, Y = np.array([1, 0, 0], np.float32), np.array([0, 1, 0], np.float32)


def picture(name: str, vector: NDArray[np.float32], sharpness: float = 1.0) -> EnrollmentPicture:
    return EnrollmentPicture(
        source=name,
        crop=np.zeros((4, 4, 3), np.uint8),
        face=FACE,
        quality=Quality(width_px=50, sharpness=sharpness, brightness=100, yaw_ratio=0),
        embeddings={"a": Embedding(A, vector.copy()), "b": Embedding(B, vector.copy())},
    )


def refusals(refused: tuple[RefusedPicture, ...]) -> dict[str, Refusal]:
    return {r.source: r.reason for r in refused}


def test_pictures_of_one_person_are_kept() -> None:
    result = vet([picture("1", X), picture("2", X)], NOBODY, PROFILE)
    assert len(result.pictures) == 2
    assert result.refused == ()


def test_a_single_picture_is_enough() -> None:
    assert len(vet([picture("1", X)], NOBODY, PROFILE).pictures) == 1


def test_the_odd_one_out_is_refused() -> None:
    result = vet([picture("1", X), picture("2", X), picture("3", Y)], NOBODY, PROFILE)
    assert refusals(result.refused) == {"3": Refusal.NOT_LIKE_THE_OTHERS}


def test_two_that_do_not_match_are_both_refused() -> None:
    assert vet([picture("1", X), picture("2", Y)], NOBODY, PROFILE).pictures == ()


def test_somebody_known_is_a_duplicate() -> None:
    known = Template.from_vectors(X[np.newaxis])
    gallery = Gallery({"a": A, "b": B}, {SubjectRef("ann"): {"a": known, "b": known}})
    result = vet([picture("1", X), picture("2", Y)], gallery, PROFILE)
    assert refusals(result.refused) == {"1": Refusal.DUPLICATE}
    assert [p.source for p in result.pictures] == ["2"]


class Recording:
    """Frames every 100 ms, and a taker that finds in each what a test says."""

    def __init__(self, found: list[EnrollmentPicture | RefusedPicture]) -> None:
        self._found = found

    def __iter__(self) -> Iterator[Frame]:
        for i in range(len(self._found)):
            yield Frame(
                camera_id="r",
                seq=i,
                captured_ns=5_000_000_000 + i * 100_000_000,
                captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                pixels=np.zeros((4, 4, 3), np.uint8),
            )

    def take(self, frame: Frame, source: str) -> EnrollmentPicture | RefusedPicture:
        return self._found[frame.seq]


def best(found: list[EnrollmentPicture | RefusedPicture]) -> list[str]:
    recording = Recording(found)
    return [p.source for p in best_of_recording(recording, recording, "r")]


def test_the_sharpest_of_each_moment_is_taken() -> None:
    assert best(
        [picture("0", X, 1), picture("1", X, 3), picture("2", X, 2), picture("3", X, 1), picture("4", X, 1)]
    ) == [
        "1",
        "4",
    ]


def test_a_long_recording_gives_pictures_spread_over_it() -> None:
    names = best([picture(str(i), X) for i in range(100)])
    assert len(names) == PICTURES_OF_A_RECORDING
    assert names[0] == "0"
    assert int(names[-1]) >= 92


def test_a_live_camera_is_watched_only_until_it_gave_enough() -> None:
    recording = Recording([picture(str(i), X) for i in range(100)])
    names = [p.source for p in best_of_recording(recording, recording, "live", enough=3)]
    assert names == ["0", "4", "8"]


def test_a_recording_without_a_good_picture_says_what_most_frames_lacked() -> None:
    recording = Recording([RefusedPicture("x", Refusal.NO_FACE), *[RefusedPicture("x", Refusal.BLURRED)] * 2])
    assert best_of_recording(recording, recording, "r") == (RefusedPicture("r", Refusal.BLURRED),)


def test_an_empty_recording_has_no_face() -> None:
    recording = Recording([])
    assert best_of_recording(recording, recording, "r") == (RefusedPicture("r", Refusal.NO_FACE),)
