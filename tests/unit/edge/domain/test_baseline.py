"""Baselines: scores against counting by hand, arrays there and back, and no number for what is no number."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.baseline import CHECKS, Baseline, Ellipsoid
from edge.domain.isolation import IsolationForest
from tests.support.baselines import a_baseline, a_cloud, a_forest

WIDTH = 8
BASELINE = a_baseline("a", WIDTH)
UNUSABLE = (np.nan, np.inf, -np.inf)


def rows(*first: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    made = np.zeros((len(first), WIDTH), np.float32)
    made[:, 0] = first
    return made


def test_the_ellipsoid_counts_deviations() -> None:
    ellipsoid = Ellipsoid(mean=np.ones(4, np.float32), whitening=np.diag([2, 1, 1, 1]).astype(np.float32))
    scores = ellipsoid.score(np.array([[1, 1, 1, 1], [2, 1, 1, 1], [1, 3, 1, 1]], np.float32))
    np.testing.assert_allclose(scores, [0, -2, -2])


def test_the_forest_walks_to_its_leaves() -> None:
    assert a_forest(WIDTH).steps == 2
    np.testing.assert_allclose(a_forest(WIDTH).score(rows(-1, 0.5, 0.6)), [-(2**-0.5), -0.25, -0.5])


def test_the_machine_sums_its_waves() -> None:
    machine = BASELINE.machine
    point = a_cloud(1, WIDTH)
    waves = [np.cos(float(point[0] @ machine.frequencies[:, i]) + machine.phases[i]) for i in range(16)]
    assert machine.score(point)[0] == pytest.approx(sum(waves) * np.sqrt(2 / 16), rel=1e-5)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("value", UNUSABLE)
def test_a_row_that_is_no_number_gets_none_and_the_others_keep_theirs(check: str, value: float) -> None:
    cloud = a_cloud(3, WIDTH)
    expected = BASELINE.scores(cloud)[check]
    cloud[1, 3] = value
    scores = BASELINE.scores(cloud)[check]
    assert np.isnan(scores[1])
    np.testing.assert_array_equal(scores[[0, 2]], expected[[0, 2]])


def test_too_large_for_float32_is_no_number() -> None:
    assert all(np.isnan(scores).all() for scores in BASELINE.scores(np.full((1, WIDTH), 1e300)).values())


@pytest.mark.parametrize("check", CHECKS)
def test_no_rows_give_no_scores(check: str) -> None:
    assert BASELINE.scores(np.zeros((0, WIDTH), np.float32))[check].shape == (0,)


@pytest.mark.parametrize("shape", [(WIDTH,), (1, WIDTH + 1), (1, 1, WIDTH), (1, 0)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected rows"):
        BASELINE.scores(np.zeros(shape, np.float32))


def test_whole_numbers_are_no_embedding() -> None:
    with pytest.raises(ValueError, match="expected rows"):
        BASELINE.scores(np.zeros((1, WIDTH), np.int64))


def test_arrays_there_and_back() -> None:
    arrays = BASELINE.arrays()
    assert all(values.dtype == np.float32 for values in arrays.values())
    again = Baseline.from_arrays("a", arrays, BASELINE.thresholds)
    cloud = a_cloud(20, WIDTH)
    for check in CHECKS:
        np.testing.assert_array_equal(again.scores(cloud)[check], BASELINE.scores(cloud)[check])


@pytest.mark.parametrize("name", sorted(BASELINE.arrays()))
@pytest.mark.parametrize("spoil", ["missing", "nan", "short", "float64", "empty"])
def test_spoiled_arrays_are_refused(name: str, spoil: str) -> None:
    arrays = {key: values.copy() for key, values in BASELINE.arrays().items()}
    if spoil == "missing":
        del arrays[name]
    elif spoil == "nan":
        arrays[name].flat[0] = np.nan
    elif spoil == "float64":
        arrays[name] = arrays[name].astype(np.float64)
    elif spoil == "empty":
        arrays[name] = arrays[name][:0]
    elif name == "forest_roots":
        arrays[name] = np.array([1e9], np.float32)
    else:
        arrays[name] = arrays[name][:-1]
    with pytest.raises(ValueError, match=r"must be|lacks"):
        Baseline.from_arrays("a", arrays, BASELINE.thresholds)


@pytest.mark.parametrize(
    ("name", "node", "value"),
    [("left", 0, 0), ("right", 2, 1), ("left", 0, 0.5), ("left", 0, 99), ("feature", 0, -1)],
)
def test_nodes_that_are_no_trees_are_refused(name: str, node: int, value: float) -> None:
    arrays = a_forest(WIDTH).arrays()
    arrays[name][node] = value
    with pytest.raises(ValueError, match=r"behind its parent|whole numbers"):
        IsolationForest.from_arrays(WIDTH, arrays)


def test_a_baseline_is_of_one_width() -> None:
    with pytest.raises(ValueError, match="one width"):
        replace(BASELINE, forest=a_forest(WIDTH + 1))


@pytest.mark.parametrize("thresholds", [{}, {"ellipsoid": 0.0}, dict.fromkeys(CHECKS, float("nan"))])
def test_every_check_needs_a_threshold(thresholds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="finite threshold"):
        replace(BASELINE, thresholds=thresholds)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=6))
def test_a_row_scores_alike_alone_and_among_others(first: list[float]) -> None:
    together = BASELINE.scores(rows(*first))
    for i, value in enumerate(first):
        for check, scores in BASELINE.scores(rows(value)).items():
            assert scores[0] == pytest.approx(together[check][i], rel=1e-5, abs=1e-5)
