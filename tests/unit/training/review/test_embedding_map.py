"""The map: near is near, the same rows give the same picture, and rows of no use are left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.review.embedding_map import EmbeddingMap, principal_plane, thinned
from training.vetting.look import Look
from training.vetting.looker import VERIFIER


class Kept:
    """Looks by name."""

    def __init__(self, rows: dict[str, np.ndarray]) -> None:
        self._rows = rows

    def find(self, sha256: str) -> Look | None:
        row = self._rows.get(sha256)
        return None if row is None else Look(plain={VERIFIER: row}, hidden=row[None], squeezed={VERIFIER: row})


def test_two_groups_lie_apart_along_the_first_axis() -> None:
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((2, 64))
    rows = np.concatenate([direction + 0.1 * rng.standard_normal((30, 64)) for direction in directions])
    places = principal_plane(rows.astype(np.float32))
    assert (np.sign(places[:30, 0]) == np.sign(places[0, 0])).all()
    assert (np.sign(places[30:, 0]) == -np.sign(places[0, 0])).all()
    np.testing.assert_array_equal(places, principal_plane(rows.astype(np.float32)))


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 12),
    d=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([0.0, 1e-12, 1.0, 1e6]),
)
def test_a_map_is_always_finite_and_within_its_frame(n: int, d: int, seed: int, scale: float) -> None:
    rows = (scale * np.random.default_rng(seed).standard_normal((n, d))).astype(np.float32)
    places = principal_plane(rows)
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()
    assert np.abs(places).max() <= 1.0


def test_it_is_the_plane_of_principal_components() -> None:
    rows = np.random.default_rng(3).standard_normal((40, 7)).astype(np.float32)
    centered = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    expected = left[:, :2] * values[:2]
    expected /= np.abs(expected).max()
    np.testing.assert_allclose(np.abs(principal_plane(rows)), np.abs(expected), atol=1e-4)


def test_neighbors_are_ordered_and_leave_out_what_has_no_look() -> None:
    base = np.array([1.0, 0.0], np.float32)
    near, far = np.array([0.8, 0.6], np.float32), np.array([0.0, 1.0], np.float32)
    faces = EmbeddingMap(Kept({"a": base, "near": near, "far": far, "broken": np.array([np.nan, 1.0], np.float32)}))
    near_first = [("near", pytest.approx(0.8)), ("far", 0.0)]
    assert faces.nearest(["a", "unknown"], ["far", "a", "near", "broken", "unknown"], 5) == [near_first, []]
    assert faces.nearest(["a"], ["far", "near"], 1) == [near_first[:1]]
    assert faces.nearest(["unknown"], ["a"], 3) == faces.nearest(["a"], ["unknown"], 3) == [[]]
    assert faces.known(["broken", "a", "unknown"]) == ["a"]
    assert faces.plane([]).shape == (0, 2)


def test_a_large_map_keeps_what_is_flagged() -> None:
    pictures = [str(number) for number in range(1000)]
    flagged = frozenset({"7", "500", "999"})
    kept = thinned(pictures, flagged, most=100)
    assert len(kept) <= 100
    assert flagged <= set(kept)
    assert thinned(pictures, flagged, most=2000) == [
        *sorted(flagged, key=int),
        *(p for p in pictures if p not in flagged),
    ]
    assert set(thinned(pictures, frozenset(pictures), most=10)) == set(pictures[:10])


def test_rows_stay_with_their_pictures_while_more_are_read() -> None:
    rows = np.random.default_rng(1).standard_normal((700, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    faces = EmbeddingMap(Kept({str(number): row for number, row in enumerate(rows)}))
    names = [str(number) for number in range(700)]
    for name in names:
        assert faces.known([name]) == [name]
    assert faces.nearest(["3"], names, 1)[0][0][0] == str(np.argsort(rows @ -rows[3])[1])
    np.testing.assert_array_equal(faces.plane(names), principal_plane(rows))
