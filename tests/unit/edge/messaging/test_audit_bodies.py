import json

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.finding import Finding
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId
from edge.messaging.audit_bodies import anomaly_body, decision_body, lifecycle_body
from edge.messaging.payloads import LifecyclePhase
from edge.trust.canonical import canonical_json
from tests.support.messages import IDENTITY, NOON, a_verdict


def test_a_decision_keeps_what_was_measured() -> None:
    findings = (Finding(defense="agree", outcome=Outcome.FAIL, statistic=0.123456, threshold=0.5, detail="a\nb"),)
    verdict = a_verdict(Decision.DENIED, Reason.MODEL_DISAGREEMENT, findings)
    assert decision_body(verdict, IDENTITY, NOON) == {
        "kind": "decision",
        "source": "/egate/site1/gate1",
        "access_point": "front-door",
        "boot_id": "0123abcd",
        "time": "2026-03-14T12:00:00.250Z",
        "recorded": "2026-03-14T12:00:00.250Z",
        "attempt": "attempt-1",
        "decision": "denied",
        "reason": "model_disagreement",
        "subject": "subject-7",
        "frames": 3,
        "latency_ms": 412,
        "policy": "ab" * 32,
        "hint": "",
        "findings": [{"defense": "agree", "outcome": "fail", "statistic": 0.1235, "threshold": 0.5, "detail": "a b"}],
    }


@given(st.floats(), st.floats())
def test_every_number_has_a_canonical_form(statistic: float, threshold: float) -> None:
    finding = Finding(defense="agree", outcome=Outcome.ERROR, statistic=statistic, threshold=threshold)
    body = decision_body(a_verdict(Decision.DENIED, Reason.DEFENSE_INCOMPLETE, (finding,)), IDENTITY, NOON)
    assert json.loads(canonical_json(body))["findings"][0]["outcome"] == "error"


def test_anomalies_and_lifecycle_are_kept() -> None:
    report = AnomalyReport(
        anomaly=Anomaly.RETAINED_COMMAND, detail="x", attempt=AttemptId("attempt-1"), occurred_utc=NOON
    )
    body = anomaly_body(report, IDENTITY, NOON)
    assert (body["kind"], body["anomaly"], body["attempt"]) == ("anomaly", "retained_command", "attempt-1")
    body = lifecycle_body(LifecyclePhase.STOPPING, "0.1.0", IDENTITY, NOON)
    assert (body["kind"], body["phase"], body["version"]) == ("lifecycle", "stopping", "0.1.0")
    canonical_json(body)
