"""The gate's numbers: in Prometheus' own format, with labels from closed lists alone."""

from collections.abc import Mapping

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge.domain.anomaly import Anomaly
from edge.domain.event import EventKind
from edge.domain.finding import Finding
from edge.domain.reasons import Decision, Outcome, Reason
from edge.telemetry.metrics import GateMetrics
from tests.support.messages import a_verdict


def samples(metrics: GateMetrics) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(metrics: GateMetrics, name: str, **labels: str) -> float:
    return samples(metrics)[f"edge_gate_{name}", frozenset(labels.items())]


def test_verdicts_are_counted_by_decision_and_reason() -> None:
    metrics = GateMetrics()
    for _ in range(2):
        metrics.note_verdict(a_verdict())
    metrics.note_verdict(a_verdict(Decision.DENIED, Reason.HELD))
    assert value(metrics, "decisions_total", decision="granted", reason="match") == 2
    assert value(metrics, "decisions_total", decision="denied", reason="held") == 1
    assert value(metrics, "decisions_total", decision="denied", reason="unknown_person") == 0
    assert value(metrics, "defense_outcomes_total", defense="randomize", outcome="pass") == 3
    assert value(metrics, "attempt_seconds_count") == 3
    assert value(metrics, "attempt_seconds_bucket", le="0.5") == 3
    assert value(metrics, "attempt_seconds_bucket", le="0.25") == 0


def test_stages_have_buckets_of_their_own() -> None:
    metrics = GateMetrics()
    for took_ms in (0.5, 30.0, 4_000.0):
        metrics.note_stage("verify", took_ms)
    metrics.note_stage("no such stage", 1.0)
    assert value(metrics, "stage_seconds_bucket", stage="verify", le="0.001") == 1
    assert value(metrics, "stage_seconds_bucket", stage="verify", le="0.05") == 2
    assert value(metrics, "stage_seconds_bucket", stage="verify", le="+Inf") == 3
    assert value(metrics, "stage_seconds_count", stage="screen") == 0
    assert b"no such stage" not in metrics.text()


def test_frames_are_counted_with_those_that_nobody_saw() -> None:
    metrics = GateMetrics()
    metrics.note_frame(age_s=0.04, captured_s=1_000.0, skipped=0)
    metrics.note_frame(age_s=0.05, captured_s=1_001.0, skipped=3)
    metrics.note_frame(age_s=0.06, captured_s=1_002.0, skipped=-7)  # a camera that began anew
    assert value(metrics, "frames_total") == 3
    assert value(metrics, "frames_skipped_total") == 3
    assert value(metrics, "camera_frame_age_seconds") == 0.06
    assert value(metrics, "camera_frame_timestamp_seconds") == 1_002.0


def test_totals_that_are_read_only_grow() -> None:
    metrics = GateMetrics()
    denied = (EventKind.DECISION, "Not authorized")
    for delivered in (5, 9, 9):
        metrics.set_events({(EventKind.DECISION, "delivered"): delivered, denied: 2})
        metrics.set_engine("sface", runs=delivered, run_s=delivered / 10)
    metrics.set_events({(EventKind.DECISION, "delivered"): 3})
    assert value(metrics, "events_total", kind="decision", outcome="delivered") == 9
    assert value(metrics, "events_total", kind="decision", outcome="refused") == 2
    assert value(metrics, "puback_failures_total", reason="Not authorized") == 2
    assert value(metrics, "engine_runs_total", model="sface") == 9
    assert value(metrics, "engine_seconds_total", model="sface") == pytest.approx(0.9)


def test_states_are_set_by_name() -> None:
    metrics = GateMetrics()
    metrics.set_states({"outbox_rows": 7, "temperature_celsius": float("nan")})
    assert value(metrics, "outbox_rows") == 7
    assert np.isnan(value(metrics, "temperature_celsius"))
    with pytest.raises(KeyError):
        metrics.set_states({"no_such_state": 1})


def test_the_number_of_series_is_bounded_whatever_comes() -> None:
    metrics = GateMetrics()
    for reason in Reason:
        decision = Decision.GRANTED if reason is Reason.MATCH else Decision.DENIED
        metrics.note_verdict(a_verdict(decision, reason))
    for anomaly in Anomaly:
        metrics.note_anomaly(anomaly)
    for number in range(500):
        odd = f"odd {number}"
        metrics.set_events({(EventKind.DECISION, odd): number})
        metrics.set_engine(odd, runs=number, run_s=number)
        finding = Finding(defense=odd, outcome=Outcome.FAIL, statistic=0.0, threshold=0.0)
        metrics.note_verdict(a_verdict(Decision.DENIED, Reason.ADVERSARIAL_INPUT, (finding,)))
    assert len(samples(metrics)) < 600
    assert value(metrics, "puback_failures_total", reason="other") > 0


def test_nobody_and_no_attempt_is_in_it() -> None:
    metrics = GateMetrics()
    verdict = a_verdict()
    metrics.note_verdict(verdict)
    told = metrics.text().decode()
    for hidden in (str(verdict.subject), verdict.attempt_id, verdict.policy_digest, "0.8125"):
        assert hidden not in told
    assert "_created" not in told
