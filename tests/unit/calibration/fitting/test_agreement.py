"""The agreement map: recovers a linear relation, and is judged on people it has not seen."""

import numpy as np

from calibration.fitting.agreement import fit_agreement, mapped_cosines


def test_a_linear_relation_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(50), 6)
    source = rng.normal(size=(300, 16)).astype(np.float32)
    linear = (source @ rng.normal(size=(16, 8)) + 0.5).astype(np.float32)
    linear /= np.linalg.norm(linear, axis=1, keepdims=True)
    noise = rng.normal(size=(300, 8)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    assert fit_agreement(source, linear, people).held_out.mean() > 0.9
    assert fit_agreement(source, noise, people).held_out.mean() < 0.3


def test_the_intercept_is_the_last_row() -> None:
    source = np.random.default_rng(2).normal(size=(200, 4)).astype(np.float32)
    target = np.tile(np.array([[0.6, 0.8]], np.float32), (200, 1))
    fit = fit_agreement(source, target, np.arange(200))
    assert fit.weights.shape == (5, 2)
    np.testing.assert_allclose(fit.weights[-1], [0.6, 0.8], atol=1e-3)
    np.testing.assert_allclose(mapped_cosines(fit.weights, source, target), 1.0, atol=1e-5)
