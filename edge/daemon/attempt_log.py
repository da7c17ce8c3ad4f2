"""The one canonical line of an attempt: how it ended, why, what it cost, what stood against it. No name, no score."""

import structlog

from edge.domain.anomaly import worst_outcomes
from edge.domain.verdict import Verdict
from edge.policy.limits import Limits

log = structlog.get_logger(__name__)


def log_attempt(verdict: Verdict, limits: Limits, now_ns: int) -> None:
    """Write the line.

    Args:
        verdict: as it was recorded.
        limits: as they stand after it.
        now_ns: monotonic time, of the gate's clock.
    """
    log.info(
        "attempt.decided",
        attempt=verdict.attempt_id,
        decision=verdict.decision.value,
        reason=verdict.reason.value,
        subject=verdict.subject,
        frames=verdict.frames,
        latency_ms=round(verdict.latency_ms),
        stages_ms={stage: round(took_ms, 1) for stage, took_ms in verdict.took_ms},
        defenses={name: outcome.value for name, outcome in worst_outcomes(verdict.findings)},
        posture=limits.posture.value,
        limits=limits.gate.restriction(now_ns).value,
        faces_counted=len(limits.clusters),
        identities_counted=len(limits.identities),
    )
