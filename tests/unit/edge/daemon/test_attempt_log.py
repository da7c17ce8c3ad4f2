"""The canonical line: all that an operator needs of an attempt, and no name and no number of a face."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structlog.testing import capture_logs

from edge.daemon.attempt_log import log_attempt
from edge.domain.finding import Finding
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import Verdict
from edge.policy.limits import Allowance, Limits
from edge.telemetry.logs import redact
from tests.support.messages import a_verdict


def line_of(verdict: Verdict, limits: Limits | None = None) -> Mapping[str, Any]:
    with capture_logs() as lines:
        log_attempt(verdict, limits or Limits(), 1_000)
    (line,) = lines
    return line


def test_it_says_how_it_ended_and_what_it_cost() -> None:
    line = line_of(replace(a_verdict(), took_ms=(("quality", 1.25), ("screen", 12.04), ("verify", 90.0))))
    assert line["event"] == "attempt.decided"
    assert (line["decision"], line["reason"], line["frames"], line["latency_ms"]) == ("granted", "match", 3, 412)
    assert line["stages_ms"] == {"quality": 1.2, "screen": 12.0, "verify": 90.0}
    assert line["defenses"] == {"randomize": "pass"}
    assert (line["posture"], line["limits"]) == ("normal", "none")


def test_it_says_what_stood_against_it() -> None:
    held = Limits(
        gate=Allowance(held_until_ns=10_000), clusters={"c": Allowance(full_ns=5_000)}, posture=Posture.LOCKDOWN
    )
    line = line_of(a_verdict(Decision.DENIED, Reason.LOCKDOWN), held)
    assert (line["posture"], line["limits"], line["faces_counted"]) == ("lockdown", "held", 1)


def test_no_score_is_in_it() -> None:
    findings = tuple(
        Finding(
            defense="distribution",
            outcome=outcome,
            statistic=0.61803,
            threshold=0.27182,
            detail="0.61803 over 0.27182; forest 0.57721",
            measured=(("forest", 0.57721),),
        )
        for outcome in (Outcome.PASS, Outcome.FAIL)
    )
    line = line_of(a_verdict(Decision.DENIED, Reason.ADVERSARIAL_INPUT, findings))
    assert line["defenses"] == {"distribution": "fail"}
    assert not any(number in str(line) for number in ("0.61803", "0.27182", "0.57721"))
    assert not any(isinstance(value, float) and not math.isclose(value, round(value)) for value in line.values())


def test_redaction_cuts_nothing_of_it() -> None:
    line = dict(line_of(replace(a_verdict(), took_ms=(("screen", 1.0),))))
    assert redact(None, "info", dict(line)) == line
