"""An event made once more from its audit record: the same id, time and payload, and it opens nothing.

The audit holds all that an event says, and more that never leaves the gate: that is left out again here. What tells a
replay from the first telling is ``replay``, the id of the command that asked for it; there is no ``expirytime``.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

from edge.domain.anomaly import worst_outcomes
from edge.domain.audit import AuditRecord
from edge.domain.errors import EdgeError, TrustError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.finding import Finding
from edge.domain.reasons import Outcome
from edge.messaging.envelope import EventData, Signer, signed_message
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import AnomalyV1, CommandV1, DecisionV1, FindingV1, GalleryV1, LifecycleV1

Body = Mapping[str, Any]


def told_again(record: AuditRecord, signer: Signer, *, command_id: str) -> OutboxMessage:
    """Return the event of an audit record, marked as a replay and signed anew.

    Args:
        record: it must have been checked: what is signed here is believed.
        signer: the gate's key now.
        command_id: of the command that asked for it.

    Raises:
        TrustError: the record does not hold an event as this version writes it.
    """
    try:
        content = json.loads(record.body)
        kind, body = EventKind(content["kind"]), content["data"]
        _, _, site, gate = body["source"].split("/")
        identity = GateIdentity(site, gate, body["access_point"], body["boot_id"])
        # The event of a command is of when it was recorded; the audit also knows when its sender made it.
        occurred = body["recorded" if kind is EventKind.COMMAND else "time"]
        stamps = (dt.datetime.fromisoformat(occurred), dt.datetime.fromisoformat(body["recorded"]))
        data, more = _MAKERS[kind](body)
        ticket = Ticket(content["chain"], record.seq)
        return signed_message(kind, data, identity, ticket, signer, stamps, {**more, "replay": command_id})
    except (KeyError, TypeError, ValueError, AttributeError, EdgeError) as error:
        raise TrustError(
            f"audit row {record.seq} cannot be told again", hint="'edge-gate audit export' has it as it was recorded"
        ) from error


def _decision(body: Body) -> tuple[EventData, dict[str, str]]:
    findings = tuple(
        Finding(defense=f["defense"], outcome=Outcome(f["outcome"]), statistic=0.0, threshold=0.0)
        for f in body["findings"]
    )
    data = DecisionV1(
        **_those(body, "attempt", "decision", "reason", "subject", "frames", "latency_ms", "policy"),
        findings=tuple(FindingV1(defense=name, outcome=outcome) for name, outcome in worst_outcomes(findings)),
    )
    return data, {"correlationid": data.attempt, "dataclassification": "restricted", "dataregulation": "GDPR"}


def _anomaly(body: Body) -> tuple[EventData, dict[str, str]]:
    data = AnomalyV1(**_those(body, "anomaly", "detail", "attempt"))
    correlated = {} if data.attempt is None else {"correlationid": data.attempt}
    return data, {"dataclassification": "restricted", **correlated}


def _lifecycle(body: Body) -> tuple[EventData, dict[str, str]]:
    return LifecycleV1(**_those(body, "phase", "version")), {"dataclassification": "internal"}


def _command(body: Body) -> tuple[EventData, dict[str, str]]:
    data = CommandV1(
        **_those(body, "command", "command_id", "key_id", "sender", "outcome", "detail"),
        what=body.get("what", body["command"]),  # records of older versions do not have it
    )
    return data, {"correlationid": data.command_id, "dataclassification": "internal"}


def _gallery(body: Body) -> tuple[EventData, dict[str, str]]:
    data = GalleryV1(**_those(body, "act", "subject", "counter", "people", "root", "detail"))
    return data, {"dataclassification": "restricted", "dataregulation": "GDPR"}


def _those(body: Body, *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names}


_MAKERS: Mapping[EventKind, Callable[[Body], tuple[EventData, dict[str, str]]]] = {
    EventKind.DECISION: _decision,
    EventKind.ANOMALY: _anomaly,
    EventKind.LIFECYCLE: _lifecycle,
    EventKind.COMMAND: _command,
    EventKind.GALLERY: _gallery,
}
