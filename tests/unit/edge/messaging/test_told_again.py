"""Events made once more from their audit rows: what they said, marked, and opening nothing."""

import contextlib
import dataclasses
import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.command import CommandName, CommandOutcome, CommandRecord
from edge.domain.errors import TrustError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.finding import Finding
from edge.domain.gallery_change import GalleryAct, GalleryChange
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId
from edge.messaging.audit_bodies import (
    AuditBody,
    anomaly_body,
    command_body,
    decision_body,
    gallery_body,
    lifecycle_body,
)
from edge.messaging.envelope import (
    anomaly_message,
    command_message,
    decision_message,
    gallery_message,
    lifecycle_message,
)
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.told_again import told_again
from edge.messaging.verification import may_open, verify_event
from edge.store.audit_chain import NO_HASH, next_record
from edge.trust.signing import verify
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_verdict

TICKET = Ticket("c" * 32, 42)
LATER = NOON + dt.timedelta(milliseconds=30)
COMMAND = "ab" * 16
ANOMALY = AnomalyReport(
    anomaly=Anomaly.ADVERSARIAL_INPUT, detail="squeeze: fail", attempt=AttemptId("a"), occurred_utc=NOON
)
RECORD = CommandRecord(
    command_id="12" * 16,
    name=CommandName.POSTURE,
    key_id="0" * 16,
    sender="console",
    what="posture lockdown",
    outcome=CommandOutcome.ACCEPTED,
    issued_utc=NOON,
    terms={"posture": "lockdown"},
)
CHANGE = GalleryChange(
    act=GalleryAct.ERASED, subject=SubjectRef("p-1"), counter=7, people=3, root="ab" * 32, detail="one person"
)
ALL: list[tuple[EventKind, AuditBody, OutboxMessage]] = [
    (
        EventKind.DECISION,
        decision_body(a_verdict(), IDENTITY, LATER),
        decision_message(a_verdict(), IDENTITY, TICKET, SIGNER, LATER, opens=True),
    ),
    (
        EventKind.ANOMALY,
        anomaly_body(ANOMALY, IDENTITY, LATER),
        anomaly_message(ANOMALY, IDENTITY, TICKET, SIGNER, LATER),
    ),
    (
        EventKind.LIFECYCLE,
        lifecycle_body(LifecyclePhase.STARTING, "1", IDENTITY, LATER),
        lifecycle_message(LifecyclePhase.STARTING, "1", IDENTITY, TICKET, SIGNER, LATER),
    ),
    (
        EventKind.COMMAND,
        command_body(RECORD, IDENTITY, LATER),
        command_message(RECORD, IDENTITY, TICKET, SIGNER, LATER),
    ),
    (
        EventKind.GALLERY,
        gallery_body(CHANGE, IDENTITY, LATER),
        gallery_message(CHANGE, IDENTITY, TICKET, SIGNER, LATER),
    ),
]


def again(kind: EventKind, body: AuditBody) -> OutboxMessage:
    return told_again(next_record(TICKET, NO_HASH, kind, body), SIGNER, command_id=COMMAND)


@pytest.mark.parametrize(("kind", "body", "first"), ALL, ids=[kind for kind, _, _ in ALL])
def test_it_says_what_it_said_but_for_the_mark_and_the_time_to_open(
    kind: EventKind, body: AuditBody, first: OutboxMessage
) -> None:
    message = again(kind, body)
    assert (message.kind, message.topic, message.priority) == (first.kind, first.topic, first.priority)
    was, now = json.loads(first.payload), json.loads(message.payload)
    assert now.pop("replay") == COMMAND
    was.pop("expirytime", None)
    assert was.pop("signature") != now.pop("signature")
    assert now == was


def test_a_grant_that_is_told_again_opens_nothing() -> None:
    kind, body, first = ALL[0]
    event = verify_event(first.payload, keys=KEYS, verify=verify)
    assert may_open(event, access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0)
    replay = verify_event(again(kind, body).payload, keys=KEYS, verify=verify)
    assert (replay.id, replay.sequence, replay.replay) == (event.id, event.sequence, COMMAND)
    assert replay.data["decision"] == "granted"
    assert not may_open(replay, access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0)


@pytest.mark.parametrize("change", [{"expires_utc": None}, {"replay": COMMAND}])
def test_either_alone_keeps_it_shut(change: dict[str, Any]) -> None:
    _, _, first = ALL[0]
    event = verify_event(first.payload, keys=KEYS, verify=verify)
    shut = dataclasses.replace(event, **change)
    assert not may_open(shut, access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0)


def test_a_denial_with_findings_tells_outcomes_and_no_numbers() -> None:
    findings = (
        Finding(defense="squeeze", outcome=Outcome.PASS, statistic=0.1, threshold=0.2),
        Finding(defense="squeeze", outcome=Outcome.FAIL, statistic=math.nan, threshold=0.2, detail="far off"),
        Finding(defense="agree", outcome=Outcome.SKIPPED, statistic=math.nan, threshold=math.nan),
    )
    verdict = a_verdict(Decision.DENIED, Reason.ADVERSARIAL_INPUT, findings)
    payload = json.loads(again(EventKind.DECISION, decision_body(verdict, IDENTITY, LATER)).payload)
    assert payload["data"]["findings"] == [
        {"defense": "squeeze", "outcome": Outcome.FAIL.value},
        {"defense": "agree", "outcome": Outcome.SKIPPED.value},
    ]


def test_a_command_of_an_older_version_is_told_without_its_words() -> None:
    body = {name: value for name, value in command_body(RECORD, IDENTITY, LATER).items() if name != "what"}
    assert json.loads(again(EventKind.COMMAND, body).payload)["data"]["what"] == "posture"


@given(
    st.sampled_from(ALL),
    st.sampled_from(
        ["source", "access_point", "boot_id", "time", "recorded", "findings", "decision", "detail", "phase"]
    ),
    st.one_of(
        st.none(), st.integers(-5, 5), st.text(max_size=5), st.lists(st.none(), max_size=2), st.just("/egate/A/b")
    ),
)
def test_a_record_that_holds_no_event_is_a_fault_of_ours(
    case: tuple[EventKind, AuditBody, OutboxMessage], field: str, value: object
) -> None:
    kind, body, _ = case
    with contextlib.suppress(TrustError):
        again(kind, {**body, field: value})
