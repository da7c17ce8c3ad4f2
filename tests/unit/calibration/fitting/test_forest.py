"""The forest's arrays give scikit-learn's own scores."""

import numpy as np
import pytest

from calibration.fitting.forest import expected_length, fit_forest
from tests.support.baselines import a_cloud

pytest.importorskip("sklearn")


@pytest.mark.parametrize("width", [8, 128])
def test_scores_are_those_of_scikit_learn(width: int) -> None:
    forest, fitted = fit_forest(a_cloud(400, width), samples=256, seed=1)
    probes = np.concatenate([a_cloud(300, width, seed=2), np.random.default_rng(3).normal(size=(50, width))])
    probes = probes.astype(np.float32)
    np.testing.assert_allclose(forest.score(probes), fitted.score_samples(probes), rtol=1e-6)


def test_a_probe_on_a_cut_falls_on_the_same_side() -> None:
    forest, fitted = fit_forest(a_cloud(300, 4), samples=64, seed=1)
    is_inner = forest.left != np.arange(len(forest.left))
    probes = np.zeros((int(is_inner.sum()), 4), np.float32)
    probes[np.arange(len(probes)), forest.feature[is_inner]] = forest.cut[is_inner]
    np.testing.assert_allclose(forest.score(probes), fitted.score_samples(probes), rtol=1e-6)


def test_lengths_of_searches_by_hand() -> None:
    np.testing.assert_allclose(expected_length(np.array([0, 1, 2, 256])), [0, 0, 1, 10.244770920], rtol=1e-6)


def test_more_samples_than_rows_are_all_rows() -> None:
    assert fit_forest(a_cloud(20, 4), samples=256, seed=1)[1].max_samples_ == 20
