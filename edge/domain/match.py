"""The answer of a gallery search or of a 1:1 comparison."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

SubjectRef = NewType("SubjectRef", str)
"""A random reference to an enrolled person; names live elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How alike a probe and one candidate are. Higher is more alike, always.

    Attributes:
        subject: the candidate.
        fused: fused score of all models asked, cosine scale.
        per_model: cosine by model id.
        nearest: cosine to the most alike single template, of the model that finds it least alike; 1 = the very
            picture that was enrolled. None = not measured. It grants nothing.
    """

    subject: SubjectRef
    fused: float
    per_model: Mapping[str, float]
    nearest: float | None = None

    @property
    def is_finite(self) -> bool:
        """Whether every score is a number; a NaN can never match."""
        return math.isfinite(self.fused) and all(math.isfinite(s) for s in self.per_model.values())
