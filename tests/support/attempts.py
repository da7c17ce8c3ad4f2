"""A policy over one made-up defense, and frames that satisfy it."""

from edge.domain.assessment import Assessment
from edge.domain.face import Quality
from edge.domain.finding import Finding
from edge.domain.level import Level
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Outcome
from edge.policy.decide import Policy
from edge.policy.limits import LimitTerms
from edge.policy.rules import FrameTerms

ANN, BOB = SubjectRef("ann"), SubjectRef("bob")
POLICY = Policy(
    frames_needed=2,
    frames_window=3,
    most_verifications=12,
    frame=FrameTerms(
        match=MatchPoint(threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={}),
        mandatory=frozenset({"d"}),
        reasons={},
        most_age_ms=2_000,
    ),
    limits=LimitTerms(failures=3, window_ms=60_000, hold_ms=5_000),
    level=Level.CONVENIENCE,
    sequence_mandatory=frozenset(),
)
CLEAR = Quality(width_px=80, sharpness=1, brightness=100, yaw_ratio=0)


def good_frame(seq: int, captured_ns: int, subject: SubjectRef = ANN) -> Assessment:
    """Return a frame that counts for ``subject``."""
    return Assessment(
        frame_seq=seq,
        captured_ns=captured_ns,
        quality=CLEAR,
        screen=Match(subject=subject, fused=0.8, per_model={"a": 0.8}),
        verified=Match(subject=subject, fused=0.8, per_model={"a": 0.8, "b": 0.8}),
        findings=(Finding(defense="d", outcome=Outcome.PASS, statistic=0.1, threshold=0.2),),
    )


def unknown_frame(seq: int, captured_ns: int) -> Assessment:
    """Return a clear frame of nobody known."""
    return Assessment(frame_seq=seq, captured_ns=captured_ns, quality=CLEAR)
