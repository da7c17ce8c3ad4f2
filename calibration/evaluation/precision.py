"""What a precision costs: the same pictures in fp32 and in it, each model alone.

Decisions are compared twice. At its *own* threshold a precision is calibrated anew, as int8 would be. At fp32's it
serves with the reference class's profile, as fp16 does. Differences are paired: the same pairs, the same draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.evaluation.pairs import PairFigures, pair_figures, pair_score, people_of
from calibration.pictures.pairs import Pair
from calibration.statistics.bootstrap import Draws, rate_interval
from calibration.statistics.intervals import Interval

FAR = 1e-3
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """How far embeddings moved from fp32's.

    Attributes:
        least: least cosine of a picture to itself.
        p1: first percentile of it.
        mean: its mean.
        shift_mean: mean of how far the score of any two pictures moved.
        shift_p99: 99th percentile of that.
        shift_most: the most of it.
    """

    least: float
    p1: float
    mean: float
    shift_mean: float
    shift_p99: float
    shift_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionFigures:
    """What one precision came to.

    Attributes:
        figures: its own accuracy and TAR.
        closeness: to fp32.
        accuracy_drop: fp32's accuracy less its own.
        tar_drop: fp32's TAR at FAR 1e-3 less its own, each at its own threshold.
        tar_drop_ci95: of the paired difference, by the bootstrap over people at fixed thresholds.
        tar_drop_same: the same, where it is decided at fp32's threshold.
        lost: genuine pairs that fp32 accepts and it does not, at own thresholds.
        gained: the other way round.
        far_same: rate of impostors at fp32's threshold for FAR 1e-3.
    """

    figures: PairFigures
    closeness: Closeness
    accuracy_drop: float
    tar_drop: float
    tar_drop_ci95: Interval
    tar_drop_same: float
    lost: int
    gained: int
    far_same: float


def measure_precisions(
    pairs: Sequence[Pair], paths: Sequence[Path], rows: Mapping[str, Rows], model_id: str, *, base: str
) -> dict[str, PrecisionFigures]:
    """Return the figures of every precision of one model.

    Args:
        pairs: what is decided; a picture that is not among ``paths`` matches nobody.
        paths: the pictures, by row.
        rows: float32 (len(paths), d) unit rows by precision.
        model_id: catalog id.
        base: the precision that others are compared with.

    Raises:
        ValueError: there are too few impostors for FAR 1e-3.
    """
    row = {path: i for i, path in enumerate(paths)}
    people = people_of(paths)
    genuine = [pair for pair in pairs if pair.is_genuine]
    subject = people_of([pair.first for pair in genuine])
    every = {name: pair_figures(pairs, row, people, {model_id: r}, {model_id: 1.0}) for name, r in rows.items()}
    if any(FAR not in figures.thresholds for figures in every.values()):
        raise ValueError(f"{every[base].impostors} impostor pairs cannot resolve FAR {FAR}")
    scores = {
        name: np.array([pair_score(pair, row, {model_id: r}, {model_id: 1.0}) for pair in genuine])
        for name, r in rows.items()
    }
    draws = Draws.of(int(subject.max()) + 1)
    fixed = every[base].thresholds[FAR]
    passed = {name: scores[name] >= every[name].thresholds[FAR] for name in rows}
    found = {}
    for name, figures in every.items():
        lost, gained = passed[base] & ~passed[name], passed[name] & ~passed[base]
        change = np.bincount(subject, lost.astype(np.int64) - gained.astype(np.int64))
        found[name] = PrecisionFigures(
            figures=figures,
            closeness=closeness(rows[name], rows[base]),
            accuracy_drop=every[base].accuracy - figures.accuracy,
            tar_drop=every[base].tar[FAR] - figures.tar[FAR],
            tar_drop_ci95=rate_interval(change.astype(np.int64), np.bincount(subject), draws),
            tar_drop_same=every[base].tar[FAR] - float(np.mean(scores[name] >= fixed)),
            lost=int(lost.sum()),
            gained=int(gained.sum()),
            far_same=_far(rows[name], people, fixed),
        )
    return found


def closeness(rows: Rows, reference: Rows) -> Closeness:
    """Return how far the same pictures' unit rows, float32 (n, d), are from the reference's."""
    wide, base = rows.astype(np.float64), reference.astype(np.float64)
    cosines = np.sum(wide * base, axis=1) / (np.linalg.norm(wide, axis=1) * np.linalg.norm(base, axis=1))
    moved = np.abs(rows @ rows.T - reference @ reference.T)[np.triu_indices(len(rows), 1)]
    return Closeness(
        least=float(cosines.min()),
        p1=float(np.quantile(cosines, 0.01)),
        mean=float(cosines.mean()),
        shift_mean=float(moved.mean()) if moved.size else 0.0,
        shift_p99=float(np.quantile(moved, 0.99)) if moved.size else 0.0,
        shift_most=float(moved.max()) if moved.size else 0.0,
    )


def _far(rows: Rows, people: NDArray[np.int64], threshold: float) -> float:
    is_impostor = np.triu(people[:, None] != people[None, :], 1)
    return float(np.sum((rows @ rows.T >= threshold) & is_impostor) / is_impostor.sum())
