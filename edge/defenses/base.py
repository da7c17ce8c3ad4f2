"""The role of a defense, the evidence it judges, and how several checks become one finding."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.reasons import Outcome
from engines.render.spec import PLAIN, ViewSpec

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewEvidence:
    """What both models made of all views of one face in one frame, against one candidate.

    Attributes:
        views: view names, in row order.
        vectors: float32 (n, d) unit rows by model id.
        scores: float64 (n,) scores against the candidate by model id.
        fused: float64 (n,) fused scores against the candidate.
    """

    views: tuple[str, ...]
    vectors: Mapping[str, FloatArray]
    scores: Mapping[str, NDArray[np.float64]]
    fused: NDArray[np.float64]

    def row(self, view: str) -> int:
        """Return the row of a view.

        Raises:
            KeyError: the view was not rendered.
        """
        try:
            return self.views.index(view)
        except ValueError:
            raise KeyError(view) from None

    @property
    def plain(self) -> int:
        """Row of the plain view."""
        return self.row(PLAIN.name)


class Defense(Protocol):
    """One defense. Stateless: everything it knows comes in as arguments or from the profile.

    Attributes:
        name: stable name of the finding.
    """

    name: str

    def views(self, face: Face, rng: random.Random) -> Sequence[ViewSpec]:
        """Name the views it needs of this face; the plain view is always there."""
        ...

    def judge(self, evidence: ViewEvidence) -> Finding:
        """Judge. Never raises on bad evidence: what is missing or not finite is an ERROR finding."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """One number against its threshold.

    Attributes:
        label: what was measured.
        value: the number.
        threshold: from the calibration profile.
        is_floor: True = the value must be at least the threshold; False = at most.
    """

    label: str
    value: float
    threshold: float
    is_floor: bool

    @property
    def margin(self) -> float:
        """How far on the good side; negative = failed; NaN = not measurable."""
        return self.value - self.threshold if self.is_floor else self.threshold - self.value


def finding_of(defense: str, checks: Sequence[Check]) -> Finding:
    """Return the finding of the tightest check. No checks, or a number that is not finite, is an ERROR."""
    if not checks:
        return error_finding(defense, "nothing was measured")
    for check in checks:
        if not math.isfinite(check.margin):
            return error_finding(defense, f"{check.label} is not a number")
    worst = min(checks, key=lambda check: check.margin)
    return Finding(
        defense=defense,
        outcome=Outcome.PASS if worst.margin >= 0 else Outcome.FAIL,
        statistic=worst.value,
        threshold=worst.threshold,
        detail=worst.label,
        measured=tuple((check.label, check.value) for check in checks),
    )


def error_finding(defense: str, detail: str) -> Finding:
    """Return the finding of a defense that could not judge."""
    return Finding(defense=defense, outcome=Outcome.ERROR, statistic=math.nan, threshold=math.nan, detail=detail)
