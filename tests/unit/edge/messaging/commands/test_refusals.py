"""Refusals are told at once, each kind by itself, and a flood of them now and then."""

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.refusals import QUIET_NS, RefusalReports
from tests.support.hand_clock import HandClock
from tests.support.messages import NOON

TOPIC = "egate/v1/site1/gate1/cmd/claim"


def test_a_flood_is_told_once_and_then_counted() -> None:
    clock, told = HandClock(NOON), list[AnomalyReport]()
    reports = RefusalReports(clock, told.append)
    for _ in range(10_000):
        reports.add(CommandProblem.NOT_JSON, TOPIC)
    assert [report.detail for report in told] == [f"refused at {TOPIC}: {CommandProblem.NOT_JSON.value}"]
    clock.now_ns += QUIET_NS
    reports.add(CommandProblem.NOT_JSON, TOPIC)
    assert told[1].detail.endswith("10000 since the last report")
    assert told[1].anomaly is Anomaly.MALFORMED_COMMAND


def test_one_flood_does_not_hide_another_kind() -> None:
    told = list[AnomalyReport]()
    reports = RefusalReports(HandClock(NOON), told.append)
    for problem in CommandProblem:
        reports.add(problem, TOPIC)
        reports.add(problem, TOPIC)
    assert len(told) == len(CommandProblem)
    assert len({report.detail for report in told}) == len(CommandProblem)


def test_a_signer_is_named_and_a_hostile_topic_is_one_short_line() -> None:
    told = list[AnomalyReport]()
    RefusalReports(HandClock(NOON), told.append).add(
        CommandProblem.STALE, "cmd/\x1b[2J\n" + "x" * 1_000, sender="reader"
    )
    (report,) = told
    assert "signed by reader" in report.detail
    assert "\x1b" not in report.detail
    assert "\n" not in report.detail
    assert len(report.detail) < 200
