"""What one frame led to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.domain.anomaly import AnomalyReport
from edge.domain.assessment import Assessment
from edge.domain.face import Face
from edge.domain.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The outcome of one frame, or of an event between frames.

    Attributes:
        verdicts: attempts that ended, oldest first.
        anomalies: what an operator should know of.
        assessments: what judged frames contributed to their attempt, oldest first: this frame or earlier ones.
        faces: faces found in this frame, nearest first.
        granted: what was measured of each attempt that was granted, by statistic; see :mod:`edge.pipeline.measures`.
        looked_ms: what finding and following this frame's faces took; None = it was not searched.
    """

    verdicts: tuple[Verdict, ...] = ()
    anomalies: tuple[AnomalyReport, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    faces: tuple[Face, ...] = ()
    granted: tuple[Mapping[str, float], ...] = ()
    looked_ms: float | None = field(default=None, compare=False)

    def __add__(self, later: "Step") -> "Step":
        """Return both steps as one, in order."""
        return Step(
            verdicts=self.verdicts + later.verdicts,
            anomalies=self.anomalies + later.anomalies,
            assessments=self.assessments + later.assessments,
            faces=self.faces + later.faces,
            granted=self.granted + later.granted,
            looked_ms=self.looked_ms if later.looked_ms is None else later.looked_ms,
        )
