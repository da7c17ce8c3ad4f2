"""What one frame led to."""

from dataclasses import dataclass

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
        assessment: what the frame contributed to the open attempt; None when none was open.
        faces: faces found, nearest first.
    """

    verdicts: tuple[Verdict, ...] = ()
    anomalies: tuple[AnomalyReport, ...] = ()
    assessment: Assessment | None = None
    faces: tuple[Face, ...] = ()
