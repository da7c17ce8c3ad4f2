"""Made-up embeddings keep each coordinate and lose the rest; the area under the curve is counted by hand."""

import numpy as np
import pytest

from calibration.fitting.decoys import decoys, separation
from tests.support.baselines import a_cloud


def test_decoys_are_unit_rows_that_correlate_no_more() -> None:
    cloud = a_cloud(500, 8)
    made_up = decoys(cloud, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(made_up, axis=1), 1, rtol=1e-5)
    between = ~np.eye(8, dtype=bool)
    before, after = (np.asarray(np.corrcoef(rows.T)) for rows in (cloud, made_up))
    assert np.abs(after[between]).mean() < np.abs(before[between]).mean() / 2


def test_separation_counts_pairs_and_halves_ties() -> None:
    assert separation(np.array([1.0, 3.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx((1.5 + 3) / 6)


@pytest.mark.parametrize(("real", "other"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0]), ([1.0], [np.nan])])
def test_nothing_to_compare_is_refused(real: list[float], other: list[float]) -> None:
    with pytest.raises(ValueError, match="both kinds"):
        separation(np.array(real), np.array(other))
