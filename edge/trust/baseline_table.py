"""The baselines' tables of the profile, ``[baseline.MODEL]``, and their arrays; and the bounds of pixels."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from edge.domain.baseline import CHECKS, Baseline
from edge.domain.pixel_limits import PixelLimits
from edge.trust.array_archive import ArrayTerms, FloatArray
from edge.trust.profile_points import Name, Point, Table

_Score = Annotated[float, Field(ge=-1e6, le=1e6)]
_DIMENSIONS = {
    "mean": 1,
    "whitening": 2,
    "forest_roots": 1,
    "forest_feature": 1,
    "forest_cut": 1,
    "forest_left": 1,
    "forest_right": 1,
    "forest_length": 1,
    "frequencies": 2,
    "phases": 1,
    "weights": 1,
}
_MOST_NODES = 2**18


class ScorePoint(Point):
    """A score without bounds; higher is more ordinary, or a statistic in octaves."""

    threshold: _Score


class BaselineTable(Table):
    """Least scores of the three checks; their numbers are the arrays ``baseline.MODEL.*``."""

    ellipsoid: ScorePoint
    forest: ScorePoint
    machine: ScorePoint


class SanitizeTable(Table):
    """Bounds of pixel statistics, by statistic."""

    most: dict[Name, ScorePoint] = Field(default_factory=dict)
    least: dict[Name, ScorePoint] = Field(default_factory=dict)


def baseline_terms(tables: Mapping[str, BaselineTable]) -> dict[str, ArrayTerms]:
    """Return what the baselines ask of the archive."""
    return {
        _array_name(model, name): ArrayTerms(dimensions=count, dtype="float32", most_side=_MOST_NODES)
        for model in tables
        for name, count in _DIMENSIONS.items()
    }


def baseline_arrays(baselines: Iterable[Baseline]) -> dict[str, FloatArray]:
    """Return the arrays of baselines by their names in the archive."""
    return {_array_name(b.model_id, name): array for b in baselines for name, array in b.arrays().items()}


def baselines_from(tables: Mapping[str, BaselineTable], arrays: Mapping[str, FloatArray]) -> tuple[Baseline, ...]:
    """Return the baselines that the tables describe.

    Raises:
        ValueError: the arrays are no baseline.
    """
    return tuple(
        Baseline.from_arrays(
            model,
            {name: arrays[_array_name(model, name)].astype(np.float32, copy=False) for name in _DIMENSIONS},
            {check: getattr(table, check).threshold for check in CHECKS},
        )
        for model, table in tables.items()
    )


def baseline_tables(baselines: Iterable[Baseline]) -> dict[str, object]:
    """Return the tables of baselines by model id."""
    return {b.model_id: {check: {"threshold": float(b.thresholds[check])} for check in CHECKS} for b in baselines}


def pixel_limits_from(table: SanitizeTable) -> PixelLimits:
    """Return the bounds that the table describes.

    Raises:
        ValueError: it bounds nothing, or least lies above most.
    """
    return PixelLimits(
        most={name: point.threshold for name, point in table.most.items()},
        least={name: point.threshold for name, point in table.least.items()},
    )


def pixel_table(limits: PixelLimits) -> dict[str, object]:
    """Return the table of bounds."""
    sides = {"most": limits.most, "least": limits.least}
    return {side: {name: {"threshold": float(v)} for name, v in values.items()} for side, values in sides.items()}


def _array_name(model: str, name: str) -> str:
    return f"baseline.{model}.{name}"
