"""The learned head's table of the profile, ``[detector_head]``, and its arrays."""

from collections.abc import Mapping
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from edge.domain.detector_head import DetectorHead
from edge.trust.array_archive import ArrayTerms, FloatArray
from edge.trust.profile_points import Point

_LogOdds = Annotated[float, Field(ge=-1e6, le=1e6)]
_Feature = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,191}$")]
_MOST_FEATURES = 256
_ARRAYS = ("center", "scale", "weights")


class DetectorHeadTable(Point):
    """Names of what the head reads, in order, and its greatest log-odds; its numbers are ``detector_head.*``."""

    features: Annotated[list[_Feature], Field(min_length=1, max_length=_MOST_FEATURES)]
    bias: _LogOdds
    threshold: _LogOdds

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.features)) != len(self.features):
            raise ValueError("every feature must be named once")
        return self


def head_terms(table: DetectorHeadTable | None) -> dict[str, ArrayTerms]:
    """Return what the head asks of the archive."""
    if table is None:
        return {}
    return {
        _array_name(name): ArrayTerms(dimensions=1, dtype="float64", most_side=_MOST_FEATURES) for name in _ARRAYS
    }


def head_from(table: DetectorHeadTable, arrays: Mapping[str, FloatArray]) -> DetectorHead:
    """Return the head that the table describes.

    Raises:
        ValueError: the table and its arrays do not fit together.
    """
    center, scale, weights = (arrays[_array_name(name)].astype(np.float64, copy=False) for name in _ARRAYS)
    return DetectorHead(
        features=tuple(table.features),
        center=center,
        scale=scale,
        weights=weights,
        bias=table.bias,
        threshold=table.threshold,
    )


def head_arrays(head: DetectorHead | None) -> dict[str, FloatArray]:
    """Return the arrays of a head by their names in the archive."""
    return {} if head is None else {_array_name(name): getattr(head, name) for name in _ARRAYS}


def head_table(head: DetectorHead) -> dict[str, object]:
    """Return the table of a head."""
    return {"features": list(head.features), "bias": float(head.bias), "threshold": float(head.threshold)}


def _array_name(name: str) -> str:
    return f"detector_head.{name}"
