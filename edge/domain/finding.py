"""What one defense found on one frame."""

import math
from dataclasses import dataclass, field

from edge.domain.reasons import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A defense's judgment, its evidence and its cost.

    Attributes:
        defense: name of the defense.
        outcome: ``PASS`` is needed from every mandatory defense.
        statistic: what was measured; its direction is in the defense's page.
        threshold: what it was compared with; from the calibration profile.
        detail: one short phrase for the operator, never shown to the person at the door. What failed comes first;
            what else was measured follows a semicolon.
        measured: every number that was looked at, by name; it stays in memory.
    """

    defense: str
    outcome: Outcome
    statistic: float
    threshold: float
    detail: str = ""
    measured: tuple[tuple[str, float], ...] = field(default=(), compare=False, repr=False)

    @property
    def check(self) -> str:
        """The check that decided: the detail without what else was measured."""
        return self.detail.partition(";")[0]

    def __post_init__(self) -> None:
        if self.outcome is Outcome.PASS and not (math.isfinite(self.statistic) and math.isfinite(self.threshold)):
            raise ValueError(f"{self.defense} cannot pass on a number that is not finite")
