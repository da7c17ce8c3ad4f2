"""What one frame of an attempt contributed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edge.domain.embedding import Embedding
from edge.domain.face import Quality
from edge.domain.finding import Finding
from edge.domain.match import Match
from edge.domain.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One judged frame. It holds evidence, not a judgment: the policy decides what it is worth.

    Attributes:
        frame_seq: which frame.
        captured_ns: when the frame was captured, monotonic.
        quality: the quality gate's measurements; None when no face was measured.
        probe: the screening model's embedding of the face, biometric: it never leaves the process; None = not made.
        face_digest: digest of the face's pixels, to tell whether two frames show the same bytes; None = not taken.
        screen: best candidate of the cheap pass; None when nobody came near.
        verified: 1:1 comparison with the candidate, both models, on this very frame; None when not reached.
        findings: every defense that ran.
        fault: why the frame could not be judged; None when it could.
        took_ms: milliseconds of each stage that ran, by name.
    """

    frame_seq: int
    captured_ns: int
    quality: Quality | None = None
    probe: Embedding | None = field(default=None, repr=False, compare=False)
    face_digest: bytes | None = field(default=None, repr=False)
    screen: Match | None = None
    verified: Match | None = None
    findings: tuple[Finding, ...] = ()
    fault: Reason | None = None
    took_ms: tuple[tuple[str, float], ...] = field(default=(), compare=False)


def times_of(assessments: Iterable[Assessment]) -> Mapping[str, float]:
    """Return how long each stage took over all of an attempt's frames, milliseconds, by name."""
    total: dict[str, float] = {}
    for assessment in assessments:
        for stage, took_ms in assessment.took_ms:
            total[stage] = total.get(stage, 0.0) + took_ms
    return total
