"""Dictionary faces are chosen for those whom the earlier ones leave shut, and never for the person they show."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.daemon.models import SCREENING, SECOND, serving_bindings
from edge.domain.errors import UsageError
from edge.domain.face import Box, Face
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Gallery, Template
from redteam.blackbox import dictionary as subject
from redteam.blackbox.dictionary import DictionaryFace, dictionary_of, row_by_gate, row_by_scores
from redteam.cast import Victim
from redteam.judge import Judgement
from redteam.scene import Scene
from redteam.success import Mark, Point, Target

MATCH = MatchPoint(
    threshold=0.6,
    weights={SCREENING: 0.5, SECOND: 0.5},
    floors={SCREENING: 0.4, SECOND: 0.5},
    alone={SCREENING: 0.7, SECOND: 0.7},
)
FACENET = Mark(Target.FACENET, Point.STRICT)


def _unit(*parts: float) -> NDArray[np.float32]:
    vector = np.array(parts, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _gallery(people: dict[str, NDArray[np.float32]]) -> Gallery:
    return Gallery(
        serving_bindings(),
        {SubjectRef(n): {m: Template.from_vectors(v[None]) for m in (SCREENING, SECOND)} for n, v in people.items()},
    )


def _face(name: str, *parts: float, screening: NDArray[np.float32] | None = None) -> DictionaryFace:
    vector = _unit(*parts)
    vectors = {SECOND: vector, SCREENING: vector if screening is None else screening}
    return DictionaryFace(Path(f"{name}.jpg"), name, vectors)


PEOPLE = {"a": _unit(1, 0, 0, 0), "b": _unit(0, 1, 0, 0), "c": _unit(0, 0, 1, 0), "d": _unit(0, 0, 0, 1)}
WOLF = _face("wolf", 1, 1, 0, 0)  # cosine 0.707 to a and b
OTHER = _face("other", 0, 0, 1, 1)  # to c and d
TWIN = _face("twin", 1, 0.98, 0, 0)  # opens whom the wolf opens


def test_each_face_is_chosen_for_those_still_shut() -> None:
    found = dictionary_of([TWIN, WOLF, OTHER], _gallery(PEOPLE), FACENET, MATCH, tries=2)
    assert found.faces[1].name == "other"
    assert (found.covered, found.people) == (4, 4)


def test_a_face_is_not_chosen_for_the_person_it_shows() -> None:
    own = _face("a", 1, 0, 0, 0)
    found = dictionary_of([own, OTHER], _gallery(PEOPLE), FACENET, MATCH, tries=1)
    assert found.faces == (OTHER,)


def test_no_more_faces_than_tries_or_than_there_are() -> None:
    assert len(dictionary_of([WOLF, OTHER, TWIN], _gallery(PEOPLE), FACENET, MATCH, tries=2).faces) == 2
    assert len(dictionary_of([WOLF], _gallery(PEOPLE), FACENET, MATCH).faces) == 1


def test_the_row_counts_people_whom_any_face_opens() -> None:
    chosen = dictionary_of([WOLF, OTHER], _gallery(PEOPLE), FACENET, MATCH)
    victims = _gallery({"x": _unit(1, 1, 0.2, 0), "y": _unit(0, 0.1, 1, 1), "z": _unit(1, 0, 0, -1)})
    row = row_by_scores(chosen, victims, FACENET, MATCH)
    assert (row.faces, row.n, row.successes) == (2, 3, 2)


def test_both_models_must_agree_where_both_are_asked() -> None:
    lone = _face("wolf", 1, 0, 0, 0, screening=_unit(0, 1, 1, 1))
    gallery = _gallery({"x": _unit(1, 0, 0, 0)})
    chosen = dictionary_of([lone], gallery, FACENET, MATCH)
    assert chosen.covered == 1
    assert row_by_scores(chosen, gallery, Mark(Target.BOTH), MATCH).successes == 0


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(UsageError, match="no faces"):
        dictionary_of([], _gallery(PEOPLE), FACENET, MATCH)
    with pytest.raises(ValueError, match="pictures"):
        dictionary_of([WOLF], _gallery(PEOPLE), Mark(Target.GATE), MATCH)


class _GateForX:
    """A judge whose gate takes every picture for x."""

    def find(self, pixels: NDArray[np.uint8]) -> Face | None:
        return Face(frame_seq=0, box=Box(0, 0, 4, 4), landmarks=np.ones((5, 2), np.float32), score=0.9)

    def look_at(self, pixels: NDArray[np.uint8], scene: Scene) -> Judgement:
        granted = int(scene.victim == "x")
        return Judgement(
            reason="match", subject=SubjectRef("x"), tries=1, granted=granted, scores={}, likeness={},
            landmarks=None, findings=(),
        )  # fmt: skip

    @property
    def profile(self) -> Any:
        return type("P", (), {"match": MATCH})


def test_the_gate_is_asked_with_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "read_picture", lambda path: np.zeros((4, 4, 3), np.uint8))
    victims = [
        Victim(subject=SubjectRef(name), wanted={}, templates={}, picture=Path("p"), visits=()) for name in ("x", "y")
    ]
    chosen = dictionary_of([WOLF], _gallery(PEOPLE), FACENET, MATCH)
    judge: Any = _GateForX()
    row = row_by_gate(chosen, victims, judge)
    assert (row.mark.target, row.n, row.successes) == (Target.GATE, 2, 1)
