"""Fits an isolation forest and lays its trees out as the plain arrays that the gate scores."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.domain.isolation import IsolationForest

TREES = 100  # path lengths have settled by then (Liu, Ting and Zhou, ICDM 2008)


def fit_forest(vectors: NDArray[np.float32], *, samples: int, seed: int) -> tuple[IsolationForest, Any]:
    """Return the forest of rows (n, d) as arrays, and scikit-learn's own.

    Args:
        vectors: float32 (n, d).
        samples: rows a tree, at most n.
        seed: the same seed gives the same forest.
    """
    from sklearn.ensemble import IsolationForest as Fitted

    fitted = Fitted(n_estimators=TREES, max_samples=min(samples, len(vectors)), random_state=seed).fit(vectors)
    return IsolationForest.from_arrays(vectors.shape[1], _arrays(fitted)), fitted


def expected_length(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the average path length of an unsuccessful search among ``counts`` rows; equation 1 of the paper."""
    many = np.maximum(counts, 3).astype(np.float64)
    usual = 2 * (np.log(many - 1) + np.euler_gamma) - 2 * (many - 1) / many
    return np.where(counts <= 1, 0.0, np.where(counts == 2, 1.0, usual))


def _arrays(fitted: Any) -> dict[str, NDArray[np.float32]]:
    trees = [estimator.tree_ for estimator in fitted.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    usual = float(expected_length(np.array([fitted.max_samples_]))[0])
    laid_out = [_nodes(tree, int(start), usual) for tree, start in zip(trees, starts, strict=True)]
    return {
        "roots": starts.astype(np.float32),
        **{name: np.concatenate([nodes[name] for nodes in laid_out]) for name in laid_out[0]},
    }


def _nodes(tree: Any, start: int, usual: float) -> dict[str, NDArray[np.float32]]:
    own = np.arange(tree.node_count)
    is_leaf = tree.children_left < 0
    length = (_depths(tree) + expected_length(tree.n_node_samples)) / usual
    return {
        "feature": np.where(is_leaf, 0, tree.feature).astype(np.float32),
        "cut": _rounded_down(np.where(is_leaf, 0.0, tree.threshold)),
        "left": (start + np.where(is_leaf, own, tree.children_left)).astype(np.float32),
        "right": (start + np.where(is_leaf, own, tree.children_right)).astype(np.float32),
        "length": np.where(is_leaf, length, 0.0).astype(np.float32),
    }


def _depths(tree: Any) -> NDArray[np.int64]:
    depths = np.zeros(tree.node_count, np.int64)
    for node, (left, right) in enumerate(zip(tree.children_left, tree.children_right, strict=True)):
        if left >= 0:
            depths[[left, right]] = depths[node] + 1  # children stand behind their parent
    return depths


def _rounded_down(cuts: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the greatest float32 at most each cut: float32 rows fall on the same side as with the cut itself."""
    near = cuts.astype(np.float32)
    return np.where(near > cuts, np.nextafter(near, np.float32(-np.inf)), near)
