"""Results in words and as records."""

import json
from collections.abc import Callable

from edge.commands.demo.result import BareVerdict, SceneResult
from edge.commands.demo.words import bare_word, bare_words, event_names, numbers, record_of, shortened
from tests.support.demo_results import an_event


def test_a_record_holds_the_contract_s_keys_first(good_results: tuple[SceneResult, ...]) -> None:
    for result in good_results:
        record = record_of(result)
        assert list(record)[:4] == ["scene", "decision", "reason", "received_over_mqtt"]
        assert json.loads(json.dumps(record)) == record
        assert record["received_over_mqtt"] is True
        assert record["as_expected"] is True


def test_scores_are_in_the_comparison_with_the_bare_facenet_alone(make_result: Callable[..., SceneResult]) -> None:
    record = dict(record_of(make_result("adversarial_picture")))
    assert record.pop("bare_facenet") == {"accepts": True, "cosine": 0.9, "threshold": 0.6}
    assert "0.9" not in json.dumps(record)
    assert record_of(make_result("dark_frame"))["bare_facenet"] is None


def test_an_event_is_shortened_in_its_long_values_only() -> None:
    payload = json.dumps({"id": "short", "signature": "s" * 88, "data": {"list": ["l" * 40, 3]}})
    assert json.loads(shortened(payload)) == {
        "id": "short",
        "signature": "s" * 27 + "…",
        "data": {"list": ["l" * 27 + "…", 3]},
    }


def test_events_are_named_in_order_of_arrival() -> None:
    assert event_names(()) == "nothing"
    events = (an_event(8, "anomaly"), an_event(6), an_event(7))
    assert event_names(events) == "anomaly #8, decision #6 #7"
    assert numbers(()) == "none"


def test_the_bare_facenet_has_words_for_every_case() -> None:
    opens, stays = BareVerdict(score=0.9, threshold=0.6), BareVerdict(score=0.1, threshold=0.6)
    assert [bare_words(bare) for bare in (opens, stays, None)] == ["would open", "would stay shut", "sees no face"]
    assert [bare_word(bare) for bare in (opens, stays, None)] == ["opens", "stays shut", "no face"]
