"""When a scene ended as it must."""

import re
from collections.abc import Callable

import pytest

from edge.commands.demo.result import BareVerdict, SceneResult
from edge.domain.anomaly import Anomaly
from edge.domain.reasons import Decision, Reason
from tests.support.demo_results import a_report, a_verdict, an_event

GRANT = a_verdict(Decision.GRANTED, Reason.MATCH)
UNKNOWN = a_verdict(Decision.DENIED, Reason.UNKNOWN_PERSON)


def test_every_scene_can_end_as_it_must(good_results: tuple[SceneResult, ...]) -> None:
    assert [result.shortcomings for result in good_results] == [()] * 7
    assert all(result.is_as_expected for result in good_results)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("enrolled_person", {"verdicts": (UNKNOWN,), "openings": 0}, "instead of granted"),
        ("enrolled_person", {"verdicts": (GRANT, UNKNOWN)}, "2 attempts instead of 1"),
        ("enrolled_person", {"verdicts": (), "openings": 0}, "0 attempts"),
        ("enrolled_person", {"openings": 0}, "opened 0 times for 1 grants"),
        ("enrolled_person", {"anomalies": (a_report(Anomaly.HELD),)}, "an anomaly was told: held"),
        ("stranger", {"openings": 1}, "opened 1 times for 0 grants"),
        ("stranger", {"verdicts": (GRANT,), "openings": 1}, "instead of denied"),
        ("adversarial_picture", {"verdicts": (UNKNOWN,)}, "model_disagreement"),
        ("adversarial_picture", {"anomalies": ()}, "no anomaly was told"),
        ("adversarial_picture", {"bare": BareVerdict(score=0.2, threshold=0.6)}, "shows nothing"),
        ("adversarial_picture", {"bare": None}, "shows nothing"),
        ("frozen_feed", {"received": ()}, "not received over MQTT"),
        ("dark_frame", {"recorded": (), "received": ()}, "nothing was recorded"),
        ("broker_away", {"waiting": 0}, "0 events waited"),
        ("broker_away", {"received": (an_event(8), an_event(7), an_event(9))}, "out of order"),
        ("broker_away", {"received": (an_event(7), an_event(9))}, r"not received over MQTT: \[8\]"),
    ],
)
def test_whatever_went_otherwise_is_said(
    make_result: Callable[..., SceneResult], name: str, changes: dict[str, object], said: str
) -> None:
    result = make_result(name, **changes)
    assert not result.is_as_expected
    assert re.search(said, "; ".join(result.shortcomings))


def test_a_scene_without_a_verdict_counts_as_denied(make_result: Callable[..., SceneResult]) -> None:
    result = make_result("enrolled_person", verdicts=())
    assert result.decision is Decision.DENIED
    assert result.reason is Reason.FAULT_INTERNAL


def test_a_score_that_is_not_a_number_accepts_nobody() -> None:
    assert not BareVerdict(score=float("nan"), threshold=0.5).accepts
    assert BareVerdict(score=0.5, threshold=0.5).accepts
