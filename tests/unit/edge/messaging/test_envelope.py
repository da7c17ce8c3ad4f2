import base64
import datetime as dt
import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.domain.anomaly import Anomaly, AnomalyReport, report_of_verdict
from edge.domain.errors import EdgeError
from edge.domain.event import EventKind, OutboxMessage, Ticket
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging.envelope import (
    SIGNATURE_CONTEXT,
    anomaly_message,
    canonical,
    decision_message,
    lifecycle_message,
    timestamp,
)
from edge.messaging.payloads import AnomalyV1, DecisionV1, LifecyclePhase, LifecycleV1
from edge.messaging.verification import verify_event
from edge.trust.signing import verify
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_verdict

TICKET = Ticket("chain1", 42)
LATER = NOON + dt.timedelta(milliseconds=30)
# CloudEvents 1.0.2: required attributes, and the names that attributes may have.
REQUIRED = {"specversion", "id", "source", "type"}
STRINGS = {"id", "source", "type", "subject", "dataschema", "datacontenttype", "sequence", "bootid", "signature"}
TIMES = {"time", "recordedtime", "expirytime"}


def parsed(message: OutboxMessage) -> dict[str, Any]:
    event = json.loads(message.payload)
    assert isinstance(event, dict)
    return event


def decision() -> OutboxMessage:
    return decision_message(a_verdict(), IDENTITY, TICKET, SIGNER, LATER, opens=True)


def anomaly(detail: str = "squeeze: fail") -> OutboxMessage:
    report = AnomalyReport(
        anomaly=Anomaly.ADVERSARIAL_INPUT, detail=detail, attempt=AttemptId("attempt-1"), occurred_utc=NOON
    )
    return anomaly_message(report, IDENTITY, TICKET, SIGNER, LATER)


def lifecycle() -> OutboxMessage:
    return lifecycle_message(LifecyclePhase.STARTING, "0.1.0", IDENTITY, TICKET, SIGNER, NOON)


ALL = pytest.mark.parametrize("message", [decision(), anomaly(), lifecycle()], ids=lambda message: message.kind)


@ALL
def test_it_follows_the_rules_of_cloudevents(message: OutboxMessage) -> None:
    event = parsed(message)
    assert event.keys() >= REQUIRED
    assert event["specversion"] == "1.0"
    for name, value in event.items():
        assert re.fullmatch(r"[a-z0-9]{1,20}", name)
        assert value is not None
        if name in STRINGS:
            assert isinstance(value, str)
            assert value
        if name in TIMES:
            assert dt.datetime.fromisoformat(value).tzinfo is not None
    assert isinstance(event["data"], dict)
    assert -(2**31) <= event["severitynumber"] < 2**31


@ALL
def test_it_is_addressed(message: OutboxMessage) -> None:
    event = parsed(message)
    assert message.topic == f"egate/v1/site1/gate1/evt/{message.kind}"
    assert event["type"] == f"io.egate.{message.kind}.v1"
    assert event["dataschema"] == f"urn:egate:schema:{message.kind}:1.0"
    assert event["id"] == "chain1-42"
    assert event["source"] == "/egate/site1/gate1"
    assert event["subject"] == "front-door"
    assert event["sequence"] == "00000000000000000042"
    assert event["bootid"] == "0123abcd"
    assert event["keyid"] == SIGNER.key_id


@ALL
def test_the_signature_is_over_the_canonical_event_without_it(message: OutboxMessage) -> None:
    event = parsed(message)
    signature = base64.b64decode(event.pop("signature"))
    verify(canonical(event), signature, public_key=SIGNER.public_key, context=SIGNATURE_CONTEXT)


@ALL
def test_the_payload_is_canonical(message: OutboxMessage) -> None:
    assert canonical(parsed(message)) == message.payload


def test_decisions_go_before_anomalies_before_lifecycle() -> None:
    assert decision().priority < anomaly().priority < lifecycle().priority


def test_a_decision_says_what_was_decided() -> None:
    event = parsed(decision())
    assert event["data"] == {
        "attempt": "attempt-1",
        "decision": "granted",
        "reason": "match",
        "subject": "subject-7",
        "frames": 3,
        "latency_ms": 412,
        "policy": "ab" * 32,
        "findings": [{"defense": "randomize", "outcome": "pass"}],
    }
    assert event["time"] == "2026-03-14T12:00:00.250Z"
    assert event["recordedtime"] == "2026-03-14T12:00:00.280Z"
    assert event["expirytime"] == "2026-03-14T12:00:10.250Z"
    assert event["correlationid"] == "attempt-1"
    assert event["severitytext"] == "INFO"
    assert event["dataregulation"] == "GDPR"


def test_only_decisions_expire() -> None:
    assert "expirytime" not in parsed(anomaly())
    assert "expirytime" not in parsed(lifecycle())


def test_an_anomaly_warns_and_a_fault_is_an_error() -> None:
    assert parsed(anomaly())["severitytext"] == "WARN"
    report = AnomalyReport(anomaly=Anomaly.FAULT_CAMERA, detail="gone", attempt=None, occurred_utc=NOON)
    event = parsed(anomaly_message(report, IDENTITY, TICKET, SIGNER, LATER))
    assert event["severitytext"] == "ERROR"
    assert event["data"] == {"anomaly": "fault_camera", "detail": "gone", "attempt": None}
    assert "correlationid" not in event


def test_foreign_text_cannot_break_an_anomaly() -> None:
    event = parsed(anomaly("line one\nline two \udcff" + "x" * 1000))
    assert event["data"]["detail"].startswith("line one line two ?xxx")
    assert len(event["data"]["detail"]) == 200


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        timestamp(dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_a_verdict_that_fits_no_event_is_a_fault_with_a_hint() -> None:
    findings = (Finding(defense="x" * 300, outcome=Outcome.FAIL, statistic=1.0, threshold=0.0),)
    with pytest.raises(EdgeError) as caught:
        decision_message(
            a_verdict(Decision.DENIED, Reason.ADVERSARIAL_INPUT, findings),
            IDENTITY,
            TICKET,
            SIGNER,
            LATER,
            opens=True,
        )
    assert caught.value.hint


def test_payloads_refuse_unknown_fields_and_stay_as_they_are() -> None:
    data = LifecycleV1(phase=LifecyclePhase.STOPPING, version="1")
    with pytest.raises(ValidationError):
        data.version = "2"
    with pytest.raises(ValidationError):
        LifecycleV1.model_validate({"phase": "stopping", "version": "1", "more": 1})


names = st.text(min_size=1, max_size=40)
numbers = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def some_findings(draw: st.DrawFn) -> Finding:
    outcome = draw(st.sampled_from(Outcome))
    number = numbers.filter(math.isfinite) if outcome is Outcome.PASS else numbers
    return Finding(
        defense=draw(st.sampled_from(["randomize", "squeeze", "agree", "sanitize"])),
        outcome=outcome,
        statistic=draw(number),
        threshold=draw(number),
        detail=draw(names),
    )


@st.composite
def some_verdicts(draw: st.DrawFn) -> Verdict:
    reason = draw(st.sampled_from(Reason))
    is_granted = reason is Reason.MATCH
    subject = draw(names if is_granted else st.none() | names)
    started = draw(st.integers(0, 2**62))
    return Verdict(
        attempt_id=AttemptId(draw(names)),
        decision=Decision.GRANTED if is_granted else Decision.DENIED,
        reason=reason,
        subject=None if subject is None else SubjectRef(subject),
        findings=tuple(draw(st.lists(some_findings(), max_size=9))),
        frames=draw(st.integers(0, 10_000)),
        started_ns=started,
        decided_ns=started + draw(st.integers(-(10**9), 10**12)),
        decided_utc=draw(
            st.datetimes(min_value=dt.datetime(1970, 1, 2), max_value=dt.datetime(2200, 1, 1))  # noqa: DTZ001
        ).replace(tzinfo=dt.UTC),
        policy_digest=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        hint=draw(names),
    )


@given(some_verdicts(), st.integers(1, 2**63))
def test_any_verdict_makes_an_event_that_comes_back_whole(verdict: Verdict, seq: int) -> None:
    message = decision_message(verdict, IDENTITY, Ticket("chain1", seq), SIGNER, verdict.decided_utc, opens=True)
    event = verify_event(message.payload, keys=KEYS, verify=verify)
    data = DecisionV1.model_validate(event.data)
    assert event.sequence == seq
    assert (data.decision, data.reason, data.subject) == (verdict.decision, verdict.reason, verdict.subject)
    assert (data.attempt, data.frames, data.policy) == (verdict.attempt_id, verdict.frames, verdict.policy_digest)
    assert {found.defense for found in data.findings} == {found.defense for found in verdict.findings}


@given(some_verdicts())
def test_no_payload_holds_a_score(verdict: Verdict) -> None:
    messages = [decision_message(verdict, IDENTITY, TICKET, SIGNER, verdict.decided_utc, opens=True)]
    report = report_of_verdict(verdict)
    if report is not None:
        messages.append(anomaly_message(report, IDENTITY, TICKET, SIGNER, verdict.decided_utc))
    for message in messages:
        data = parsed(message)["data"]
        allowed = {"frames", "latency_ms"}
        assert {name for name, value in data.items() if isinstance(value, int | float)} <= allowed
        assert all(isinstance(data[name], int) for name in allowed & data.keys())
        for found in data.get("findings", ()):
            assert found.keys() == {"defense", "outcome"}
            assert all(isinstance(value, str) for value in found.values())
        if message.kind is EventKind.ANOMALY:
            assert not re.search(r"\d", AnomalyV1.model_validate(data).detail)
