"""What the fitted numbers do with people that fitted nothing: the figures beside every threshold of the profile."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.agreement import mapped_cosines
from calibration.fitting.attempts import Attempts
from calibration.fitting.defense_points import DETECTOR, defense_measures
from calibration.fitting.detector_head import genuine_columns
from calibration.fitting.fit import Fit
from calibration.fitting.material import Material
from calibration.fitting.operating_point import passes
from calibration.statistics.bootstrap import Draws, pair_rate_interval, rate_interval, threshold_interval
from calibration.statistics.intervals import Interval, clopper_pearson
from calibration.statistics.joint_refusal import Measure, refused
from edge.domain.profile import Agreement, MatchPoint
from edge.trust.profile_points import Figures
from edge.trust.profile_writing import TablePath

_MOST_TAIL = 20.0
"""How many times more impostors than pass are kept to find the interval of a threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Figures by table of the profile, and what all defenses refuse together."""

    figures: Mapping[TablePath, Figures]
    refused_together: float
    refused_ci95: Interval
    attempts: int


def measured_on(fit: Fit, material: Material, attempts: Attempts, agreement: Agreement) -> Measured:
    """Measure a fit.

    Args:
        fit: from split A.
        material: split B.
        attempts: genuine attempts of split B, at the fitted operating point.
        agreement: the map that serves.
    """
    point = fit.match.point
    figures = _match_figures(fit, point, material)
    figures[("screen",)] = figures[("match", "floor", agreement.target)]
    baselines = {m: f.baseline.scores(attempts.vectors[m]) for m, f in fit.baselines.items()}
    seen = {f"{check} {m}": values for m, scores in baselines.items() for check, values in scores.items()}
    source, target = (attempts.vectors[model] for model in (agreement.source, agreement.target))
    seen["agreement"] = mapped_cosines(agreement.weights, source, target)
    measures = defense_measures(attempts, point, seen, caps=fit.caps)
    if fit.head is not None:
        measures[DETECTOR] = Measure(fit.head.head.scores(genuine_columns(attempts, seen, fit.caps)), is_floor=False)
    thresholds = fit.points.thresholds
    for check, measure in measures.items():
        failed = measure.fails(thresholds[check])
        figures[_table_of(check)] = Figures(
            frr=float(failed.mean()), frr_ci95=_interval(failed, attempts.owners), genuine=len(failed)
        )
    together = refused(measures, thresholds)
    return Measured(figures, float(together.mean()), _interval(together, attempts.owners), len(attempts))


def _match_figures(fit: Fit, point: MatchPoint, material: Material) -> dict[TablePath, Figures]:
    """Return the figures of the operating point, of both floors and of both models alone."""
    models = tuple(point.weights)
    genuine, impostor = material.scores.fused(point.weights)
    accepted = passes(point, material.scores.impostor, impostor)
    own = passes(point, material.scores.genuine, genuine)
    fitted = fit.material.scores.fused(point.weights)[1]
    over = np.all([fit.material.scores.impostor[m] >= point.floors[m] for m in models], axis=0)
    fitted = np.where(over, fitted, -np.inf).astype(np.float32)
    found: dict[TablePath, Figures] = {
        ("match",): _figures(material, accepted, own, _spread(fit.material, fitted, fit.goal.fmr))
    }
    for model in models:
        scores, theirs = material.scores.impostor[model], material.scores.genuine[model]
        for name, thresholds in (("floor", point.floors), ("alone", point.alone)):
            far = float(np.mean(fit.material.scores.impostor[model] >= thresholds[model]))
            found[("match", name, model)] = _figures(
                material,
                scores >= thresholds[model],
                theirs >= thresholds[model],
                _spread(fit.material, fit.material.scores.impostor[model], far),
            )
    return found


def _figures(
    material: Material, accepted: NDArray[np.bool_], own: NDArray[np.bool_], threshold_ci95: Interval
) -> Figures:
    owners, count = material.scores.owners, len(material.plain.names)
    rows, columns = np.nonzero(accepted)
    impostors, draws = material.scores.comparisons, Draws.of(count)
    probes = np.bincount(owners, minlength=count)
    has = material.scores.has_genuine
    missed = ~own[has]
    far_ci95 = (
        pair_rate_interval(owners[rows], columns, probes, draws) if len(rows) else clopper_pearson(0, impostors)
    )
    return Figures(
        far=len(rows) / impostors,
        far_ci95=far_ci95,
        frr=float(missed.mean()),
        frr_ci95=_interval(missed, owners[has]),
        impostors=impostors,
        genuine=int(has.sum()),
        threshold_ci95=threshold_ci95,
    )


def _spread(material: Material, impostor: NDArray[np.float32], far: float) -> Interval:
    """Return the interval of the threshold that lets ``far`` of these impostors pass, had other people been drawn."""
    owners, count = material.scores.owners, len(material.plain.names)
    kept = min(impostor.size - 1, int(max(100, _MOST_TAIL * far * material.scores.comparisons)))
    edge = np.partition(impostor, impostor.size - kept, axis=None)[impostor.size - kept]
    rows, columns = np.nonzero(impostor >= max(edge, -1.0))
    probes = np.bincount(owners, minlength=count)
    tail = impostor[rows, columns].astype(np.float64)
    return threshold_interval(tail, owners[rows], columns, probes, far, Draws.of(count))


def _interval(happened: NDArray[np.bool_], owners: NDArray[np.int64]) -> Interval:
    if not happened.any():
        return clopper_pearson(0, len(happened))
    people, index = np.unique(owners, return_inverse=True)
    events = np.bincount(index, happened.astype(np.float64)).astype(np.int64)
    return rate_interval(events, np.bincount(index).astype(np.int64), Draws.of(len(people)))


def _table_of(check: str) -> TablePath:
    """Return where the threshold of a check stands in the profile."""
    kind, _, rest = check.partition(" ")
    match kind:
        case "random-score":
            return ("randomize", "score")
        case "random-drop":
            return ("randomize", "spread", rest)
        case "agreement":
            return ("agreement",)
        case "detector":
            return ("detector_head",)
        case "pixel":
            return ("sanitize", "most", rest)
        case "ellipsoid" | "forest" | "machine":
            return ("baseline", rest, kind)
        case _:
            return ("squeeze", rest, kind)
