"""When an attack counts as a success, and against what: a bare model, both models, or the gate."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from edge.daemon.models import SCREENING, SECOND
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Reason
from redteam.judge import Judgement
from redteam.scene import Goal


class Target(StrEnum):
    """What has to be overcome: one model alone, both and their fused score without a defense, or the gate."""

    FACENET = "facenet"
    SFACE = "sface"
    BOTH = "both"
    GATE = "gate"


MODEL_OF = {Target.FACENET: SECOND, Target.SFACE: SCREENING}


class Point(StrEnum):
    """Where a bare model operates: its loose floor, as published benchmarks do, or as strict as the gate's match."""

    LOOSE = "loose"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Mark:
    """A target at an operating point; ``point`` is None where the profile knows one alone."""

    target: Target
    point: Point | None = None


MARKS = (
    Mark(Target.FACENET, Point.LOOSE),
    Mark(Target.FACENET, Point.STRICT),
    Mark(Target.SFACE, Point.LOOSE),
    Mark(Target.SFACE, Point.STRICT),
    Mark(Target.BOTH),
    Mark(Target.GATE),
)


def is_open(judgement: Judgement, mark: Mark, match: MatchPoint) -> bool:
    """Whether the target takes the picture for the victim; of the gate, whether it did at the first try."""
    if mark.target is Target.GATE:
        return judgement.reason == Reason.MATCH and judgement.granted > 0
    scores = judgement.scores
    if not scores:
        return False
    if mark.target is Target.BOTH:
        return all(scores[m] >= floor for m, floor in match.floors.items()) and match.fuse(scores) >= match.threshold
    model = MODEL_OF[mark.target]
    return scores[model] >= (match.floors if mark.point is Point.LOOSE else match.alone)[model]


def has_succeeded(judgement: Judgement, mark: Mark, goal: Goal, match: MatchPoint) -> bool:
    """Whether the attacker reached the goal: the target opened as the victim, or stayed shut for an enrolled one."""
    return is_open(judgement, mark, match) is (goal is Goal.IMPERSONATION)


def clean_marks(judgement: Judgement, goal: Goal, match: MatchPoint) -> Iterator[Mark]:
    """Yield the targets that a clean picture already overcomes: such a scene would flatter the attacker."""
    return (mark for mark in MARKS if has_succeeded(judgement, mark, goal, match))
