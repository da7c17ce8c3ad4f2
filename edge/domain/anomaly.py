"""What counts as an anomaly, and the report of one: something an operator should know of. It opens nothing.

Every ``Reason`` is either ordinary (people come, people are refused) or an anomaly that somebody should look at.
A few anomalies are no verdict's reason: they happen on the bus, or before anything is wrong.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from edge.domain.finding import Finding
from edge.domain.reasons import EVERYDAY, Outcome, Reason
from edge.domain.verdict import AttemptId, Verdict


class Anomaly(StrEnum):
    """Names of anomalies on the wire; those that a ``Reason`` has carry its value."""

    MODEL_DISAGREEMENT = Reason.MODEL_DISAGREEMENT.value
    ADVERSARIAL_INPUT = Reason.ADVERSARIAL_INPUT.value
    DEFENSE_INCOMPLETE = Reason.DEFENSE_INCOMPLETE.value
    IDENTITY_CHANGED = Reason.IDENTITY_CHANGED.value
    CHALLENGE_FAILED = Reason.CHALLENGE_FAILED.value
    CLAIM_MISMATCH = Reason.CLAIM_MISMATCH.value
    ESCALATED = Reason.ESCALATED.value
    HELD = Reason.HELD.value
    LOCKDOWN = Reason.LOCKDOWN.value
    OUT_OF_SERVICE = Reason.OUT_OF_SERVICE.value
    EMPTY_GALLERY = Reason.EMPTY_GALLERY.value
    GALLERY_OUTGROWN = Reason.GALLERY_OUTGROWN.value
    EMPTY_POLICY = Reason.EMPTY_POLICY.value
    STALE_FRAME = Reason.STALE_FRAME.value
    FROZEN_FEED = Reason.FROZEN_FEED.value
    DARK_FRAME = Reason.DARK_FRAME.value
    BLANK_FRAME = Reason.BLANK_FRAME.value
    CAMERA_SWAPPED = Reason.CAMERA_SWAPPED.value
    CLOCK_JUMPED = Reason.CLOCK_JUMPED.value
    FAULT_CAMERA = Reason.FAULT_CAMERA.value
    FAULT_ENGINE = Reason.FAULT_ENGINE.value
    FAULT_STORE = Reason.FAULT_STORE.value
    FAULT_BROKER = Reason.FAULT_BROKER.value
    FAULT_DOOR = Reason.FAULT_DOOR.value
    FAULT_INTEGRITY = Reason.FAULT_INTEGRITY.value
    FAULT_INTERNAL = Reason.FAULT_INTERNAL.value

    UNHEARD_DECISIONS = "unheard_decisions"
    RETAINED_COMMAND = "retained_command"
    FORGED_COMMAND = "forged_command"
    FORBIDDEN_COMMAND = "forbidden_command"
    MISDIRECTED_COMMAND = "misdirected_command"
    REPLAYED_COMMAND = "replayed_command"
    STALE_COMMAND = "stale_command"
    MALFORMED_COMMAND = "malformed_command"
    COMMAND_FLOOD = "command_flood"
    GALLERY_NEARLY_FULL = "gallery_nearly_full"
    REPEATED_REFUSALS = "repeated_refusals"
    TOO_PERFECT = "too_perfect"
    REPEATED_FACE = "repeated_face"
    DISTRIBUTION_DRIFT = "distribution_drift"
    POSTURE_NORMAL = "posture_normal"
    LIMITS_UNLOCKED = "limits_unlocked"
    OUTBOX_REFUSED = "outbox_refused"
    OUTBOX_DROPPED = "outbox_dropped"
    OUTBOX_RETRIED = "outbox_retried"
    STATE_RESTORED = "state_restored"

    @property
    def is_fault(self) -> bool:
        """Whether something that should work does not, as against somebody trying something."""
        return self.value.startswith("fault_")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyReport:
    """One anomaly.

    Attributes:
        anomaly: which.
        detail: one line for the operator. It leaves the gate: no scores, no names of people.
        attempt: the attempt it belongs to; None = none.
        occurred_utc: when it happened, timezone-aware.
    """

    anomaly: Anomaly
    detail: str
    attempt: AttemptId | None
    occurred_utc: dt.datetime


def anomaly_of(reason: Reason) -> Anomaly | None:
    """Return the anomaly that a verdict's reason is, None if it is ordinary."""
    return None if reason in EVERYDAY else Anomaly(reason.value)


def report_of_verdict(verdict: Verdict) -> AnomalyReport | None:
    """Return the anomaly that a verdict tells of, None if it is ordinary.

    The detail names the defenses that did not pass, and nothing that was measured.
    """
    anomaly = anomaly_of(verdict.reason)
    if anomaly is None:
        return None
    failed = [f"{name}: {outcome}" for name, outcome in worst_outcomes(verdict.findings) if outcome != Outcome.PASS]
    return AnomalyReport(
        anomaly=anomaly,
        detail=", ".join(failed) or anomaly.value.replace("_", " "),
        attempt=verdict.attempt_id,
        occurred_utc=verdict.decided_utc,
    )


def worst_outcomes(findings: tuple[Finding, ...]) -> tuple[tuple[str, Outcome], ...]:
    """Return each defense once, in order of first appearance, with its worst outcome over the deciding frames."""
    worst: dict[str, Outcome] = {}
    for finding in findings:
        known = worst.get(finding.defense)
        if known is None or _badness(finding.outcome) > _badness(known):
            worst[finding.defense] = finding.outcome
    return tuple(worst.items())


def _badness(outcome: Outcome) -> int:
    match outcome:
        case Outcome.PASS:
            return 0
        case Outcome.SKIPPED:
            return 1
        case Outcome.ERROR:
            return 2
        case Outcome.FAIL:
            return 3
        case _:
            assert_never(outcome)
