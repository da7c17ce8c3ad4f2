"""Prints what precisions cost: one JSON object a model and precision, or a line for people."""

from typing import Any

from calibration.evaluation.precision import FAR, PrecisionFigures
from calibration.statistics.intervals import Interval

COLUMNS = {
    "model": 18,
    "precision": 9,
    "pictures": 8,
    "cosine_min": 10,
    "cosine_mean": 11,
    "accuracy": 8,
    "accuracy_drop": 13,
    "tar_drop": 8,
}
_DIGITS = 6


def record_of(
    model_id: str, precision: str, split: str, counts: tuple[int, int, int], found: PrecisionFigures
) -> dict[str, Any]:
    """Return a precision's figures by their JSON keys.

    Args:
        model_id: catalog id.
        precision: its name.
        split: whose pictures.
        counts: pairs, pictures with a usable face, pictures without.
        found: the figures.
    """
    own, near = found.figures, found.closeness
    far = f"{FAR:g}"
    return {
        "model": model_id,
        "precision": precision,
        "split": split,
        "pairs": counts[0],
        "pictures": counts[1],
        "failed_to_enroll": counts[2],
        "cosine_min": round(near.least, 7),
        "cosine_p1": round(near.p1, 7),
        "cosine_mean": round(near.mean, 7),
        "shift_mean": round(near.shift_mean, _DIGITS),
        "shift_p99": round(near.shift_p99, _DIGITS),
        "shift_max": round(near.shift_most, _DIGITS),
        "accuracy": round(own.accuracy, _DIGITS),
        "accuracy_ci95": _ends(own.accuracy_ci95),
        "accuracy_drop": round(found.accuracy_drop, _DIGITS),
        "tar": {f"{rate:g}": round(value, _DIGITS) for rate, value in own.tar.items()},
        "thresholds": {f"{rate:g}": round(value, 4) for rate, value in own.thresholds.items()},
        "impostors": own.impostors,
        "far": far,
        "tar_drop": round(found.tar_drop, _DIGITS),
        "tar_drop_ci95": _ends(found.tar_drop_ci95),
        "lost": found.lost,
        "gained": found.gained,
        "tar_drop_at_fp32_threshold": round(found.tar_drop_same, _DIGITS),
        "far_at_fp32_threshold": round(found.far_same, 7),
    }


def _ends(interval: Interval) -> list[float]:
    return [round(end, _DIGITS) for end in interval]
