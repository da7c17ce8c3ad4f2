"""Fitting a baseline: scikit-learn's own scores, thresholds on people left out, and nobody's vector in the arrays."""

import numpy as np
import pytest

from calibration.fitting.baseline import FOLDS, BaselineFit, fit_baseline, fit_ellipsoid, fit_machine
from edge.domain.baseline import CHECKS
from tests.support.baselines import a_cloud

pytest.importorskip("sklearn")

WIDTH = 16
SHARE = 0.02


@pytest.fixture(scope="module")
def fit() -> BaselineFit:
    return fit_baseline("a", a_cloud(200, WIDTH), np.repeat(np.arange(40), 5), share=SHARE)


@pytest.mark.parametrize("width", [8, 64])
def test_the_ellipsoid_is_scikit_learns(width: int) -> None:
    from sklearn.covariance import LedoitWolf

    cloud, probes = a_cloud(300, width), a_cloud(100, width, seed=2)
    fitted = LedoitWolf().fit(cloud.astype(np.float64))
    distances = np.square(fit_ellipsoid(cloud).score(probes)) * width
    np.testing.assert_allclose(distances, fitted.mahalanobis(probes.astype(np.float64)), rtol=1e-5)


@pytest.mark.parametrize(("width", "gamma", "nu"), [(8, 0.5, 0.05), (64, 2.0, 0.2)])
def test_the_machine_is_scikit_learns(width: int, gamma: float, nu: float) -> None:
    machine, fitted = fit_machine(a_cloud(300, width), gamma=gamma, nu=nu)
    probes = a_cloud(100, width, seed=2)
    np.testing.assert_allclose(machine.score(probes), fitted.score_samples(probes), rtol=1e-5)


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_refuses_its_share_of_people_left_out(fit: BaselineFit, check: str) -> None:
    refused = fit.held_out[check] < fit.baseline.thresholds[check]
    assert refused.mean() == pytest.approx(SHARE, abs=2 / 200)


def test_the_ellipsoid_tells_faces_from_made_up_ones(fit: BaselineFit) -> None:
    assert fit.separation["ellipsoid"] > 0.9


def test_no_array_holds_anybodys_vector(fit: BaselineFit) -> None:
    cloud = a_cloud(200, WIDTH)
    for values in fit.baseline.arrays().values():
        for rows in (values, values.T):
            if rows.ndim == 2 and rows.shape[1] == WIDTH:
                unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
                assert np.abs(unit @ cloud.T).max() < 0.99


def test_the_same_pictures_give_the_same_baseline(fit: BaselineFit) -> None:
    again = fit_baseline("a", a_cloud(200, WIDTH), np.repeat(np.arange(40), 5), share=SHARE)
    assert again.chosen == fit.chosen
    for name, values in fit.baseline.arrays().items():
        np.testing.assert_array_equal(again.baseline.arrays()[name], values)


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        fit_baseline("a", a_cloud(10, 4), np.arange(10), share=share)


def test_vectors_that_are_no_numbers_are_refused() -> None:
    cloud = a_cloud(10, 4)
    cloud[3, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        fit_baseline("a", cloud, np.arange(10), share=0.1)


@pytest.mark.parametrize("people", [np.zeros(10, np.int64), np.arange(FOLDS - 1), np.arange(9)])
def test_too_few_people_are_refused(people: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    with pytest.raises(ValueError, match="folds"):
        fit_baseline("a", a_cloud(10, 4), people, share=0.1)
