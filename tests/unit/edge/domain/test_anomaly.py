import pytest

from edge.domain.anomaly import Anomaly, anomaly_of, report_of_verdict, worst_outcomes
from edge.domain.finding import Finding
from edge.domain.reasons import EVERYDAY, Decision, Outcome, Reason
from tests.support.messages import NOON, a_verdict


def finding(defense: str, outcome: Outcome) -> Finding:
    return Finding(defense=defense, outcome=outcome, statistic=0.123456, threshold=0.654321)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_ordinary_or_an_anomaly_of_the_same_name(reason: Reason) -> None:
    anomaly = anomaly_of(reason)
    assert (anomaly is None) == (reason in EVERYDAY)
    assert anomaly is None or anomaly.value == reason.value


def test_faults_are_told_from_attempts() -> None:
    assert Anomaly.FAULT_CAMERA.is_fault
    assert not Anomaly.ADVERSARIAL_INPUT.is_fault


def test_an_ordinary_verdict_is_no_anomaly() -> None:
    assert report_of_verdict(a_verdict()) is None
    assert report_of_verdict(a_verdict(Decision.DENIED, Reason.UNKNOWN_PERSON)) is None


def test_the_report_names_what_failed_and_measures_nothing() -> None:
    findings = (
        finding("randomize", Outcome.PASS),
        finding("squeeze", Outcome.PASS),
        finding("squeeze", Outcome.FAIL),
        finding("agree", Outcome.SKIPPED),
    )
    report = report_of_verdict(a_verdict(Decision.DENIED, Reason.ADVERSARIAL_INPUT, findings))
    assert report is not None
    assert report.anomaly is Anomaly.ADVERSARIAL_INPUT
    assert report.detail == "squeeze: fail, agree: skipped"
    assert report.attempt == "attempt-1"
    assert report.occurred_utc == NOON


def test_a_report_without_findings_says_what_it_is() -> None:
    report = report_of_verdict(a_verdict(Decision.DENIED, Reason.FROZEN_FEED, ()))
    assert report is not None
    assert report.detail == "frozen feed"


def test_the_worst_outcome_of_a_defense_counts() -> None:
    outcomes = (Outcome.PASS, Outcome.SKIPPED, Outcome.ERROR, Outcome.FAIL)
    for worse, better in zip(outcomes[1:], outcomes[:-1], strict=True):
        for order in ((worse, better), (better, worse)):
            assert worst_outcomes(tuple(finding("agree", outcome) for outcome in order)) == (("agree", worse),)
