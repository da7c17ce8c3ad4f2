"""Verification on pairs of pictures: each model alone, or the fused score.

Accuracy follows the pairs' own folds. TAR is measured against all-vs-all impostors among the pictures that the pairs
name: every pair of pictures of two people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.faces import FacePicture, FaceReader
from calibration.pictures.pairs import Pair
from calibration.statistics.intervals import Interval, clopper_pearson
from calibration.statistics.verification import fold_accuracy, impostor_scores, threshold_at_far
from edge.domain.profile import MatchPoint
from engines.progress import Progress

FARS = (0.01, 0.001)
_REFUSED = -2.0  # below every cosine: a picture without a face matches nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFigures:
    """Figures of one score.

    Attributes:
        accuracy: share of pairs decided right.
        accuracy_ci95: its exact interval.
        tar: share of genuine pairs accepted, by FAR; NaN where the impostors cannot resolve the FAR.
        thresholds: the score at which each FAR is kept.
        impostors: impostor comparisons counted.
    """

    accuracy: float
    accuracy_ci95: Interval
    tar: Mapping[float, float]
    thresholds: Mapping[float, float]
    impostors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEvaluation:
    """Figures of every model alone and of the fused score."""

    pairs: int
    failed_to_enroll: int
    models: Mapping[str, PairFigures]
    fused: PairFigures


def find_faces(pairs: Sequence[Pair], reader: FaceReader, progress: Progress) -> dict[Path, FacePicture]:
    """Return every picture that the pairs name and that has a usable face, each embedded once.

    Raises:
        EdgeError: an engine failed.
    """
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    every = reader.read_all(paths, progress, label="embedding pictures")
    return {path: picture for path, picture in every if picture is not None}


def evaluate_pairs(pairs: Sequence[Pair], found: Mapping[Path, FacePicture], point: MatchPoint) -> PairEvaluation:
    """Measure. Pictures that were not found to have a usable face fail to enroll and match nobody."""
    paths = {path for pair in pairs for path in (pair.first, pair.second)}
    kept = sorted(paths & set(found))
    row = {path: i for i, path in enumerate(kept)}
    people = people_of(kept)
    vectors = {m: np.concatenate([found[p].vectors[m] for p in kept]) for m in point.weights}
    return PairEvaluation(
        pairs=len(pairs),
        failed_to_enroll=len(paths) - len(kept),
        models={m: pair_figures(pairs, row, people, {m: v}, {m: 1.0}) for m, v in vectors.items()},
        fused=pair_figures(pairs, row, people, vectors, point.weights),
    )


def people_of(paths: Sequence[Path]) -> NDArray[np.int64]:
    """Return who is on each picture, a number a person; int64 (n,)."""
    names = {name: i for i, name in enumerate(sorted({p.parent.name for p in paths}))}
    return np.array([names[p.parent.name] for p in paths], np.int64)


def pair_figures(
    pairs: Sequence[Pair],
    row: Mapping[Path, int],
    people: NDArray[np.int64],
    vectors: Mapping[str, NDArray[np.float32]],
    weights: Mapping[str, float],
) -> PairFigures:
    """Return the figures of one score.

    Args:
        pairs: what is decided.
        row: where each picture that has a face is found.
        people: int64 (n,), who is on each picture, by row.
        vectors: float32 (n, d) unit rows by model id.
        weights: weight of each model's cosine.
    """
    scores = np.array([pair_score(pair, row, vectors, weights) for pair in pairs])
    is_genuine = np.array([pair.is_genuine for pair in pairs])
    correct, count = fold_accuracy(scores, is_genuine, np.array([pair.fold for pair in pairs], np.int64))
    impostors = impostor_scores(vectors, weights, people)
    thresholds = {far: threshold_at_far(impostors, far) for far in FARS if len(impostors) * far >= 1}
    genuine = scores[is_genuine]
    return PairFigures(
        accuracy=correct / count,
        accuracy_ci95=clopper_pearson(correct, count),
        tar={far: float(np.mean(genuine >= thresholds[far])) if far in thresholds else float("nan") for far in FARS},
        thresholds=thresholds,
        impostors=len(impostors),
    )


def pair_score(
    pair: Pair,
    row: Mapping[Path, int],
    vectors: Mapping[str, NDArray[np.float32]],
    weights: Mapping[str, float],
) -> float:
    """Return a pair's fused score, below every cosine if one of its pictures has no row. Arguments as above."""
    if pair.first not in row or pair.second not in row:
        return _REFUSED
    i, j = row[pair.first], row[pair.second]
    return sum(w * float(vectors[m][i] @ vectors[m][j]) for m, w in weights.items())
