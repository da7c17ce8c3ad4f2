"""Rows of attackers who may only ask stay in their budget and count what they asked."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.domain.errors import UsageError  # noqa: E402
from edge.domain.face import Box, Face  # noqa: E402
from edge.domain.match import SubjectRef  # noqa: E402
from redteam.campaign import asked as subject  # noqa: E402
from redteam.campaign.plan import Attacker, Row  # noqa: E402
from redteam.scene import Goal, Scene  # noqa: E402

PIXELS = np.full((32, 32, 3), 100, np.uint8)
FACE = Face(frame_seq=0, box=Box(4, 4, 20, 20), landmarks=np.ones((5, 2), np.float32), score=0.9)
SCENE = Scene(
    scene_id="s",
    goal=Goal.IMPERSONATION,
    pixels=PIXELS,
    face=FACE,
    victim=SubjectRef("v"),
    wanted={},
    templates={},
    victim_picture=np.full((16, 16, 3), 200, np.uint8),
)


@dataclass
class _Brightness:
    """Scores by brightness, in place of a served model."""

    asked: list[int] = field(default_factory=list)

    def scores(self, frames: Any, rows: Any) -> Any:
        self.asked += rows.tolist()
        return frames.mean(dim=(1, 2, 3))


def _row(attack: str, eps: float | None = 8.0) -> Row:
    return Row(attacker=Attacker.BLACKBOX, attack=attack, eps=eps, scenes=2)


def test_squares_climb_within_the_budget_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = _Brightness()
    monkeypatch.setattr(subject, "ServedScores", lambda *_: oracle)
    judge: Any = type("J", (), {"stage": lambda self, model: None, "gallery": None})()
    frames, queries = subject.asked(_row("square-40"), [SCENE, SCENE], judge, seed=1)
    clean = torch.from_numpy(PIXELS).permute(2, 0, 1).float()
    assert float((frames - clean).abs().max()) <= 8
    assert all(float(frame.mean()) > float(clean.mean()) for frame in frames)
    assert queries == [oracle.asked.count(0), oracle.asked.count(1)]
    assert max(queries) <= 40


@pytest.mark.parametrize(("attack", "eps"), [("square", 8.0), ("guess-30", 8.0), ("square-30", None)])
def test_an_unknown_way_of_asking_is_refused(attack: str, eps: float | None) -> None:
    judge: Any = None
    with pytest.raises(UsageError, match="no black-box attack"):
        subject.asked(_row(attack, eps), [SCENE], judge, seed=1)
