"""What happens beside the gate's own thread, ready for the audit chain."""

import datetime as dt

from edge.domain.anomaly import AnomalyReport
from edge.domain.audit import Entry
from edge.domain.event import EventKind
from edge.messaging.audit_bodies import anomaly_body
from edge.messaging.envelope import Signer, anomaly_message
from edge.messaging.identity import GateIdentity


def anomaly_entry(report: AnomalyReport, identity: GateIdentity, signer: Signer, now_utc: dt.datetime) -> Entry:
    """Return an anomaly as an entry: the audit's body, and the event that tells of it.

    Args:
        report: what happened.
        identity: which gate.
        signer: its key.
        now_utc: time of recording.
    """
    return Entry(
        EventKind.ANOMALY,
        anomaly_body(report, identity, now_utc),
        lambda ticket: anomaly_message(report, identity, ticket, signer, now_utc),
    )
