"""The smallest eps that sufficed, a row an attacker and target: medians beside what was published of bare models."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from calibration.statistics.intervals import Interval
from redteam.campaign.plan import Row
from redteam.report.outcomes import Outcomes
from redteam.report.rates import median_interval, quantile
from redteam.scene import Goal
from redteam.success import Target


@dataclass(frozen=True, slots=True)
class Published:
    """A median that others measured, gray levels of 255."""

    network: str
    median_eps: float


_ROBFR: Mapping[Target, Published] = {
    Target.FACENET: Published("FaceNet", 1.31),
    Target.SFACE: Published("MobileFace", 0.94),
}
"""Yang et al., arXiv 2007.04118: BIM-20, L-infinity, impersonation, white box, their thresholds near FAR 1 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimalRow:
    """A search of the smallest eps against one target.

    Attributes:
        row: the search; its eps is the largest that was tried.
        ordered: what each scene took, gray levels, ascending; infinite = the largest did not suffice.
        void: why the row must not be believed; None = nothing speaks against it.
    """

    row: Row
    ordered: tuple[float, ...]
    void: str | None = None

    @property
    def target(self) -> Target:
        """What had to be overcome."""
        return self.row.minimal_for or Target.GATE

    @property
    def unreached(self) -> int:
        """How many scenes the largest eps did not suffice for."""
        return sum(math.isinf(eps) for eps in self.ordered)

    @property
    def published(self) -> Published | None:
        """The nearest published median; only bare models have one."""
        return _ROBFR.get(self.target) if self.row.goal is Goal.IMPERSONATION else None

    @property
    def median_interval(self) -> Interval | None:
        """Exact 95 % interval of the median, gray levels; None of fewer than six scenes."""
        return median_interval(self.ordered)

    def quantile(self, share: float) -> float | None:
        """Return a quantile, gray levels; infinite = above the largest tried, None of no scene."""
        return quantile(self.ordered, share) if self.ordered else None

    def values(self) -> dict[str, Any]:
        """Return the row as plain values; None stands for above the largest eps, ``unreached`` tells how many are."""
        row, interval = self.row, self.median_interval
        return {
            "attack": row.attack,
            "attacker": row.attacker.value,
            "goal": row.goal.value,
            "target": self.target.value,
            "knows": row.knows.value,
            "draws": row.draws,
            "n": len(self.ordered),
            "median_eps": _finite(self.quantile(0.5)),
            "median_ci95": None if interval is None else [_finite(interval.low), _finite(interval.high)],
            "quartiles": [_finite(self.quantile(0.25)), _finite(self.quantile(0.75))] if self.ordered else None,
            "unreached": self.unreached,
            "largest_eps": row.eps,
            "planned": row.scenes,
            "void": self.void,
        }


def minimal_rows(outcomes: Outcomes, voids: Mapping[str, str]) -> Iterator[MinimalRow]:
    """Yield a row for each planned search.

    Args:
        outcomes: of the campaign.
        voids: why rows must not be believed, by row id.
    """
    for row in outcomes.rows:
        if row.minimal_for is not None:
            ordered = tuple(sorted(outcomes.smallest(row).values()))
            yield MinimalRow(row=row, ordered=ordered, void=voids.get(row.row_id))


def _finite(eps: float | None) -> float | None:
    return eps if eps is not None and math.isfinite(eps) else None
