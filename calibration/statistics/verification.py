"""Verification figures from scores: accuracy by folds, TAR at a FAR. Higher score = more alike."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]

_BLOCK = 512


def fold_accuracy(scores: Scores, is_genuine: NDArray[np.bool_], folds: NDArray[np.int64]) -> tuple[int, int]:
    """Return (correct, all) where each fold is decided at the threshold that is best on all the other folds.

    The LFW View 2 protocol (Huang et al., 2007). With a single fold the threshold is fitted on the fold itself.
    """
    correct = 0
    names = np.unique(folds)
    for fold in names:
        held = folds == fold
        fit = ~held if len(names) > 1 else held
        threshold = _best_threshold(scores[fit], is_genuine[fit])
        correct += int(np.sum((scores[held] >= threshold) == is_genuine[held]))
    return correct, len(scores)


def threshold_at_far(impostors: Scores, far: float) -> float:
    """Return the least threshold at which at most ``far`` of the impostor scores pass.

    Raises:
        ValueError: no impostors, or too few to resolve ``far``.
    """
    if len(impostors) * far < 1:
        raise ValueError(f"{len(impostors)} impostor pairs cannot resolve FAR {far}")
    allowed = int(len(impostors) * far)
    ordered = np.partition(impostors, len(impostors) - allowed - 1)
    return float(np.nextafter(ordered[len(impostors) - allowed - 1], np.inf))


def tar_at_far(genuine: Scores, impostors: Scores, far: float) -> float:
    """Return the share of genuine scores that pass where at most ``far`` of the impostor scores do."""
    return float(np.mean(genuine >= threshold_at_far(impostors, far)))


def impostor_blocks(people: NDArray[np.int64]) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Walk all pairs of different people once: yield (rows, mask) with mask (rows, n) of columns to score."""
    columns = np.arange(len(people))
    for start in range(0, len(people), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(people)))
        later = columns[np.newaxis, :] > columns[rows, np.newaxis]
        yield rows, later & (people[np.newaxis, :] != people[rows, np.newaxis])


def impostor_scores(
    vectors: Mapping[str, Vectors], weights: Mapping[str, float], people: NDArray[np.int64]
) -> Scores:
    """Return the fused score of every pair of pictures of two people.

    Args:
        vectors: float32 (n, d) unit rows by model id.
        weights: weight of each model's cosine.
        people: int64 (n,), who is on each picture.

    Returns:
        float64 (pairs,).
    """
    parts = [
        np.sum([w * (vectors[m][rows] @ vectors[m].T)[mask] for m, w in weights.items()], axis=0, dtype=np.float64)
        for rows, mask in impostor_blocks(people)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _best_threshold(scores: Scores, is_genuine: NDArray[np.bool_]) -> float:
    order = np.argsort(scores)[::-1]
    hits = np.cumsum(is_genuine[order])
    false = np.cumsum(~is_genuine[order])
    correct = np.concatenate(([0], hits - false)) + np.sum(~is_genuine)
    best = int(np.argmax(correct))
    ordered = scores[order]
    if best == 0:
        return float(np.nextafter(ordered[0], np.inf))
    if best == len(ordered):
        return float(ordered[-1])
    return float((ordered[best - 1] + ordered[best]) / 2)
