"""Every question is counted, none is answered beyond the limit, and a try is what the gate counts as a near miss."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.daemon.models import SCREENING, SECOND, serving_bindings  # noqa: E402
from edge.domain.embedding import Embedding  # noqa: E402
from edge.domain.face import Box, Face  # noqa: E402
from edge.domain.finding import Finding  # noqa: E402
from edge.domain.match import SubjectRef  # noqa: E402
from edge.domain.reasons import Outcome, Reason  # noqa: E402
from edge.policy.limits import LimitTerms  # noqa: E402
from edge.recognition.gallery import Gallery, Template  # noqa: E402
from redteam.blackbox.queries import (  # noqa: E402
    Answer,
    BudgetSpent,
    CountedDecisions,
    CountedScores,
    JudgedDecisions,
    LockOut,
    ServedScores,
    is_near_miss,
)
from redteam.judge import Judgement  # noqa: E402
from redteam.scene import Goal, Scene  # noqa: E402
from redteam.success import Mark, Target  # noqa: E402

Tensor = Any

FACE = Face(frame_seq=0, box=Box(0, 0, 4, 4), landmarks=np.ones((5, 2), np.float32), score=0.9)
VICTIM = SubjectRef("victim")


class _Means:
    def __init__(self) -> None:
        self.asked = 0

    def scores(self, frames: Tensor, rows: Tensor) -> Tensor:
        self.asked += len(frames)
        return frames.mean(dim=(1, 2, 3)) + rows


class _Door:
    """Opens for bright frames; notes a near miss for gray ones."""

    def decide(self, frame: Tensor, row: int) -> Answer:
        level = float(frame.mean())
        return Answer(level > 200, level > 100)


def _frames(*levels: float) -> Tensor:
    return torch.stack([torch.full((3, 2, 2), float(level)) for level in levels])


def test_score_questions_are_counted_a_row() -> None:
    means = _Means()
    counted = CountedScores(means, rows=3, limit=2)
    assert counted.scores(_frames(1, 2, 3), torch.arange(3)).tolist() == [1, 3, 5]
    counted.scores(_frames(1), torch.tensor([2]))
    assert counted.used.tolist() == [1, 1, 2]


def test_nothing_is_asked_beyond_the_limit() -> None:
    means = _Means()
    counted = CountedScores(means, rows=2, limit=3)
    with pytest.raises(BudgetSpent):
        counted.scores(_frames(1, 2, 3, 4), torch.tensor([1, 1, 1, 1]))
    assert means.asked == 0
    assert counted.used.tolist() == [0, 0]


def test_decisions_end_with_the_questions() -> None:
    counted = CountedDecisions(_Door(), 0, limit=2)
    for _ in range(2):
        assert not counted.decide(_frames(5)[0]).is_reached
    with pytest.raises(BudgetSpent):
        counted.decide(_frames(255)[0])
    assert (counted.used, counted.near_misses) == (2, 0)


def test_decisions_end_with_the_near_misses_alone_under_a_lock_out() -> None:
    counted = CountedDecisions(_Door(), 0, lock_out=LockOut(2, 60_000, 10_000))
    for _ in range(50):
        counted.decide(_frames(5)[0])
    assert not counted.decide(_frames(150)[0]).is_reached
    assert not counted.decide(_frames(150)[0]).is_reached
    with pytest.raises(BudgetSpent):
        counted.decide(_frames(255)[0])
    assert (counted.used, counted.near_misses) == (52, 2)


def test_the_lock_out_is_the_one_of_the_settings() -> None:
    lock_out = LockOut.of(LimitTerms(failures=5, window_ms=60_000, hold_ms=10_000))
    assert lock_out.failures == 5
    assert lock_out.most_an_hour == pytest.approx(1800)
    patient = LockOut(failures=5, window_ms=60_000, hold_ms=3_600_000)
    assert patient.most_an_hour == pytest.approx(240)


def _judgement(reason: Reason, *, findings: tuple[Finding, ...] = (), subject: str | None = None) -> Judgement:
    return Judgement(
        reason=reason.value,
        subject=None if subject is None else SubjectRef(subject),
        tries=1,
        granted=0,
        scores={},
        likeness={},
        landmarks=None,
        findings=findings,
    )


def test_a_try_is_what_the_gate_counts() -> None:
    finding = Finding(defense="agree", outcome=Outcome.FAIL, statistic=0.1, threshold=0.4)
    assert is_near_miss(_judgement(Reason.MODEL_DISAGREEMENT))
    assert is_near_miss(_judgement(Reason.ADVERSARIAL_INPUT, findings=(finding,)))
    assert is_near_miss(_judgement(Reason.UNKNOWN_PERSON, findings=(finding,)))
    assert not is_near_miss(_judgement(Reason.UNKNOWN_PERSON))
    assert not is_near_miss(_judgement(Reason.NO_FACE))
    assert not is_near_miss(_judgement(Reason.MATCH, findings=(finding,), subject="somebody"))


def _scene(goal: Goal = Goal.IMPERSONATION) -> Scene:
    pixels = np.zeros((4, 4, 3), np.uint8)
    return Scene(
        scene_id="s",
        goal=goal,
        pixels=pixels,
        face=FACE,
        victim=VICTIM,
        wanted={},
        templates={},
        victim_picture=pixels,
    )


class _Judge:
    """Sees a face in every frame that is not black, and grants the victim where it is white."""

    profile = type("P", (), {"match": None})

    def find(self, pixels: NDArray[np.uint8]) -> Face | None:
        assert pixels.dtype == np.uint8
        return FACE if pixels.any() else None

    def look_at(self, pixels: NDArray[np.uint8], scene: Scene) -> Judgement:
        is_white = pixels.min() == 255
        reason = Reason.MATCH if is_white else Reason.ADVERSARIAL_INPUT
        return replace(_judgement(reason, subject=scene.victim if is_white else None), granted=int(is_white))


class _Stage:
    """Embeds a frame as its mean level's direction."""

    model_id = SECOND
    crop_recipe = "box-1.25"

    @property
    def embedder(self) -> "_Stage":
        return self

    def embed_one(self, pixels: NDArray[np.uint8], crop: object, view: object) -> Embedding:
        angle = float(pixels.mean()) / 255
        return Embedding(serving_bindings()[SECOND], np.array([np.cos(angle), np.sin(angle)], np.float32))


@pytest.mark.parametrize(("goal", "sign"), [(Goal.IMPERSONATION, 1), (Goal.DODGING, -1)])
def test_a_served_model_tells_its_score_and_no_face_is_like_nobody(goal: Goal, sign: int) -> None:
    template = Template.from_vectors(np.array([[1.0, 0.0]], np.float32))
    stage: Any = _Stage()
    judge: Any = _Judge()
    gallery = Gallery(serving_bindings(), {VICTIM: {SECOND: template, SCREENING: template}})
    served = ServedScores(stage, judge, gallery, [_scene(goal)])
    found = served.scores(_frames(0, 51), torch.tensor([0, 0]))
    assert found.tolist() == pytest.approx([-sign, sign * np.cos(0.2)], abs=1e-5)


def test_the_gate_tells_what_its_door_did() -> None:
    judge: Any = _Judge()
    door = JudgedDecisions(judge, Mark(Target.GATE), [_scene()])
    assert door.decide(_frames(255)[0], 0) == Answer(is_reached=True, is_near_miss=False)
    assert door.decide(_frames(9)[0], 0) == Answer(is_reached=False, is_near_miss=True)
