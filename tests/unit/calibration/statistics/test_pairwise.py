"""False matches of comparisons: everybody's probes against everybody else's templates, and nothing to count."""

import numpy as np
import pytest

from calibration.statistics.pairwise import Probes, false_matches, false_matches_alone
from calibration.statistics.rates import Rate
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Gallery, Template
from tests.support.profiles import A, B, a_profile

POINT: MatchPoint = a_profile().match
X, Y, Z = np.eye(3, dtype=np.float32)


def gallery(**people: np.ndarray) -> Gallery:
    known = {SubjectRef(n): dict.fromkeys("ab", Template.from_vectors(v[np.newaxis])) for n, v in people.items()}
    return Gallery({"a": A, "b": B}, known)


def probes(*shown: tuple[str, np.ndarray, np.ndarray]) -> Probes:
    vectors = {"a": np.array([a for _, a, _ in shown]), "b": np.array([b for _, _, b in shown])}
    return Probes([name for name, _, _ in shown], vectors)


def test_own_templates_are_no_impostors() -> None:
    assert false_matches(gallery(ann=X, bob=Y), probes(("ann", X, X), ("bob", Y, Y)), POINT) == Rate(0, 2)


def test_a_match_needs_the_fused_score_and_every_floor() -> None:
    near, far = np.array([0.8, 0, 0.6], np.float32), np.array([0.2, 0, 0.98], np.float32)
    asked = probes(("eve", X, near), ("mal", X, far), ("eve", far, far))
    assert false_matches(gallery(ann=X), asked, POINT) == Rate(1, 3)


def test_a_model_alone_is_counted_at_its_own_threshold() -> None:
    asked = probes(("eve", X, Z), ("mal", Z, X))
    assert false_matches_alone(gallery(ann=X, bob=Y), asked, "a", 0.7) == Rate(1, 4)


def test_without_comparisons_there_is_no_rate() -> None:
    pytest.importorskip("scipy")
    for people, asked in (
        (gallery(ann=X), probes(("ann", X, X))),
        (gallery(), probes(("eve", X, X))),
        (gallery(ann=X), Probes([], {"a": np.zeros((0,), np.float32), "b": np.zeros((0,), np.float32)})),
    ):
        rate = false_matches(people, asked, POINT)
        assert (rate.trials, rate.value, rate.ci95) == (0, None, None)
