"""Samples of what the gate tells."""

import datetime as dt

from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging.envelope import decision_message
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import BirthV1, priority_of
from edge.messaging.status import birth_certificate
from edge.trust.signing import Signer

NOON = dt.datetime(2026, 3, 14, 12, 0, 0, 250_000, tzinfo=dt.UTC)
IDENTITY = GateIdentity("site1", "gate1", "front-door", "0123abcd")
SIGNER = Signer(bytes(range(32)))
KEYS = {IDENTITY.source: (SIGNER.public_key,)}


def a_verdict(
    decision: Decision = Decision.GRANTED,
    reason: Reason = Reason.MATCH,
    findings: tuple[Finding, ...] | None = None,
    decided_utc: dt.datetime = NOON,
) -> Verdict:
    """Return a verdict; granted unless told otherwise."""
    if findings is None:
        findings = (Finding(defense="randomize", outcome=Outcome.PASS, statistic=0.8125, threshold=0.4375),)
    return Verdict(
        attempt_id=AttemptId("attempt-1"),
        decision=decision,
        reason=reason,
        subject=SubjectRef("subject-7"),
        findings=findings,
        frames=3,
        started_ns=1_000_000_000,
        decided_ns=1_412_345_678,
        decided_utc=decided_utc,
        policy_digest="ab" * 32,
    )


def a_decision(seq: int, now_utc: dt.datetime = NOON) -> OutboxMessage:
    """Return a signed decision event."""
    return decision_message(
        a_verdict(decided_utc=now_utc), IDENTITY, Ticket("chain1", seq), SIGNER, now_utc, opens=True
    )


def a_plain_message(text: str, kind: EventKind = EventKind.DECISION) -> OutboxMessage:
    """Return a message whose payload is just ``text``."""
    topic = IDENTITY.topics.event(kind).topic
    return OutboxMessage(kind=kind, topic=topic, payload=text.encode(), priority=priority_of(kind))


def a_birth() -> BirthV1:
    """Return a birth certificate."""
    return birth_certificate(
        IDENTITY, version="0.1.0", models={"sface-2021dec": "cd" * 32}, policy_digest="ab" * 32, key_id=SIGNER.key_id
    )
