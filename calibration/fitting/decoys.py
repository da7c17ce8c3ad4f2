"""Made-up embeddings to choose hyperparameters by, and how well a score sets real ones apart from them.

Nobody's attack is used for choosing: a baseline chosen by attacks would know those attacks and no others.
"""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Scores = NDArray[np.float64]


def decoys(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Return unit rows (n, d) whose every coordinate comes from another random row of ``vectors`` (n, d).

    Each coordinate by itself is as among real faces; what faces have in common across coordinates is gone (the
    product of marginals, Shi and Horvath, J. Computational and Graphical Statistics 15(1), 2006).
    """
    mixed = rng.permuted(vectors, axis=0)
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    made_up: Vectors = (mixed / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)
    return made_up


def separation(real: Scores, other: Scores) -> float:
    """Return the chance that a real row scores above another one, ties counted half: the area under the ROC curve.

    Raises:
        ValueError: one of them is empty or holds a NaN.
    """
    if not (real.size and other.size) or np.isnan(real).any() or np.isnan(other).any():
        raise ValueError("both kinds of scores are needed, and every one a number")
    ordered = np.sort(other)
    below = np.searchsorted(ordered, real, side="left") + np.searchsorted(ordered, real, side="right")
    return float(below.mean() / 2 / other.size)
