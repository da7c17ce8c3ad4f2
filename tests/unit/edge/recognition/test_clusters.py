"""Clusters of refused faces: the same face is the same cluster, memory is bounded, and time may run backwards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.domain.embedding import Embedding
from edge.recognition.clusters import ClusterTerms, FaceClusters
from tests.support.profiles import A, B

MS = 1_000_000
TERMS = ClusterTerms(threshold=0.5, most_clusters=4, forget_after_ms=1_000)
AXES = np.eye(16, dtype=np.float32)


def probe(direction: NDArray[np.float32], noise: float = 0.0, seed: int = 1) -> Embedding:
    rows = direction + noise * np.random.default_rng(seed).normal(size=direction.size)
    return Embedding(A, (rows / np.linalg.norm(rows)).astype(np.float32))


def test_the_same_face_is_the_same_cluster_and_another_face_is_not() -> None:
    clusters = FaceClusters(TERMS)
    name = clusters.cluster_of(probe(AXES[0]), 1)
    assert clusters.cluster_of(probe(AXES[0], noise=0.1), 2) == name
    assert clusters.cluster_of(probe(AXES[1]), 3) != name


def test_names_are_random_and_say_nothing_of_the_face() -> None:
    names = {FaceClusters(TERMS).cluster_of(probe(AXES[0]), 1) for _ in range(10)}
    assert len(names) == 10
    assert all(len(name) == 16 for name in names)


def test_a_face_that_was_not_refused_is_forgotten_when_released_and_one_that_was_is_not() -> None:
    clusters = FaceClusters(TERMS)
    kept, gone = clusters.cluster_of(probe(AXES[0]), 1), clusters.cluster_of(probe(AXES[1]), 1)
    clusters.refuse(kept, 1)
    clusters.release(kept)
    clusters.release(gone)
    assert clusters.cluster_of(probe(AXES[0]), 2) == kept
    assert clusters.cluster_of(probe(AXES[1]), 2) != gone


def test_a_refused_face_is_forgotten_in_time() -> None:
    clusters = FaceClusters(TERMS)
    name = clusters.cluster_of(probe(AXES[0]), 0)
    clusters.refuse(name, 0)
    assert clusters.cluster_of(probe(AXES[0]), 999 * MS) == name
    assert clusters.cluster_of(probe(AXES[0]), 2_000 * MS) != name
    clusters.cluster_of(probe(AXES[1]), 9_000 * MS)
    assert len(clusters) == 1


def test_new_faces_push_out_no_refused_one() -> None:
    clusters = FaceClusters(TERMS)
    name = clusters.cluster_of(probe(AXES[0]), 1)
    clusters.refuse(name, 1)
    for axis in AXES[1:]:
        clusters.cluster_of(probe(axis), 2)
    assert clusters.cluster_of(probe(AXES[0]), 3) == name


def test_the_oldest_refused_face_gives_way_when_all_were_refused() -> None:
    clusters = FaceClusters(TERMS)
    names = []
    for axis in AXES[:4]:
        names.append(clusters.cluster_of(probe(axis), 1))
        clusters.refuse(names[-1], 1)
    clusters.cluster_of(probe(AXES[0]), 2)
    clusters.cluster_of(probe(AXES[5]), 3)
    assert [clusters.was_refused(name) for name in names] == [True, False, True, True]


def test_a_probe_of_another_model_is_never_compared() -> None:
    clusters = FaceClusters(TERMS)
    name = clusters.cluster_of(probe(AXES[0]), 1)
    clusters.refuse(name, 1)
    assert clusters.cluster_of(Embedding(B, AXES[0]), 2) != name
    assert not clusters.was_refused(name)


def test_nobody_can_walk_a_cluster_over_to_another_face() -> None:
    clusters = FaceClusters(TERMS)
    name = clusters.cluster_of(probe(AXES[0]), 1)
    for step in np.linspace(0, np.pi / 2, 400):
        clusters.cluster_of(probe((np.cos(step) * AXES[0] + np.sin(step) * AXES[1]).astype(np.float32)), 2)
    assert clusters.cluster_of(probe(AXES[1]), 3) != name


@pytest.mark.parametrize("wrong", [{"most_clusters": 0}, {"forget_after_ms": 0}, {"threshold": 2.0}])
def test_terms_without_room_or_time_are_refused(wrong: dict[str, float]) -> None:
    terms = {"threshold": 0.5, "most_clusters": 4, "forget_after_ms": 1_000, **wrong}
    with pytest.raises(ValueError, match="clusters"):
        ClusterTerms(**terms)  # type: ignore[arg-type] # the point is that they are wrong


@given(
    st.lists(
        st.tuples(
            st.integers(0, 15), st.integers(-5_000 * MS, 5_000 * MS), st.sampled_from(["see", "refuse", "release"])
        ),
        max_size=60,
    )
)
def test_memory_is_bounded_whatever_comes_and_however_time_runs(
    events: list[tuple[int, int, str]],
) -> None:
    clusters = FaceClusters(TERMS)
    for axis, now_ns, then in events:
        name = clusters.cluster_of(probe(AXES[axis]), now_ns)
        assert len(clusters) <= TERMS.most_clusters
        assert clusters.cluster_of(probe(AXES[axis]), now_ns) == name
        if then == "refuse":
            clusters.refuse(name, now_ns)
            assert clusters.was_refused(name)
        elif then == "release":
            clusters.release(name)
