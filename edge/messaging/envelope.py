"""CloudEvents 1.0 in structured JSON, signed, ready for the outbox. Pure functions; time and keys come in.

The signature is Ed25519 over the RFC 8785 form of the event without its ``signature`` attribute, base64 in there.
Attribute names follow the CloudEvents rule: lower-case letters and digits.
"""

import base64
import datetime as dt
from typing import Final, Protocol

import rfc8785

from edge.domain.anomaly import AnomalyReport, worst_outcomes
from edge.domain.command import CommandRecord
from edge.domain.errors import EdgeError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.gallery_change import GalleryChange
from edge.domain.verdict import Verdict
from edge.messaging.event_envelope import EventEnvelopeV1
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import (
    AnomalyV1,
    CommandV1,
    DecisionV1,
    FindingV1,
    GalleryV1,
    LifecyclePhase,
    LifecycleV1,
    priority_of,
    severity_of,
)
from edge.messaging.wording import one_line

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
SIGNATURE_CONTEXT: Final = "egate-event-v1"
DECISION_VALID: Final = dt.timedelta(seconds=10)
"""How long after it was made a decision may open anything; the same 10 s as a command."""

TYPE_OF_KIND: Final = {kind: f"io.egate.{kind}.v1" for kind in EventKind}

EventData = DecisionV1 | AnomalyV1 | LifecycleV1 | CommandV1 | GalleryV1


class Signer(Protocol):
    """Whoever holds the gate's signing key."""

    @property
    def key_id(self) -> str:
        """Name of the key, for consumers that know several."""
        ...

    def sign(self, body: bytes, *, context: str) -> bytes:
        """Return the signature of ``body``, valid for ``context`` alone."""
        ...


def decision_message(
    verdict: Verdict,
    identity: GateIdentity,
    ticket: Ticket,
    signer: Signer,
    now_utc: dt.datetime,
    *,
    opens: bool = False,
) -> OutboxMessage:
    """Return the signed event of a verdict: outcomes of defenses, never what they measured.

    Args:
        verdict: what was decided.
        identity: which gate.
        ticket: its place in the audit chain.
        signer: the gate's key.
        now_utc: time of recording.
        opens: whether the gate has a door. Without one the event carries no ``expirytime``, and so opens nothing.

    Raises:
        EdgeError: the verdict cannot be put into an event.
    """
    try:
        data = DecisionV1(
            attempt=verdict.attempt_id,
            decision=verdict.decision,
            reason=verdict.reason,
            subject=verdict.subject,
            frames=verdict.frames,
            latency_ms=max(0, round(verdict.latency_ms)),
            policy=verdict.policy_digest,
            findings=tuple(
                FindingV1(defense=name, outcome=outcome) for name, outcome in worst_outcomes(verdict.findings)
            ),
        )
    except ValueError as error:
        raise _unfit(EventKind.DECISION, error) from error
    more = {
        **({"expirytime": timestamp(verdict.decided_utc + DECISION_VALID)} if opens else {}),
        "correlationid": verdict.attempt_id,
        "dataclassification": "restricted",
        "dataregulation": "GDPR",
    }
    stamps = (verdict.decided_utc, now_utc)
    return signed_message(EventKind.DECISION, data, identity, ticket, signer, stamps, more)


def anomaly_message(
    report: AnomalyReport, identity: GateIdentity, ticket: Ticket, signer: Signer, now_utc: dt.datetime
) -> OutboxMessage:
    """Return the signed event of an anomaly.

    Raises:
        EdgeError: the report cannot be put into an event.
    """
    try:
        data = AnomalyV1(anomaly=report.anomaly, detail=one_line(report.detail), attempt=report.attempt)
    except ValueError as error:
        raise _unfit(EventKind.ANOMALY, error) from error
    more = {"dataclassification": "restricted"}
    if report.attempt is not None:
        more["correlationid"] = report.attempt
    return signed_message(EventKind.ANOMALY, data, identity, ticket, signer, (report.occurred_utc, now_utc), more)


def lifecycle_message(
    phase: LifecyclePhase, version: str, identity: GateIdentity, ticket: Ticket, signer: Signer, now_utc: dt.datetime
) -> OutboxMessage:
    """Return the signed event of a start or a stop.

    Raises:
        EdgeError: it cannot be put into an event.
    """
    data = LifecycleV1(phase=phase, version=one_line(version))
    more = {"dataclassification": "internal"}
    return signed_message(EventKind.LIFECYCLE, data, identity, ticket, signer, (now_utc, now_utc), more)


def command_message(
    record: CommandRecord, identity: GateIdentity, ticket: Ticket, signer: Signer, now_utc: dt.datetime
) -> OutboxMessage:
    """Return the signed event of an accepted command: who, what and how it stands, without a person.

    Raises:
        EdgeError: it cannot be put into an event.
    """
    try:
        data = CommandV1(
            command=record.name,
            command_id=record.command_id,
            key_id=record.key_id,
            sender=record.sender,
            what=one_line(record.what),
            outcome=record.outcome,
            detail=one_line(record.detail),
        )
    except ValueError as error:
        raise _unfit(EventKind.COMMAND, error) from error
    more = {"correlationid": record.command_id, "dataclassification": "internal"}
    return signed_message(EventKind.COMMAND, data, identity, ticket, signer, (now_utc, now_utc), more)


def gallery_message(
    change: GalleryChange, identity: GateIdentity, ticket: Ticket, signer: Signer, now_utc: dt.datetime
) -> OutboxMessage:
    """Return the signed event of a change of the gallery: a receipt, without a name or anything biometric.

    Raises:
        EdgeError: it cannot be put into an event.
    """
    try:
        data = GalleryV1(
            act=change.act,
            subject=change.subject,
            counter=change.counter,
            people=change.people,
            root=change.root,
            detail=one_line(change.detail),
        )
    except ValueError as error:
        raise _unfit(EventKind.GALLERY, error) from error
    more = {"dataclassification": "restricted", "dataregulation": "GDPR"}
    return signed_message(EventKind.GALLERY, data, identity, ticket, signer, (now_utc, now_utc), more)


def timestamp(moment: dt.datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds, such as ``2026-01-31T08:15:00.250Z``.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be published")
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical(event: dict[str, object]) -> bytes:
    """Return the RFC 8785 form, UTF-8.

    Raises:
        ValueError: a value has none (NaN, a huge integer, invalid Unicode).
    """
    return rfc8785.dumps(event)  # type: ignore[arg-type] # rfc8785 checks every value itself


def signed_message(
    kind: EventKind,
    data: EventData,
    identity: GateIdentity,
    ticket: Ticket,
    signer: Signer,
    stamps: tuple[dt.datetime, dt.datetime],
    more: dict[str, str],
) -> OutboxMessage:
    """Wrap, sign and address ``data``.

    Args:
        kind: of event.
        data: its payload.
        identity: which gate says it.
        ticket: its place in the audit chain, which names it.
        signer: the gate's key.
        stamps: when it happened and when it was recorded.
        more: further attributes.

    Raises:
        EdgeError: it has no canonical form.
    """
    severity = severity_of(data)
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": f"{ticket.chain_id}-{ticket.seq}",
        "source": identity.source,
        "type": TYPE_OF_KIND[kind],
        "subject": identity.access_point,
        "time": timestamp(stamps[0]),
        "recordedtime": timestamp(stamps[1]),
        "datacontenttype": "application/json",
        "dataschema": data.schema_urn,
        "sequence": f"{ticket.seq:020d}",
        "bootid": identity.boot_id,
        "severitytext": severity.value,
        "severitynumber": severity.number,
        "keyid": signer.key_id,
        "data": data.model_dump(mode="json"),
        **more,
    }
    try:
        signature = signer.sign(canonical(event), context=SIGNATURE_CONTEXT)
        signed = {**event, "signature": base64.b64encode(signature).decode("ascii")}
        EventEnvelopeV1.model_validate(signed)
        payload = canonical(signed)
    except ValueError as error:
        raise _unfit(kind, error) from error
    topic = identity.topics.event(kind).topic
    return OutboxMessage(kind=kind, topic=topic, payload=payload, priority=priority_of(kind))


def _unfit(kind: EventKind, error: ValueError) -> EdgeError:
    return EdgeError(
        f"no {kind} event can be made: {one_line(str(error))}",
        hint="this is a fault of the gate itself: report it with the log",
    )
