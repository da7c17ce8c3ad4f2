"""The gallery: aggregation that one poisoned template cannot move, and bindings that are never crossed."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.embedding import Binding, Embedding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import MEDIAN_SLACK, Gallery, Template

A = Binding("a", "digest-a", "recipe-a", "reference")
B = Binding("b", "digest-b", "recipe-b", "reference")
POINT = MatchPoint(
    threshold=0.5, weights={"a": 0.25, "b": 0.75}, floors={"a": 0.3, "b": 0.3}, alone={"a": 0.7, "b": 0.7}
)


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.array(values, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def template(*rows: NDArray[np.float32]) -> Template:
    return Template.from_vectors(np.stack(rows))


ANN, BOB = SubjectRef("ann"), SubjectRef("bob")
X, Y, Z = unit(1, 0, 0), unit(0, 1, 0), unit(0, 0, 1)
GALLERY = Gallery(
    {"a": A, "b": B}, {ANN: {"a": template(X), "b": template(X)}, BOB: {"a": template(Y), "b": template(Y)}}
)


def test_search_finds_the_most_alike() -> None:
    found = GALLERY.search(Embedding(A, unit(0.2, 0.9, 0.1)))
    assert found is not None
    assert found[0] == BOB


def test_an_empty_gallery_finds_nobody() -> None:
    assert Gallery({"a": A}, {}).search(Embedding(A, X)) is None


def test_one_poisoned_template_of_five_does_not_open() -> None:
    poisoned = template(X, X, X, X, Z)
    assert poisoned.scores(Z[np.newaxis])[0] < 0.3


def test_score_is_the_centroids_and_never_far_above_the_median() -> None:
    two = template(X, Y, Y)
    assert two.scores(Y[np.newaxis])[0] == pytest.approx(float(two.centroid @ Y))
    held_down = template(X, X, Y, Z, Z)
    middle = float(np.median(held_down.vectors @ Y))
    assert held_down.scores(Y[np.newaxis])[0] == pytest.approx(
        min(float(held_down.centroid @ Y), middle + MEDIAN_SLACK)
    )
    assert middle + MEDIAN_SLACK < float(held_down.centroid @ Y)


def test_of_one_template_the_score_is_its_cosine() -> None:
    probe = (X + Y) / np.linalg.norm(X + Y)
    assert template(X).scores(probe[np.newaxis])[0] == pytest.approx(float(X @ probe))


@pytest.mark.parametrize(
    "rows", [np.zeros((0, 3)), np.full((1, 3), np.nan), np.stack([X, -X]), np.zeros((2, 3))], ids=str
)
def test_a_template_of_nothing_is_refused(rows: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="template"):
        Template.from_vectors(rows.astype(np.float32))


@pytest.mark.parametrize(
    "other",
    [
        replace(A, model_id="c"),
        replace(A, model_digest="x"),
        replace(A, recipe_digest="x"),
        replace(A, precision_class="int8"),
    ],
)
def test_a_probe_of_another_model_recipe_or_class_is_refused(other: Binding) -> None:
    with pytest.raises(TrustError, match="bound"):
        GALLERY.search(Embedding(other, X))
    with pytest.raises(TrustError, match="bound"):
        GALLERY.compare(ANN, [Embedding(other, X)], POINT)


def test_a_person_without_a_template_of_every_model_is_refused() -> None:
    with pytest.raises(TrustError, match="lack"):
        Gallery({"a": A, "b": B}, {ANN: {"a": template(X)}})


def test_compare_fuses_by_weight() -> None:
    match = GALLERY.compare(ANN, [Embedding(A, X), Embedding(B, Y)], POINT)
    assert match.per_model == {"a": pytest.approx(1.0), "b": pytest.approx(0.0)}
    assert match.fused == pytest.approx(0.25)


def test_a_comparison_with_one_model_silent_is_not_finite() -> None:
    assert not GALLERY.compare(ANN, [Embedding(A, X)], POINT).is_finite


def test_search_ranks_more_people_than_the_shortlist() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 16))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = {
        SubjectRef(str(i)): {"a": Template.from_vectors(r[np.newaxis].astype(np.float32))} for i, r in enumerate(rows)
    }
    found = Gallery({"a": A}, people).search(Embedding(A, rows[37].astype(np.float32)))
    assert found is not None
    assert found[0] == "37"


def test_nothing_biometric_in_a_repr() -> None:
    assert "0." not in repr(Embedding(A, unit(1, 2, 3)))
    assert "0." not in repr(template(unit(1, 2, 3)))
