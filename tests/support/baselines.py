"""Small baselines fitted by hand, for tests of what uses them."""

import numpy as np
from numpy.typing import NDArray

from edge.domain.baseline import CHECKS, Baseline, Ellipsoid, OneClassMachine
from edge.domain.isolation import IsolationForest


def a_forest(width: int) -> IsolationForest:
    """Return two trees over the first coordinate: below 0 sets apart at once, above 0.5 too, between takes longer."""
    left, right = np.array([1, 1, 3, 3, 4]), np.array([2, 1, 4, 3, 4])
    length = [0.0, 0.5, 0.0, 2.0, 1.0]
    arrays = {
        "roots": np.array([0, 5]),
        "feature": np.zeros(10),
        "cut": np.array([0.0, 0.0, 0.5, 0.0, 0.0] * 2),
        "left": np.concatenate([left, left + 5]),
        "right": np.concatenate([right, right + 5]),
        "length": np.array(length * 2),
    }
    return IsolationForest.from_arrays(width, {name: values.astype(np.float32) for name, values in arrays.items()})


def a_baseline(model_id: str, width: int, *, threshold: float = -1e3) -> Baseline:
    """Return a baseline that passes everything finite while ``threshold`` is far below."""
    rng = np.random.default_rng(1)
    return Baseline(
        model_id=model_id,
        ellipsoid=Ellipsoid(mean=np.zeros(width, np.float32), whitening=np.eye(width, dtype=np.float32)),
        forest=a_forest(width),
        machine=OneClassMachine(
            frequencies=rng.normal(size=(width, 16)).astype(np.float32),
            phases=rng.uniform(0, 6, 16).astype(np.float32),
            weights=np.ones(16, np.float32),
        ),
        thresholds=dict.fromkeys(CHECKS, threshold),
    )


def a_cloud(count: int, width: int, seed: int = 1) -> NDArray[np.float32]:
    """Return unit rows (count, width) that lie in a flat cloud away from the middle."""
    rng = np.random.default_rng(seed)
    basis = np.random.default_rng(0).normal(size=(width // 2, width))
    rows = rng.normal(size=(count, width // 2)) @ basis + 0.3 * rng.normal(size=(count, width)) + 2
    cloud: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return cloud
