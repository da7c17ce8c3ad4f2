"""The one value that can open a door. Made in ``edge/policy`` alone."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason

AttemptId = NewType("AttemptId", str)


class AttemptEnd(StrEnum):
    """Why an attempt must be decided now."""

    LEFT = "left"
    TIMEOUT = "timeout"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How an attempt ended.

    Attributes:
        attempt_id: random, unique.
        decision: granted or denied.
        reason: why; ``MATCH`` if and only if granted.
        subject: the person granted, or the last candidate that was refused; None for unknown.
        findings: all findings of the deciding frames.
        frames: how many frames were assessed.
        started_ns: monotonic start of the attempt.
        decided_ns: monotonic time of the decision.
        decided_utc: wall time of the decision.
        policy_digest: sha256 of the rules and operating points that decided.
        hint: what the operator should look at, for faults.
        took_ms: milliseconds that each stage took over all frames, by name; for the log and the metrics alone.
        release_ns: monotonic time before which nothing of it may leave the gate; see ``edge.policy.schedule``.
    """

    attempt_id: AttemptId
    decision: Decision
    reason: Reason
    subject: SubjectRef | None
    findings: tuple[Finding, ...]
    frames: int
    started_ns: int
    decided_ns: int
    decided_utc: dt.datetime
    policy_digest: str
    hint: str = ""
    release_ns: int = 0
    took_ms: tuple[tuple[str, float], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if (self.decision is Decision.GRANTED) != (self.reason is Reason.MATCH):
            raise ValueError(f"a {self.decision} verdict cannot have the reason {self.reason}")
        if self.decision is Decision.GRANTED and self.subject is None:
            raise ValueError("nobody cannot be granted")

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the attempt's start to its decision."""
        return (self.decided_ns - self.started_ns) / 1e6
