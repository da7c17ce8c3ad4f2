"""What the audit chain keeps of each kind of event: more than leaves the gate, still no names.

The audit stays on the trusted side, so it may hold what defenses measured, rounded to four decimals. A number that is
not finite becomes text, because canonical JSON has no form for it. Subjects are random references.
"""

import datetime as dt
import math
from collections.abc import Mapping

from edge.domain.anomaly import AnomalyReport
from edge.domain.command import CommandRecord
from edge.domain.event import EventKind
from edge.domain.finding import Finding
from edge.domain.gallery_change import GalleryChange
from edge.domain.verdict import Verdict
from edge.messaging.envelope import timestamp
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.wording import one_line

AuditBody = Mapping[str, object]


def decision_body(verdict: Verdict, identity: GateIdentity, now_utc: dt.datetime) -> AuditBody:
    """Return the whole verdict: every finding of every deciding frame, with its rounded statistic."""
    return _body(EventKind.DECISION, identity, verdict.decided_utc, now_utc) | {
        "attempt": verdict.attempt_id,
        "decision": verdict.decision.value,
        "reason": verdict.reason.value,
        "subject": verdict.subject,
        "frames": verdict.frames,
        "latency_ms": max(0, round(verdict.latency_ms)),
        "policy": verdict.policy_digest,
        "hint": one_line(verdict.hint),
        "findings": [_finding(finding) for finding in verdict.findings],
    }


def anomaly_body(report: AnomalyReport, identity: GateIdentity, now_utc: dt.datetime) -> AuditBody:
    """Return an anomaly."""
    return _body(EventKind.ANOMALY, identity, report.occurred_utc, now_utc) | {
        "anomaly": report.anomaly.value,
        "detail": one_line(report.detail),
        "attempt": report.attempt,
    }


def lifecycle_body(phase: LifecyclePhase, version: str, identity: GateIdentity, now_utc: dt.datetime) -> AuditBody:
    """Return a start or a stop."""
    return _body(EventKind.LIFECYCLE, identity, now_utc, now_utc) | {
        "phase": phase.value,
        "version": one_line(version),
    }


def command_body(record: CommandRecord, identity: GateIdentity, now_utc: dt.datetime) -> AuditBody:
    """Return who commanded what and how it stands."""
    return _body(EventKind.COMMAND, identity, record.issued_utc, now_utc) | {
        "command": record.name.value,
        "command_id": record.command_id,
        "what": one_line(record.what),
        "key_id": record.key_id,
        "sender": record.sender,
        "terms": dict(record.terms),
        "outcome": record.outcome.value,
        "detail": one_line(record.detail),
    }


def gallery_body(change: GalleryChange, identity: GateIdentity, now_utc: dt.datetime) -> AuditBody:
    """Return what was done to the gallery, with its counter and root, which say what was enrolled then."""
    return _body(EventKind.GALLERY, identity, now_utc, now_utc) | {
        "act": change.act.value,
        "subject": change.subject,
        "counter": change.counter,
        "people": change.people,
        "root": change.root,
        "detail": one_line(change.detail),
    }


def _body(
    kind: EventKind, identity: GateIdentity, occurred_utc: dt.datetime, now_utc: dt.datetime
) -> dict[str, object]:
    return {
        "kind": kind.value,
        "source": identity.source,
        "access_point": identity.access_point,
        "boot_id": identity.boot_id,
        "time": timestamp(occurred_utc),
        "recorded": timestamp(now_utc),
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "defense": finding.defense,
        "outcome": finding.outcome.value,
        "statistic": _rounded(finding.statistic),
        "threshold": _rounded(finding.threshold),
        "detail": one_line(finding.detail),
    }


def _rounded(number: float) -> float | str:
    return round(float(number), 4) if math.isfinite(number) else str(float(number))
