"""What the demo prints, and where."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.commands.demo.facts import Facts
from edge.commands.demo.result import SceneResult
from edge.commands.demo.screen import Screen

Capture = pytest.CaptureFixture[str]


def test_json_lines_alone_go_to_stdout(good_results: tuple[SceneResult, ...], facts: Facts, capsys: Capture) -> None:
    screen = Screen(as_json=True)
    screen.environment()
    screen.facts(facts)
    for result in good_results:
        screen.begins(1, 6, result.scene)
        screen.ended(result)
    screen.event(good_results[2])
    screen.summary(good_results, [Path("report.html")])
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert [line["scene"] for line in lines] == [result.scene.name for result in good_results]
    assert "environment = development" in captured.err


def test_people_read_the_environment_first_and_the_table_last(
    good_results: tuple[SceneResult, ...], facts: Facts, capsys: Capture
) -> None:
    screen = Screen(as_json=False)
    screen.environment()
    screen.note("[not markup]")
    screen.facts(facts)
    for result in good_results:
        screen.ended(result)
    screen.summary(good_results, [Path("out/report.html")])
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert "environment = development" in lines[1]
    assert "[not markup]" in lines
    assert lines[-1] == "written out/report.html"
    assert "a gate with the bare FaceNet alone would open (cosine 0.90, it opens from 0.60)" in captured.out
    assert "broker back: received #7 #8 #9" in captured.out
    assert max(len(line) for line in lines if "adversarial picture" in line) <= 80


def test_one_event_is_shown_as_it_was_received(make_result: Callable[..., SceneResult], capsys: Capture) -> None:
    screen = Screen(as_json=False)
    screen.event(make_result("adversarial_picture"))
    shown = capsys.readouterr().out
    assert "egate/v1/demo/front-door/evt/decision" in shown
    assert '"sequence": "00000000000000000007"' in shown
    screen.event(make_result("adversarial_picture", received=()))
    assert capsys.readouterr().out == ""


def test_what_is_not_as_it_must_be_is_said(make_result: Callable[..., SceneResult], capsys: Capture) -> None:
    Screen(as_json=False).ended(make_result("stranger", openings=1))
    assert "not as it must be: the door opened 1 times for 0 grants" in capsys.readouterr().out
