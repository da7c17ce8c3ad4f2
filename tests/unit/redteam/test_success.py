"""What counts as a success: for each target, for each goal, with evidence missing."""

import dataclasses

import pytest

from edge.daemon.models import SCREENING, SECOND
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from redteam.judge import Judgement
from redteam.scene import Goal
from redteam.success import MARKS, Mark, Point, Target, clean_marks, has_succeeded, is_open

MATCH = MatchPoint(
    threshold=0.5,
    weights={SCREENING: 0.7, SECOND: 0.3},
    floors={SCREENING: 0.3, SECOND: 0.4},
    alone={SCREENING: 0.5, SECOND: 0.65},
)
NOBODY = Judgement(
    reason="unknown_person",
    subject=None,
    tries=1,
    granted=0,
    scores={SCREENING: 0.1, SECOND: 0.1},
    likeness={},
    landmarks=None,
    findings=(),
)


def _with(sface: float, facenet: float, **changes: object) -> Judgement:
    return dataclasses.replace(NOBODY, scores={SCREENING: sface, SECOND: facenet}, **changes)  # type: ignore[arg-type]


def _open(judgement: Judgement) -> set[str]:
    return {f"{m.target}-{m.point}" for m in MARKS if is_open(judgement, m, MATCH)}


def test_nobody_opens_nothing() -> None:
    assert _open(NOBODY) == set()


@pytest.mark.parametrize(
    ("sface", "facenet", "opens"),
    [
        (0.1, 0.45, {"facenet-loose"}),
        (0.1, 0.7, {"facenet-loose", "facenet-strict"}),
        (0.55, 0.1, {"sface-loose", "sface-strict"}),
        (0.45, 0.45, {"facenet-loose", "sface-loose"}),
        (0.6, 0.39, {"sface-loose", "sface-strict"}),
        (0.6, 0.45, {"facenet-loose", "sface-loose", "sface-strict", "both-None"}),
        (float("nan"), 0.7, {"facenet-loose", "facenet-strict"}),
    ],
)
def test_a_model_opens_at_its_point_and_both_need_floors_and_the_fused_score(
    sface: float, facenet: float, opens: set[str]
) -> None:
    assert _open(_with(sface, facenet)) == opens


def test_the_gate_opens_only_if_it_granted_the_victim_at_the_first_try() -> None:
    gate = Mark(Target.GATE)
    victim = SubjectRef("v")
    assert is_open(_with(0.9, 0.9, reason="match", subject=victim, tries=5, granted=5), gate, MATCH)
    assert not is_open(_with(0.9, 0.9, reason="adversarial_input", tries=5, granted=3), gate, MATCH)
    assert not is_open(_with(0.9, 0.9, reason="match", subject=SubjectRef("other"), tries=5, granted=0), gate, MATCH)


def test_without_a_face_no_model_opens() -> None:
    assert _open(dataclasses.replace(NOBODY, scores={})) == set()


def test_dodging_succeeds_where_the_door_stays_shut() -> None:
    mark = Mark(Target.FACENET, Point.LOOSE)
    assert has_succeeded(NOBODY, mark, Goal.DODGING, MATCH)
    assert not has_succeeded(_with(0.9, 0.9), mark, Goal.DODGING, MATCH)


def test_a_clean_picture_that_already_opens_something_is_told() -> None:
    assert list(clean_marks(NOBODY, Goal.IMPERSONATION, MATCH)) == []
    assert [m.target for m in clean_marks(_with(0.1, 0.45), Goal.IMPERSONATION, MATCH)] == [Target.FACENET]
    granted = _with(0.9, 0.9, reason="match", subject=SubjectRef("v"), tries=5, granted=5)
    assert list(clean_marks(granted, Goal.DODGING, MATCH)) == []
