"""Scores of embeddings row by row, where a row that is no number never gets a number."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]


def row_scores(vectors: NDArray[np.floating], width: int, score: Callable[[Rows], NDArray[np.floating]]) -> Scores:
    """Return ``score`` of every row; NaN where the row holds a NaN or an infinity.

    A comparison with NaN is false and takes the other branch: a tree would give such a row an ordinary score.

    Args:
        vectors: floating (n, width); n may be 0.
        width: what the score was fitted on.
        score: float32 (n, width), all finite, to floating (n,).

    Returns:
        float64 (n,).

    Raises:
        ValueError: the vectors are not rows of ``width`` numbers.
    """
    rows = checked_rows(vectors, width)
    is_usable: NDArray[np.bool_] = np.asarray(np.isfinite(rows).all(axis=1))
    if not is_usable.all():
        rows = np.where(is_usable[:, np.newaxis], rows, np.float32(0))
    with np.errstate(over="ignore", invalid="ignore"):
        scores = score(rows).astype(np.float64)
    scores[~is_usable] = np.nan
    return scores


def checked_rows(vectors: NDArray[np.floating], width: int) -> Rows:
    """Return the vectors as float32 (n, width); numbers too large for float32 become infinite.

    Raises:
        ValueError: they are not rows of ``width`` floating numbers.
    """
    rows = np.asarray(vectors)
    if rows.ndim != 2 or rows.shape[1] != width or not np.issubdtype(rows.dtype, np.floating):
        raise ValueError(f"expected rows of {width} floating numbers, got {rows.dtype} {rows.shape}")
    with np.errstate(over="ignore"):
        return rows.astype(np.float32, copy=False)


def require_finite(name: str, values: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    """Return if ``values`` is a finite float32 array of ``shape``, where -1 stands for any size but 0.

    Raises:
        ValueError: it is not.
    """
    fits = values.ndim == len(shape) and all(
        got == want or (want == -1 and got > 0) for got, want in zip(values.shape, shape, strict=True)
    )
    if values.dtype != np.float32 or not fits or not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite float32 {shape}, got {values.dtype} {values.shape}")
